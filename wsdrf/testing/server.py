"""Serve one WebSocket connection to an ASGI application, in this process and event loop, as a real server does."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import Context
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from wsdrf.connection.pool import thread_sensitive
from wsdrf.testing.frames import Received
from wsdrf.testing.scope import DENIAL_RESPONSE, Scope

Event: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [Scope, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]
ABNORMAL: Final = 1006
"""The close code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

SHOWN: Final = 5
"""How many of the last frames an error shows."""


@frozen
class Response:
    """How the handshake was answered, in HTTP: status 101 where the connection was accepted.

    ``headers`` have names in lower case; repeated ones are joined with a comma.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: bytes = b""

    @property
    def is_accepted(self) -> bool:
        """Tell whether the connection was let in."""
        return self.status == HTTPStatus.SWITCHING_PROTOCOLS

    def json(self) -> Any:
        """Give the body's JSON data."""
        return json.loads(self.body)


@frozen
class Close:
    """How the connection ended: with a close code, or with the HTTP status by which the handshake was denied."""

    code: int
    reason: str = ""
    by_client: bool = False

    def describe(self) -> str:
        """Say by whom and how, for an error."""
        who = "by the client" if self.by_client else "by the application"
        return f"{who} with {self.code}" + (f" ({self.reason})" if self.reason else "")


class ClientDisconnected(OSError):
    """Tell an application that sends to a client that has gone, as the ASGI specification asks for since 2.4."""


class Server:
    """One connection as its server sees it: what the application sent, and how it was closed.

    Stricter than most: what any of the real servers refuses is an error in the application.
    """

    def __init__(self, application: Application, scope: Scope) -> None:
        self.response: Response | None = None
        self.subprotocol: str | None = None
        self.closed: Close | None = None
        self.received: deque[Received] = deque()
        self._scope = scope
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._events.put_nowait({"type": "websocket.connect"})
        # A server starts each connection with empty context variables, so nothing of the test leaks into it.
        self._task = Context().run(self._start, application)
        self._task.add_done_callback(self._ended)

    def _start(self, application: Application) -> asyncio.Task[None]:
        with thread_sensitive():
            return self._loop.create_task(self._run(application))

    async def _run(self, application: Application) -> None:
        try:
            await application(self._scope, self._receive, self._send)
        except ClientDisconnected:
            # It is no fault of the application that its client has gone.
            return

    def _ended(self, _: asyncio.Task[None]) -> None:
        if self.closed is None:
            self.closed = Close(ABNORMAL)
        self._is_over = True
        self._changed.set()

    @property
    def is_open(self) -> bool:
        """Tell whether the handshake was accepted and neither side has closed."""
        return self.closed is None and self.response is not None and self.response.is_accepted

    def feed(self, event: Event) -> None:
        """Hand the application an event from its client."""
        self._events.put_nowait(event)

    def take(self, is_wanted: Callable[[Received], bool]) -> Received | None:
        """Take the first frame that is wanted out of those received, or give ``None``."""
        found = next(filter(is_wanted, self.received), None)
        if found is not None:
            self.received.remove(found)
        return found

    async def wait_until(self, is_so: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``is_so()``, until the application has returned, or ``timeout`` seconds; tell whether it is so."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "This connection was opened in another event loop, which no longer runs it. "
                "Write the whole test as one `async def`."
            )
        deadline = self._loop.time() + timeout
        while not is_so() and not self._is_over:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - self._loop.time())
            except asyncio.TimeoutError:
                break
        return is_so()

    def leave(self, code: int, reason: str) -> None:
        """Close from the client's side, unless either side has."""
        if self.closed is None:
            self._close(Close(code, reason, by_client=True), code)

    async def finish(self, timeout: float) -> None:
        """Wait until the application has returned; cancel it where it does not.

        Raises what the application raised, and ``AssertionError`` where it had to be cancelled.
        """
        if self._loop.is_closed():
            return
        if not await self.wait_until(lambda: self._is_over, timeout):
            await self.abort()
            raise AssertionError(
                f"The application still ran {timeout:g} s after the connection had ended, and was cancelled. "
                "Something in it waits for ever, or does not return on websocket.disconnect."
            )
        self.raise_crash()

    async def abort(self) -> None:
        """Cancel the application, and wait a second for it to clean up."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=1)

    def raise_crash(self) -> None:
        """Raise what the application raised, if it has."""
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    def describe(self, waited: float | None = None) -> str:
        """Say how the connection stands and which frames nobody has taken, after a wait of so many seconds."""
        if self.closed is None:
            state = "the connection is open" if self.is_open else "the handshake is not answered"
        elif self.response is None:
            state = "the application returned without an answer to the handshake"
        else:
            state = f"{'closed' if self.response.is_accepted else 'refused'} {self.closed.describe()}"
        frames = ", ".join(_shorten(received.raw) for received in list(self.received)[-SHOWN:])
        came = f"{len(self.received)} other(s) came: {frames}" if self.received else "no other frame came"
        return f"{came}; {state}." if waited is None or self.closed else f"{came} within {waited:g} s; {state}."

    async def _receive(self) -> Event:
        event = await self._events.get()
        if event["type"] == "websocket.disconnect":
            # Who asks again must not wait for ever: nothing follows a disconnect.
            self._events.put_nowait(event)
        return event

    async def _send(self, event: Event) -> None:
        kind = event["type"]
        if self.closed is not None:
            if self.closed.by_client:
                raise ClientDisconnected("The client has disconnected.")
            raise RuntimeError(f"The application sent {kind!r} after it had closed the connection.")
        step = self._steps().get(kind)
        if step is None:
            raise RuntimeError(f"The application sent {kind!r} {self._moment()}, which a server refuses.")
        step(event)
        self._changed.set()

    def _steps(self) -> dict[str, Callable[[Event], None]]:
        """Give what the application may send now."""
        if self.is_open:
            return {"websocket.send": self._take_frame, "websocket.close": self._take_close}
        if self.response is not None:
            return {"websocket.http.response.body": partial(self._take_body, self.response)}
        steps: dict[str, Callable[[Event], None]] = {
            "websocket.accept": self._take_accept,
            "websocket.close": self._take_refusal,
        }
        if DENIAL_RESPONSE in self._scope.get("extensions", {}):
            steps["websocket.http.response.start"] = self._take_denial
        return steps

    def _moment(self) -> str:
        if self.response is None:
            return "before it had answered the handshake"
        return "on an open connection" if self.response.is_accepted else "in the middle of a denial"

    def _take_accept(self, event: Event) -> None:
        subprotocol = event.get("subprotocol")
        if subprotocol is not None and subprotocol not in self._scope["subprotocols"]:
            raise RuntimeError(f"The application chose subprotocol {subprotocol!r}, which the client did not offer.")
        self.subprotocol = subprotocol
        self.response = Response(HTTPStatus.SWITCHING_PROTOCOLS.value, _readable(event))

    def _take_refusal(self, event: Event) -> None:
        # The specification has servers answer 403, whatever the code.
        self.response = Response(HTTPStatus.FORBIDDEN.value)
        self._take_close(event)

    def _take_denial(self, event: Event) -> None:
        self.response = Response(event["status"], _readable(event))

    def _take_body(self, response: Response, event: Event) -> None:
        self.response = evolve(response, body=response.body + event.get("body", b""))
        if not event.get("more_body", False):
            self._close(Close(response.status), ABNORMAL)

    def _take_frame(self, event: Event) -> None:
        self.received.append(Received.of(event))

    def _take_close(self, event: Event) -> None:
        closed = Close(event.get("code", 1000), event.get("reason") or "")
        self._close(closed, closed.code)

    def _close(self, closed: Close, code: int) -> None:
        self.closed = closed
        self.feed({"type": "websocket.disconnect", "code": code, "reason": closed.reason})


def _readable(event: Event) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in event.get("headers") or ():
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _shorten(raw: str | bytes) -> str:
    text = raw if isinstance(raw, str) else repr(raw)
    return text if len(text) <= 300 else f"{text[:300]}..."
