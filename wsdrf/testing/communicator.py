"""Talk to an ASGI application in a test: send frames, call actions, receive, and say what must have come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count
from types import TracebackType
from typing import Any, Final, TypeVar

from attrs import define, field
from django.conf import settings
from typing_extensions import Self

from wsdrf.envelope import ABSENT, CallId
from wsdrf.testing.client import WebsocketClient
from wsdrf.testing.frames import Answer, Received
from wsdrf.testing.messages import read, require_action, write

T = TypeVar("T")

QUIET: Final = 0.25
"""Seconds without a frame after which nothing more is expected to come."""


@define(eq=False, slots=False)
class WebsocketCommunicator(WebsocketClient):
    """Be one client of ``application``: ``WebsocketCommunicator(application, path, headers, subprotocols)``.

    A frame that nobody has asked for yet is kept, in order. A wait that ends without what it was for, after ``timeout``
    seconds or because the connection ended, raises an ``AssertionError`` that says what came instead; an exception of
    the application is raised as it is.

    ``async with`` connects, waits for the ``authentication`` frame (groups are joined then) and disconnects. Set
    ``expect_authentication=False`` where the server sends none by itself. ``camelize`` is the consumer's option, and by
    default the project's.
    """

    expect_authentication: bool = field(default=True, kw_only=True)
    camelize: bool | None = field(default=None, kw_only=True)
    _authentication: Any = field(default=ABSENT, init=False, repr=False)
    _next_id: Callable[[], int] = field(factory=lambda: count(1).__next__, init=False, repr=False)

    async def __aenter__(self) -> Self:
        self._authentication = ABSENT
        try:
            connected, _ = await self.connect()
            if connected and self.expect_authentication:
                self._authentication = await self.wait_for_auth()
        except BaseException:
            # There is no __aexit__ after this, and the application must not stay behind.
            await self._require_server().abort()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.disconnect()
        except Exception as crash:
            # The application's own exception may be what ended the block: it is on its way already.
            if crash is not error:
                raise

    @property
    def camelizes(self) -> bool:
        """Tell whether field names travel in camelCase."""
        if self.camelize is None:
            return bool(getattr(settings, "WSDRF", {}).get("CAMELIZE", False))
        return self.camelize

    async def send_text(self, text: str) -> None:
        """Send a text frame, whatever is in it."""
        self._require_open().feed({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame, whatever is in it."""
        self._require_open().feed({"type": "websocket.receive", "bytes": data})

    async def send_json(self, data: Any) -> None:
        """Send ``data`` as JSON in a text frame; messages and other values in it as the consumer reads them."""
        await self.send_text(write(data, self.camelizes))

    async def send_message(self, message: Any, id: CallId = None) -> None:
        """Send a frame: a ``dict`` as it is, or an instance of a ``@message`` class as a call of its action."""
        if isinstance(message, dict):
            await self.send_json(message)
        else:
            await self._send_call(require_action(message), message, id)

    async def call(self, action: str, payload: Any = ABSENT, *, timeout: float | None = None) -> Answer:
        """Call ``action`` and give its answer, which may be an error; other frames are kept for ``receive_*``.

        ``payload`` is JSON data or an instance of the payload's type. The answer of a stream is its first item: use
        ``stream()`` to get them all.
        """
        call_id = await self._send_call(action, payload, f"call-{self._next_id()}")
        return await self._answer(action, call_id, timeout)

    async def stream(
        self, action: str, payload: Any = ABSENT, *, timeout: float | None = None
    ) -> AsyncIterator[Answer]:
        """Call ``action`` and yield its items until it is complete; an error is the last item.

        ``timeout`` is for each item. Closing the iterator early cancels the call.
        """
        call_id = await self._send_call(action, payload, f"call-{self._next_id()}")
        is_over = False
        try:
            while not is_over:
                answer = await self._answer(action, call_id, timeout)
                is_over = answer.is_complete or answer.is_error
                if not answer.is_complete:
                    yield answer
        finally:
            if not is_over and self.closed is None:
                await self.send_json({"action": "cancel", "id": call_id})

    async def receive_text(self, timeout: float | None = None) -> str:
        """Take the next text frame, as it came."""
        received = await self._take(lambda received: isinstance(received.raw, str), "a text frame", timeout)
        return str(received.raw)

    async def receive_bytes(self, timeout: float | None = None) -> bytes:
        """Take the next binary frame, as it came."""
        received = await self._take(lambda received: isinstance(received.raw, bytes), "a binary frame", timeout)
        return bytes(received.raw) if isinstance(received.raw, bytes) else b""

    async def receive_json(self, timeout: float | None = None) -> Any:
        """Take the next frame and give its JSON data."""
        received = await self._take(lambda _: True, "a frame", timeout)
        if received.data is ABSENT:
            raise AssertionError(f"The next frame is no JSON: {received}")
        return received.data

    async def receive_message(self, message: type[T], timeout: float | None = None) -> T:
        """Take the next frame with the action of ``message``, a ``@message`` class, and give its instance."""
        action = require_action(message)
        received = await self._take(lambda received: received.action == action, f"a frame {action!r}", timeout)
        return read(received.data.get("payload", ABSENT), message, self.camelizes)

    async def receive_all_json(self, timeout: float = QUIET) -> list[Any]:
        """Take every frame there is, until none has come for ``timeout`` seconds, and give their JSON data.

        Where you know what must come, ``receive_json()`` is quicker and waits longer.
        """
        server = self._require_server()
        data: list[Any] = []
        end = asyncio.get_running_loop().time() + self.timeout
        while await server.wait_until(lambda: bool(server.received) or server.closed is not None, timeout):
            if not server.received:
                break
            data.append(await self.receive_json())
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"Frames have not stopped coming for {self.timeout:g} s: {len(data)} so far.")
        server.raise_crash()
        return data

    async def wait_for_auth(self, timeout: float | None = None) -> Any:
        """Give the payload of the ``authentication`` frame: ``{"status_code", "status_text", "data"}``.

        After ``async with`` it is the one that was waited for; each further call waits for the next.
        """
        known, self._authentication = self._authentication, ABSENT
        if known is not ABSENT:
            return known
        what = "an authentication frame"
        return (await self._take(lambda received: received.action == "authentication", what, timeout)).data["payload"]

    async def assert_authenticated_status_ok(self, timeout: float | None = None) -> None:
        """Wait for the ``authentication`` frame, which must say 200."""
        payload = await self.wait_for_auth(timeout)
        if payload.get("status_code") != 200:
            raise AssertionError(f"Expected to be authenticated with status 200, and was answered {payload}")

    async def assert_closed(self, code: int | None = None, timeout: float | None = None) -> None:
        """Wait until the application has closed the connection, or refused it, with ``code`` if one is given."""
        server, limit = self._require_server(), self._limit(timeout)
        await server.wait_until(lambda: server.closed is not None, limit)
        server.raise_crash()
        wanted = "be closed" if code is None else f"be closed with {code}"
        if server.closed is None or server.closed.by_client or code not in {None, server.closed.code}:
            raise AssertionError(f"Expected the connection to {wanted}: {server.describe(limit)}")

    async def assert_nothing_received(self, timeout: float = QUIET) -> None:
        """Wait ``timeout`` seconds, in which no frame may come; nor may one be there already."""
        server = self._require_server()
        await server.wait_until(lambda: bool(server.received) or server.closed is not None, timeout)
        server.raise_crash()
        if server.received:
            raise AssertionError(f"Expected no frame: {server.describe(timeout)}")

    async def _send_call(self, action: str, payload: Any, call_id: CallId) -> CallId:
        body = {} if payload is ABSENT else {"payload": payload}
        identity = {} if call_id is None else {"id": call_id}
        await self.send_json({"action": action, **body, **identity})
        return call_id

    async def _answer(self, action: str, call_id: CallId, timeout: float | None) -> Answer:
        what = f"an answer to {action!r} with id {call_id!r}"
        return Answer.of(await self._take(lambda received: received.id == call_id, what, timeout))

    async def _take(self, is_wanted: Callable[[Received], bool], what: str, timeout: float | None) -> Received:
        server, limit = self._require_server(), self._limit(timeout)
        await server.wait_until(lambda: any(map(is_wanted, server.received)) or server.closed is not None, limit)
        received = server.take(is_wanted)
        if received is not None:
            return received
        server.raise_crash()
        raise AssertionError(f"Expected {what}: {server.describe(limit)}")
