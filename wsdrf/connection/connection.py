"""The life of one connection, from its handshake to the last thing that it leaves behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from wsdrf.access.authentication import AuthenticationResult, may_still_log_in
from wsdrf.access.caller import Caller
from wsdrf.access.carriers import Scope
from wsdrf.connection.blueprint import Blueprint
from wsdrf.connection.desk import Desk, Entry
from wsdrf.connection.ending import attempt, hear_out, last_word, let_go, see_through
from wsdrf.connection.handshake import TOO_LATE, accept, close_code, payload_of, refuse
from wsdrf.connection.limits import FRAMES_IN_A_ROW, Limits, octets
from wsdrf.connection.membership import Membership
from wsdrf.connection.outbox import Message, Outbox, Receive, Send
from wsdrf.connection.parcel import Parcel
from wsdrf.connection.pool import Lane
from wsdrf.connection.state import State
from wsdrf.connection.telling import Watched, dispatch_log, tell_connected, tell_disconnected, tell_refused
from wsdrf.connection.watch import Watch
from wsdrf.deadline import within
from wsdrf.dispatch import Answer, Dispatcher
from wsdrf.envelope import AUTHENTICATE, Call, CallId, Failure
from wsdrf.exceptions import CredentialsLost, Refusal, TimedOut
from wsdrf.observing import ConnectionRecord
from wsdrf.options import Options
from wsdrf.routing import Kind, Route
from wsdrf.signals import handled

logger: logging.Logger = logging.getLogger("wsdrf.connection")

_AT_ONCE: Final = frozenset({"ping", "cancel"})
"""Actions of the protocol that do not wait behind a running handler."""


class Connection:
    """One client, its consumer, and the tasks between them.

    The task of the ASGI server reads, and never waits for anything else. Calls are answered by a worker, which lives
    as long as there are calls; streams and concurrent actions have tasks of their own.
    """

    record: ConnectionRecord | None = None  # what is told of it, where somebody observes it
    _refusal: AuthenticationResult | None = None

    def __init__(self, blueprint: Blueprint, scope: Scope, receive: Receive, send: Send) -> None:
        options = blueprint.options
        self.options: Options = options
        self.blueprint = blueprint
        self.scope = scope
        self.state: State = State.CONNECTING
        self.code: int = 1006  # what a client that says nothing has closed with (RFC 6455 section 7.1.5)
        self._receive, self._send = receive, send
        self._reader: Any = None  # the server's own task
        self._timer: asyncio.TimerHandle | None = None
        self._interrupted = self._has_entered = self._is_stuck = False
        self._first_result = TOO_LATE
        self._outbox = Outbox(
            send, timeout=options.send_timeout, max_bytes=options.max_unsent_bytes, on_stuck=self._on_stuck
        )
        self._lane = Lane(blueprint.pool)
        self._desk = Desk(self, self._outbox, self._lane, options)
        self.membership: Membership = Membership(self, blueprint, self._outbox)
        self._limits = Limits(options)
        self.consumer: Any = blueprint.consumer_class()
        self.consumer.kwargs = dict((scope.get("url_route") or {}).get("kwargs") or {})
        self.caller: Caller = Caller(self.consumer, blueprint.access, scope, self._lane.run)
        self.consumer._caller = self.caller
        self.consumer._connection = self
        self._watch = Watch(self, self.caller, self.membership, options)
        self._dispatcher = Dispatcher(self.consumer, blueprint.steps, blueprint.codec, self.caller, self)

    # -- the way in --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live from ``websocket.connect`` to the end, whatever that is; leave nothing behind."""
        self._reader = asyncio.current_task()
        try:
            if await self._open():
                await self._read()
        except asyncio.CancelledError:
            if not self._interrupted or getattr(self._reader, "uncancel", lambda: 0)():  # Python 3.11 counts
                self.close(4503)  # a server cancels when it ends: come back later
                raise
        except Exception as error:
            self.failed_with(error)
        finally:
            self._interrupted = True  # from here on, nobody needs to wake the reader
            await see_through(self._leave())
        if self._outbox.has_closed:
            await hear_out(self._receive)

    async def _open(self) -> bool:
        if (await self._receive())["type"] != "websocket.connect":
            return False
        result = await self._authenticate(self.options.connect_timeout)
        if result.is_authenticated:
            await self._accept()
            if self.blueprint.has_hooks or self.membership.may_wait:
                self._desk.start(partial(self._enter, result))
            else:
                await self._enter(result)
            return True
        if may_still_log_in(result, self.blueprint.access.carriers):
            await self._accept()
            self.state = State.AUTHENTICATING
            self._first_result = result
            seconds, loop = self.options.authentication_timeout, asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self.dismiss, TOO_LATE)
            return True
        if self.options.denial == "handshake":
            self._refusal = result
            await within(self.options.send_timeout, refuse(self._send, self.scope, result))
            return False
        await self._accept()
        self.dismiss(result)
        return False

    async def _authenticate(self, timeout: float, token: str | None = None) -> AuthenticationResult:
        try:
            return await within(timeout, self.caller.authenticate(token))
        except TimedOut:
            return TOO_LATE

    async def _accept(self) -> None:
        await within(self.options.send_timeout, accept(self._send, self.scope))

    async def _log_in(self, call: Call) -> None:
        result = await self._authenticate(self.options.authentication_timeout, call.token)
        if result.is_authenticated:
            await self._enter(result, call.id)
        else:
            self.dismiss(result, call_id=call.id)

    async def _enter(self, result: AuthenticationResult, call_id: CallId = None) -> None:
        self.state = State.ENTERING
        try:
            await self._watch.begin()
            await self.membership.change(await self.consumer.build_groups())
            self._tell(result, call_id)
            self.membership.open()
            self._has_entered = True
            tell_connected(self)
            await self.consumer.connected()
        except Exception as error:  # a hook that fails, or says no, keeps the door shut
            self.dismiss(await self.caller.refused(error, self.caller.request), call_id=call_id)
            return
        if self.state is State.ENTERING:
            self.state = State.READY
            self._desk.open()

    # -- reading -----------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        receive, left = self._receive, FRAMES_IN_A_ROW
        while not self.state.is_over:
            if not left:
                await asyncio.sleep(0)  # a server that has a pile of frames hands them out without a pause
                left = FRAMES_IN_A_ROW
                continue
            left -= 1
            message = await receive()
            kind = message["type"]
            if kind == "websocket.receive":
                self._take(message)
            elif kind == "websocket.disconnect":
                self.code = message.get("code") or 1005
                self._outbox.abandon()
                return

    def _take(self, message: Message) -> None:
        frame: Any = message.get("text")
        if frame is None:
            frame = message.get("bytes") or b""
        size = len(frame) if frame.isascii() else octets(frame)
        if size > self._limits.unasked and (verdict := self._limits.admit(size)) is not None:
            self._turn_away(verdict)
            return
        try:
            entry: Entry = self.blueprint.codec.decode(frame)
        except Refusal as refusal:
            self.failed(refusal.failure)
            entry = self.blueprint.codec.encode_failure(refusal.failure, getattr(refusal, "id", None))
        if self._desk.answer(entry, self._reader):
            return
        if self.state is State.AUTHENTICATING and self._desk.is_idle:
            self._first_message(entry)
        elif type(entry) is Call and entry.action in _AT_ONCE and self._desk.goes_first(entry):
            self._serve(entry)
        else:
            self.queue(entry, size)

    def _turn_away(self, verdict: int | Failure) -> None:
        if isinstance(verdict, int):
            self.close(verdict)
        else:
            self.queue(self.blueprint.codec.encode_failure(verdict), 0)

    def _first_message(self, entry: Entry) -> None:
        if isinstance(entry, Call) and entry.action == AUTHENTICATE:
            self._stop_timer()
            self._desk.start(partial(self._log_in, entry))
        else:
            self.dismiss(self._first_result, call_id=entry.id if isinstance(entry, Call) else None)

    def _serve(self, call: Call) -> None:
        if call.action == "ping":
            self._outbox.put(self.blueprint.codec.encode_frame("pong", None, call.id))
        else:
            self._desk.background.cancel(call.id, lambda: self._complete(call.id))

    def queue(self, entry: Entry, size: int) -> None:
        """Take ``entry`` for its turn; close the connection where there is no room."""
        if not self._desk.put(entry, size):
            self.close(4503 if isinstance(entry, Parcel) else 4429)  # a flood of events is not the client's doing

    # -- answering ---------------------------------------------------------------------------------------------------

    def begin(self, entry: Entry) -> Answer:
        """Answer ``entry``, whose turn has come: give the frame, or what has to be awaited for it."""
        if not isinstance(entry, Call):
            if isinstance(entry, Parcel):
                return self._dispatcher.hear(self.blueprint.hearings[entry.event], entry.payload)
            return entry
        if entry.action == AUTHENTICATE:
            return self._renew(entry)
        if entry.action in _AT_ONCE:  # came before READY, and waited
            self._serve(entry)
            return None
        if self.blueprint.observers or handled.receivers or dispatch_log.isEnabledFor(logging.DEBUG):
            return Watched(self, entry).answer(entry)
        return self._dispatcher.begin(entry)

    def failed_with(self, error: Exception) -> None:
        """End the connection: its credentials are lost, or something failed that should not."""
        if isinstance(error, CredentialsLost):
            self.dismiss(error.result)
        else:
            logger.error("A connection ended with an internal error", exc_info=error)
            self.close(4500)

    async def _renew(self, call: Call) -> str | None:
        was_anonymous = self.caller.is_anonymous
        result = await self.caller.authenticate(call.token, is_connect=False)
        if not result.is_authenticated:
            self.dismiss(result, call_id=call.id)
            return None
        await self._watch.begin()
        if was_anonymous and not self.caller.is_anonymous:
            await self.membership.change(await self.consumer.build_groups())
        return self.blueprint.codec.encode_frame("authentication", payload_of(result), call.id)

    def _complete(self, call_id: CallId) -> None:
        if self.state is State.READY:
            self._outbox.put(self.blueprint.codec.encode_frame("complete", None, call_id))

    def frame(self, message: Any) -> str:
        """Write the frame of a message. Raises ``TypeError`` for what is no instance of a ``@message`` class."""
        return self.blueprint.frame(message)

    def put(self, frame: str) -> None:
        """Send a frame without waiting."""
        self._outbox.put(frame)

    async def send(self, frame: str) -> None:
        """Send a frame, and wait while the client does not read."""
        self._outbox.put(frame)
        await asyncio.sleep(0)  # a server that takes everything at once lets nobody else have a turn
        await self._outbox.drained()

    def spawn(self, route: Route, call: Call, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Run a stream or a concurrent action; give its task. Raises ``Busy`` where there are too many."""
        return self._desk.background.start(call.id, work, is_stream=route.kind is Kind.STREAM)

    def failed(self, failure: Failure) -> None:
        """Count a call that was malformed or refused; one too many closes the connection."""
        if (code := self._limits.fail(failure)) is not None:
            self.close(code)

    # -- the way out -------------------------------------------------------------------------------------------------

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection once everything before is sent. Calling it again does nothing."""
        if self.state.is_over:
            return
        self.state, self.code = State.CLOSING, code
        self._desk.shut()
        self._outbox.close(code, reason)
        self._interrupt()

    def heed(self, notice: Any) -> None:
        """Hear what was sent to the connection itself; never raise."""
        if isinstance(notice, dict) and not self.state.is_over:
            self._watch.heed(notice)

    def dismiss(self, result: AuthenticationResult, code: int | None = None, call_id: CallId = None) -> None:
        """Tell the client why it is not let in, or no longer, and close with ``code``, or what the status says."""
        if self.state.is_over:
            return
        self._refusal = result
        self._outbox.forget()  # what was on its way to someone who may no longer have it
        self._tell(result, call_id)
        self.close(close_code(result.status_code) if code is None else code)

    def _tell(self, result: AuthenticationResult, call_id: CallId) -> None:
        if self.options.send_authentication_message:
            self._outbox.put(self.blueprint.codec.encode_frame("authentication", payload_of(result), call_id))

    def _on_stuck(self) -> None:
        # The client does not read: a close frame would wait behind all the others, so it is tried last.
        self._is_stuck = True
        self.state, self.code = State.CLOSING, 4408
        self._desk.shut()
        self._interrupt()

    def _interrupt(self) -> None:
        reader = self._reader
        if reader not in (None, asyncio.current_task(), self._desk.beneath) and not self._interrupted:
            self._interrupted = True
            reader.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def _leave(self) -> None:
        self._stop_timer()
        self.state = State.CLOSING
        self._desk.shut()
        await self._watch.stop()
        await attempt("leaving the groups", self.membership.end())
        await self._desk.stop()
        await attempt("waiting for threads", self._lane.ended())
        await self._outbox.drained(self.options.send_timeout)
        if self._has_entered:
            await attempt("disconnected()", self.consumer.disconnected(self.code))
            tell_disconnected(self)
        elif self._refusal is not None or self._outbox.has_closed:
            tell_refused(self, self._refusal)
        await attempt("giving back the place", self.caller.vacate())
        if self._is_stuck:
            await attempt("closing", last_word(self._send, self.code))
        self._outbox.abandon()
        self.state = State.CLOSED
        let_go(self)
