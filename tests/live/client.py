"""Clients of a live server: one that behaves, made of ``websockets``, and one of a bare socket that need not."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from attrs import define, field, frozen
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.live.servers import Person, Server

SECONDS: Final = 10
"""How long a client waits for anything."""

Headers = Iterable[tuple[str, str]]


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Return once ``condition`` holds; fail when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Not so within {seconds} s.")
        await asyncio.sleep(0.01)


# -- credentials: the headers of a handshake --------------------------------------------------------------------------


def nobody(person: Person) -> Headers:
    return []


def by_cookie(person: Person) -> Headers:
    return [("Cookie", f"sessionid={person.session}")]


def by_header(person: Person) -> Headers:
    return [("Authorization", f"Token {person.token}")]


def by_subprotocol(person: Person) -> Headers:
    return [("Sec-WebSocket-Protocol", f"wsdrf, wsdrf.token.{encoded(person.token)}")]


def by_bad_cookie(person: Person) -> Headers:
    return [("Cookie", f"sessionid={person.session[::-1]}")]


def by_bad_header(person: Person) -> Headers:
    return [("Authorization", f"Token {person.token[::-1]}")]


def by_bad_subprotocol(person: Person) -> Headers:
    return [("Sec-WebSocket-Protocol", f"wsdrf, wsdrf.token.{encoded(person.token[::-1])}")]


def encoded(token: str) -> str:
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


# -- one that behaves -------------------------------------------------------------------------------------------------


@frozen
class Client:
    """A client with a connection."""

    connection: ClientConnection

    async def send(self, action: str, payload: Any = None, id: str | int | None = None) -> None:
        await self.connection.send(text_of(action, payload, id))

    async def receive(self) -> dict[str, Any]:
        frame = await asyncio.wait_for(self.connection.recv(), SECONDS)
        assert isinstance(frame, str)
        found: dict[str, Any] = json.loads(frame)
        return found

    async def call(self, action: str, payload: Any = None, id: str | int = 0) -> dict[str, Any]:
        """Send a call and give the next frame, which is its answer where nothing else goes on."""
        await self.send(action, payload, id)
        return await self.receive()

    async def rest(self) -> list[dict[str, Any]]:
        """Give every frame until the connection is closed."""
        frames = []
        try:
            while True:
                frames.append(await self.receive())
        except ConnectionClosed:
            return frames

    async def close_code(self) -> int | None:
        """Read to the end, and give the code of the close frame."""
        await self.rest()
        return self.connection.close_code


@asynccontextmanager
async def connected(server: Server, path: str, headers: Headers = (), **options: Any) -> AsyncIterator[Client]:
    """Connect to ``path`` with ``headers``, which may name subprotocols as a browser does."""
    rest = dict(headers)
    offered = rest.pop("Sec-WebSocket-Protocol", None)
    async with connect(
        f"ws://127.0.0.1:{server.port}{path}",
        additional_headers=rest,
        subprotocols=offered.split(", ") if offered else None,  # type: ignore[arg-type]  # they are plain strings
        compression=None,
        proxy=None,
        open_timeout=SECONDS,
        close_timeout=1,  # what is still on its way is of no use
        **options,
    ) as connection:
        yield Client(connection)


@asynccontextmanager
async def entered(server: Server, path: str, headers: Headers) -> AsyncIterator[Client]:
    """Connect, and read that the caller is let in."""
    async with connected(server, path, headers) as client:
        frame = await client.receive()
        assert ("authentication", 200) == (frame["action"], frame["payload"]["status_code"])
        yield client


def text_of(action: str, payload: Any = None, id: str | int | None = None) -> str:
    """Write a call; without ``payload`` or ``id`` it has none."""
    frame = {"action": action} | ({} if payload is None else {"payload": payload}) | ({} if id is None else {"id": id})
    return json.dumps(frame)


async def post(server: Server, path: str, person: Person, **data: str) -> Any:
    """Post to the REST side of the server."""
    request = urllib.request.Request(
        server.origin + path,
        json.dumps(data).encode(),
        {"Authorization": f"Token {person.token}", "Content-Type": "application/json"},
    )
    return json.loads(await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=SECONDS).read()))


async def log_out(server: Server, person: Person) -> None:
    """Log out over HTTP."""
    request = urllib.request.Request(f"{server.origin}/logout/", b"", {"Cookie": f"sessionid={person.session}"})
    await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=SECONDS).read())


# -- one that need not ------------------------------------------------------------------------------------------------


def handshake(server: Server, path: str, headers: Headers = (), *, host: bool = True) -> bytes:
    """Write the request of a handshake: each header as it stands, in latin-1, as often as it is given."""
    lines = [
        f"GET {path} HTTP/1.1",
        *([f"Host: 127.0.0.1:{server.port}"] if host else []),
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def frame(data: str | bytes) -> bytes:
    """Write a masked frame: of text, or binary."""
    if isinstance(data, str):
        return Frame(Opcode.TEXT, data.encode()).serialize(mask=True)
    return Frame(Opcode.BINARY, data).serialize(mask=True)


@define
class Ended:
    """What a bare socket has read when it ended: an HTTP status with its head and body, frames, a close code."""

    status: int | None = None
    head: str = ""
    body: str = ""
    frames: list[dict[str, Any]] = field(factory=list)
    close_code: int | None = None

    @property
    def refusal(self) -> int | None:
        """Give the status that the door stayed shut with: that of the handshake, or of the close code."""
        return (self.close_code or 0) - 4000 if self.status == 101 else self.status


@frozen
class Raw:
    """A bare socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Write, and wait while the server does not read; a server that has hung up is no failure."""
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), SECONDS)
        except ConnectionError:
            pass

    async def head(self) -> tuple[int, str]:
        """Read the head of the response, and give its status and text."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), SECONDS)).decode("latin-1")
        return int(head.split(maxsplit=2)[1]), head

    async def frame(self) -> tuple[int, bytes]:
        """Read one whole frame of the server, and give its opcode and data."""
        return await asyncio.wait_for(self._frame(), SECONDS)

    async def ended(self, then: bytes = b"") -> Ended:
        """Read everything to the end, however the server ends it; write ``then`` if the handshake is accepted."""
        ended = Ended()
        try:
            ended.status, ended.head = await self.head()
            if ended.status != 101:
                ended.body = (await asyncio.wait_for(self._body(ended.head), SECONDS)).decode()
                return ended
        except (asyncio.IncompleteReadError, ConnectionError):
            return ended
        await self.write(then)
        return await self.rest(ended)

    async def rest(self, ended: Ended | None = None, *, at_most: int | None = None) -> Ended:
        """Read frames until the server closes, or ``at_most`` so many."""
        ended = ended or Ended(101)
        try:
            while ended.close_code is None and (at_most is None or len(ended.frames) < at_most):
                opcode, data = await self.frame()
                if opcode == Opcode.TEXT:
                    ended.frames.append(json.loads(data))
                elif opcode == Opcode.CLOSE:
                    ended.close_code = struct.unpack(">H", data[:2])[0] if data else 1005
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        return ended

    async def _frame(self) -> tuple[int, bytes]:
        first, length = await self.reader.readexactly(2)
        if length >= 126:
            kind = ">H" if length == 126 else ">Q"
            (length,) = struct.unpack(kind, await self.reader.readexactly(struct.calcsize(kind)))
        return first & 0x0F, await self.reader.readexactly(length)

    async def _body(self, head: str) -> bytes:
        for line in head.lower().split("\r\n"):
            if line.startswith("content-length:"):
                return await self.reader.readexactly(int(line.partition(":")[2]))
        return await self.reader.read()


@asynccontextmanager
async def raw(server: Server, first: bytes, *, receive_buffer: int | None = None) -> AsyncIterator[Raw]:
    """Open a bare socket and write ``first`` at once, which is one TCP segment where it fits in one."""
    bare = socket.socket()
    if receive_buffer is not None:
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    bare.setblocking(False)
    await asyncio.get_running_loop().sock_connect(bare, ("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=bare)
    try:
        one = Raw(reader, writer)
        await one.write(first)
        yield one
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn
