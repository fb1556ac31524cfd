"""The client itself: it keeps a connection, calls, streams and listens. Generated classes give it their types."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, ClassVar, Final, Literal, TypeVar, overload

from attrs import evolve

from .closing import Closing, Retry
from .errors import CallError, Disconnected, QueueFull
from .exchanges import COMPLETE, Exchange, Exchanges, write
from .face import ABSENT, Face, Form, Operation
from .link import CLOSE_SECONDS, Link, closing_of
from .options import Backoff, Options, TokenSource, address, ask, expiry_of, handshake

C = TypeVar("C", bound="Client")
E = TypeVar("E")
Unlisten = Callable[[], None]
Signal = Literal["open", "resync"]

_RENEWAL: Final = Operation(None, {})


class Client:
    """A client of one consumer. Use it as ``async with``, or call ``connect()`` and ``close()``.

    ``url`` is the site (``wss://example.com``) and ``params`` what the consumer's path names. While the connection is
    lost it is made anew as the close code allows; calls wait for that, within their timeout.
    """

    FACE: ClassVar[Face]

    def __init__(
        self,
        url: str,
        params: Mapping[str, object] | None = None,
        *,
        token: TokenSource | None = None,
        carrier: str | None = None,
        options: Options | None = None,
    ) -> None:
        self._options = options or Options()
        self._url = address(url, self.FACE, params or {})
        self._source = token
        self._carrier = carrier or next(iter(self.FACE.carriers), "header")
        self._token: str | None = None
        self._fresh: str | None = None
        self._exchanges = Exchanges()
        self._listeners: dict[object, list[Callable[..., object]]] = {}
        self._link: Link | None = None
        self._opened: asyncio.Event = asyncio.Event()
        self._since = 0.0
        self._ended: Closing | None = closing_of(1000, "Not connected yet.")
        self._last: Closing = self._ended
        self._failure: Exception | None = None
        self._was_open = False
        self._runner: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self: C) -> C:  # noqa: PYI019 - Python 3.10 has no Self, and this runs without typing-extensions
        await self.connect()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    @property
    def is_open(self) -> bool:
        """Tell whether the server has let the client in, and the connection stands."""
        return self._link is not None and self._link.is_open

    async def connect(self) -> None:
        """Connect, and return once the server has let the client in.

        Raises ``Disconnected`` where the server refuses, ``TimeoutError`` where there is none for ``connect_timeout``
        seconds; and whatever the token's function raises, unless it is an ``OSError``.
        """
        if self._runner is None or self._runner.done():
            self._ended = self._failure = None
            self._runner = asyncio.create_task(self._run())
        opening = asyncio.create_task(self._opened.wait())
        try:
            await asyncio.wait(
                {opening, self._runner}, timeout=self._options.connect_timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            is_let_in = not opening.cancel()
        if self._failure is not None:
            raise self._failure
        if is_let_in:
            return  # what has become of the connection since, calls and listeners are told
        if self._ended is not None:
            raise Disconnected(self._ended)
        if not self.is_open:
            await self.close()
            raise TimeoutError(f"No connection within {self._options.connect_timeout} s: {self._last.detail}")

    async def close(self) -> None:
        """End the connection for good. What is under way raises ``Disconnected``."""
        runner, self._runner = self._runner, None
        tasks = {*self._tasks, *([runner] if runner else [])} - {asyncio.current_task()}
        while tasks:
            for task in tasks:
                task.cancel()  # again where it was lost: before Python 3.12, wait_for() may swallow it
            _, tasks = await asyncio.wait(tasks, timeout=CLOSE_SECONDS + 1)
        if self._ended is None:
            self._end(closing_of(1000, "Closed by this client."))

    async def renew(self, token: str | None = None) -> None:
        """Show the server a new token, on the same connection: ``token``, or what the function gives.

        Raises ``Disconnected`` where the server refuses it.
        """
        token = await ask(self._source) if token is None else token
        if token is None:
            raise ValueError("There is no token to renew.")
        self._token = token
        exchange = self._begin("authenticate", _RENEWAL, {"token": token})
        await self._answer(exchange, self._options.timeout)

    @overload
    def on(self, event: Literal["close"], listener: Callable[[Closing], object]) -> Unlisten: ...
    @overload
    def on(self, event: Literal["error"], listener: Callable[[CallError], object]) -> Unlisten: ...
    @overload
    def on(self, event: Signal, listener: Callable[[], object]) -> Unlisten: ...
    @overload
    def on(self, event: type[E], listener: Callable[[E], object]) -> Unlisten: ...
    def on(self, event: object, listener: Callable[..., object]) -> Unlisten:
        """Call ``listener`` with each message of a class, and give a function that ends it.

        ``"open"`` is when the server has let the client in, ``"close"`` when a connection has ended, ``"resync"`` when
        messages may have been lost, after a reconnect too, ``"error"`` when the server refused a frame without saying
        which. A coroutine function runs as a task of its own. Raises ``ValueError`` for a class that the consumer does
        not send.
        """
        known: list[object] = ["open", "close", "resync", "error", *(cls for cls, _ in self.FACE.events.values())]
        if event not in known:
            raise ValueError(f"The consumer does not send {event!r}.")
        listeners = self._listeners.setdefault(event, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    # -- what the generated methods call ------------------------------------------------------------------------------

    async def _call(self, action: str, payload: Any, timeout: float | None) -> Any:
        exchange = self._begin(action, *self._written(action, payload))
        answer = await self._answer(exchange, self._options.timeout if timeout is None else timeout)
        return None if answer is COMPLETE else answer

    async def _stream(self, action: str, payload: Any) -> AsyncGenerator[Any, None]:
        exchange = self._begin(action, *self._written(action, payload))
        is_over = False
        try:
            while True:
                item = await exchange.next()
                if item is COMPLETE:
                    is_over = True
                    return
                yield item
        finally:
            self._exchanges.end(exchange)
            if exchange.is_sent and not is_over:
                self._post(write({"action": "cancel", "id": exchange.id}))

    def _written(self, action: str, payload: Any) -> tuple[Operation, dict[str, Any]]:
        operation = self.FACE.operations[action]
        if payload is ABSENT or operation.payload is None:
            return operation, {}
        return operation, {"payload": operation.payload.write(payload)}

    def _begin(self, action: str, operation: Operation, fields: dict[str, Any]) -> Exchange:
        if self._ended is not None:
            raise Disconnected(self._ended)
        if not self.is_open and len(self._exchanges.unsent()) >= self._options.max_queue:
            raise QueueFull(f"{self._options.max_queue} calls wait for a connection already.")
        exchange = self._exchanges.begin(action, operation, fields)
        if self.is_open:
            self._dispatch(exchange)
        return exchange

    async def _answer(self, exchange: Exchange, timeout: float) -> Any:
        try:
            return await asyncio.wait_for(exchange.next(), timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"No answer to {exchange.action} within {timeout} s.") from None
        finally:
            self._exchanges.end(exchange)

    def _dispatch(self, exchange: Exchange) -> None:
        exchange.is_sent = True
        self._post(exchange.frame)

    def _post(self, frame: str) -> None:
        if self._link is not None and self._link.is_open:
            self._spawn(self._link.send(frame))

    # -- keeping a connection -----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        backoff = Backoff(self._options)
        try:
            while True:
                self._since = time.monotonic()
                closing = self._last = await self._attempt()
                self._opened.clear()
                self._exchanges.fail(Disconnected(closing), only_sent=True)
                if not await self._may_retry(closing):
                    self._end(closing)
                    return
                self._emit("close", closing)
                await asyncio.sleep(backoff.delay(time.monotonic() - self._since))
        except Exception as error:  # noqa: BLE001 - it is the token's function's, and connect() raises it
            self._failure = error
            self._end(closing_of(1000, f"{type(error).__name__}: {error}"))
        finally:
            self._opened.clear()
            self._link = None

    async def _attempt(self) -> Closing:
        try:
            self._token = self._fresh or await ask(self._source)
        except OSError as error:
            return closing_of(1006, f"There is no token: {error}")
        self._fresh = None
        by_message = self._token is not None and self._carrier == "message"
        self._link = Link(
            handshake(self._url, self.FACE, self._options, self._token, self._carrier),
            self._options,
            self._take,
            self._enter,
            [write({"action": "authenticate", "token": self._token})] if by_message else [],
            greets=self.FACE.greets,
        )
        renewal = asyncio.create_task(self._keep_renewed())
        try:
            return await self._link.live()
        finally:
            renewal.cancel()

    async def _may_retry(self, closing: Closing) -> bool:
        if closing.retry is not Retry.AFTER_LOGIN:
            return closing.retry is Retry.BACK_OFF
        if not callable(self._source):
            return False
        try:
            self._fresh = await ask(self._source)
        except OSError:
            return False
        return self._fresh != self._token

    async def _keep_renewed(self) -> None:
        await self._opened.wait()
        try:
            await self._renew_in_time()
        except (OSError, TimeoutError):
            return  # then the server says when the token has expired, and the function is asked again
        except Exception as error:  # noqa: BLE001 - the function's fault ends no connection that is alive
            self._report(error)

    async def _renew_in_time(self) -> None:
        while callable(self._source) and self._token is not None and (expiry := expiry_of(self._token)) is not None:
            left = expiry - time.time()
            if left <= 0:
                return
            await asyncio.sleep(max(left - self._options.renew_before, left / 2))
            token = await ask(self._source)
            if token is None or token == self._token:
                return
            await self.renew(token)

    def _enter(self) -> None:
        self._opened.set()
        for exchange in self._exchanges.unsent():
            self._dispatch(exchange)
        self._emit("open")
        if self._was_open:
            self._emit("resync")
        self._was_open = True

    def _end(self, closing: Closing) -> None:
        self._ended = evolve(closing, is_final=True)
        self._exchanges.fail(Disconnected(self._ended), only_sent=False)
        self._emit("close", self._ended)

    def _take(self, frame: dict[str, Any]) -> None:
        exchange = self._exchanges.find(frame.get("id"))
        action = str(frame.get("action"))
        if exchange is not None:
            exchange.answer(frame, self._options.max_items)
        elif action == "wsdrf.resync":
            self._emit("resync")
        elif action == "error" and frame.get("id") is None:
            self._emit("error", CallError(frame.get("payload") or {}))
        elif action in self.FACE.events and frame.get("id") is None:
            cls, form = self.FACE.events[action]
            if cls in self._listeners:
                self._hear(cls, form, frame.get("payload"))

    def _hear(self, cls: type[Any], form: Form, payload: Any) -> None:
        try:
            message = form.read(payload)
        except (TypeError, ValueError, ArithmeticError) as error:  # of a newer server
            self._report(error)
        else:
            self._emit(cls, message)

    def _emit(self, event: object, *values: object) -> None:
        for listener in list(self._listeners.get(event, ())):
            try:
                done = listener(*values)
            except Exception as error:  # noqa: BLE001 - a listener's fault is not the connection's
                self._report(error)
                continue
            if inspect.iscoroutine(done):
                self._spawn(done)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(error)

    def _report(self, error: BaseException) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "A listener failed", "exception": error})
