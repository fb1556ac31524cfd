"""A load of websocket clients that costs little itself: frames made beforehand, answers counted as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from endpoints.common import Endpoint

MASK = b"\x00\x00\x00\x00"
"""A mask of zeros masks nothing: a frame is the same each time."""
OPEN_AT_ONCE = 50
PATIENCE = 20.0
"""Seconds after which a server that has not answered once is given up."""


def frame_of(text: str) -> bytes:
    """Make the bytes of a client's text frame. Source: RFC 6455, 5.2."""
    data = text.encode()
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + MASK + data


class Client(asyncio.Protocol):
    """One connection, with one call in flight."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.buffer = b""
        self.upgraded = False
        self.call = frame_of(endpoint.frame)
        self.ready, self.answer = endpoint.ready.encode(), endpoint.answer.encode()
        self.ping, self.pong = endpoint.ping.encode(), frame_of(endpoint.pong)
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard: Callable[[Client], None] | None = None
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        assert isinstance(transport, asyncio.Transport)
        self.write = transport.write
        target = f"{self.endpoint.path}?{self.endpoint.query}" if self.endpoint.query else self.endpoint.path
        self.write(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: d3NkcmYtYmVuY2htYXJrcw==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                self.fail(head.decode())
                return
            self.upgraded, self.buffer = True, rest
            for text in self.endpoint.opening:
                self.write(frame_of(text))
            if not self.ready:
                self.entered.set_result(None)
        while len(self.buffer) >= 2:
            length, start = self.buffer[1], 2
            if length == 126:
                length, start = int.from_bytes(self.buffer[2:4], "big"), 4
            if len(self.buffer) < start + length:
                return
            frame, self.buffer = self.buffer[: start + length], self.buffer[start + length :]
            self.frame_received(frame)

    def frame_received(self, frame: bytes) -> None:
        if frame[0] & 15 == 9:
            self.write(b"\x8a" + bytes([0x80 | frame[1]]) + MASK + frame[2:])
        elif frame[0] & 15 == 8:
            self.fail(f"closed: {frame!r}")
        elif self.ping and frame[2:] == self.ping:
            self.write(self.pong)
        elif not self.entered.done():
            if self.ready in frame:
                self.entered.set_result(None)
        elif self.heard is not None and self.answer in frame:
            self.heard(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.fail(f"lost: {error}")

    def fail(self, reason: str) -> None:
        """Note that the connection did not come to be."""
        if not self.entered.done():
            self.entered.set_exception(RuntimeError(reason))
        self.heard = None

    def ask(self) -> None:
        """Make a call, and note when."""
        self.sent = time.perf_counter()
        self.write(self.call)


class Load:
    """So many clients, each calling again when it is answered."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self.times: list[float] = []
        self.counted = 0
        self.answered = asyncio.Event()
        self.running = False

    def heard(self, client: Client) -> None:
        """Note an answer, and call again."""
        self.times.append(time.perf_counter() - client.sent)
        self.answered.set()
        if self.running:
            client.ask()

    async def last(self, seconds: float) -> float:
        """Call for so long; give the seconds it really was. ``times`` are the latencies of the answers."""
        self.times.clear()
        self.answered.clear()
        self.running = True
        started = time.perf_counter()
        for client in self.clients:
            client.heard = self.heard
            client.ask()
        await asyncio.sleep(seconds)
        # A machine with much else to do may need longer for its first answer.
        await asyncio.wait_for(self.answered.wait(), PATIENCE)
        self.running = False
        took = time.perf_counter() - started
        self.counted = len(self.times)
        await asyncio.sleep(0.05)  # the last answers come
        return took

    def end(self) -> None:
        """Leave."""
        for client in self.clients:
            client.heard = None
            client.transport.close()


async def connect(endpoint: Endpoint, port: int, count: int) -> list[Client]:
    """Open ``count`` connections, not too many at a time."""
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    while len(clients) < count:
        opened = [
            loop.create_connection(lambda: Client(endpoint), "127.0.0.1", port)
            for _ in range(min(OPEN_AT_ONCE, count - len(clients)))
        ]
        fresh = [client for _, client in await asyncio.gather(*opened)]
        await asyncio.wait_for(asyncio.gather(*(client.entered for client in fresh)), 60)
        clients += fresh
    return clients
