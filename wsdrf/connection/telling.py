"""Tell the log, the signals and the observers what becomes of a connection and its calls, where anybody listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any, Final, Protocol, TypeAlias

from django.dispatch import Signal

from wsdrf.access.authentication import AuthenticationResult
from wsdrf.access.caller import Caller
from wsdrf.connection.blueprint import Blueprint
from wsdrf.connection.courier import post
from wsdrf.connection.membership import Membership
from wsdrf.dispatch import Dispatcher, Link
from wsdrf.envelope import Call, Failure
from wsdrf.exceptions import CredentialsLost
from wsdrf.observing import CANCELLED, UNKNOWN, CallRecord, ConnectionRecord, fields_of, tell
from wsdrf.routing import Kind, Route
from wsdrf.signals import connected, disconnected, handled, refused

dispatch_log: Final = logging.getLogger("wsdrf.dispatch")

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""What makes the coroutine of a task."""


class Subject(Link, Protocol):
    """What is told of: a connection."""

    blueprint: Blueprint
    caller: Caller
    code: int
    consumer: Any
    membership: Membership
    record: ConnectionRecord | None

    def spawn(self, route: Route, call: Call, work: Work) -> asyncio.Task[None]:
        """Do what ``Link.spawn`` does, and give the task."""
        ...


class Watched:
    """One call that somebody wants to hear of, and the link of its dispatcher, where its end shows."""

    __slots__ = ("_is_beside", "_subject", "record")

    def __init__(self, subject: Subject, call: Call) -> None:
        action = call.action if call.action in subject.blueprint.steps else UNKNOWN
        self.record: CallRecord = CallRecord(_record_of(subject), action)
        self._subject = subject
        self._is_beside = False  # it runs beside other calls, and ends in a task of its own

    async def answer(self, call: Call) -> str | None:
        """Do what ``Dispatcher.answer`` does, and tell of the call once it has ended."""
        subject = self._subject
        dispatcher = Dispatcher(
            subject.consumer, subject.blueprint.steps, subject.blueprint.codec, subject.caller, self
        )
        self._tell("begun")
        try:
            self._tell("enter")
            return await dispatcher.answer(call)
        except BaseException as error:  # to be told of, not to be caught
            self._end_by(error)
            raise
        finally:
            if not self._is_beside:
                self._end()

    async def send(self, frame: str) -> None:
        """Count an item of a stream, and send it."""
        self.record.items = (self.record.items or 0) + 1
        await self._subject.send(frame)

    def put(self, frame: str) -> None:
        """Send a frame without waiting."""
        self._subject.put(frame)

    def frame(self, message: Any) -> str:
        """Write the frame of a message."""
        return self._subject.frame(message)

    def failed(self, failure: Failure) -> None:
        """Count the call as refused, and keep why."""
        self.record.status_code, self.record.code = failure.status_code, failure.code
        self._subject.failed(failure)

    def spawn(self, route: Route, call: Call, work: Work) -> None:
        """Run ``work`` beside other calls; tell of the call once that is over, even where it never began."""

        async def enter() -> None:
            self._tell("enter")
            await work()

        task = self._subject.spawn(route, call, enter)
        self._is_beside = True
        self.record.items = 0 if route.kind is Kind.STREAM else None
        task.add_done_callback(self._end_beside)

    def _end_beside(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self._end_by(error)
        self._end()

    def _end_by(self, error: BaseException) -> None:
        if isinstance(error, CredentialsLost):
            ending = _verdict(error.result, 4401)
        else:
            ending = (500, "error") if isinstance(error, Exception) else (CANCELLED, "cancelled")
        self.record.status_code, self.record.code = ending

    def _end(self) -> None:
        record, options = self.record, self._subject.blueprint.options
        record.duration = perf_counter() - record.began_at
        try:
            if dispatch_log.isEnabledFor(logging.DEBUG) and record.action not in options.log_ignored_actions:
                dispatch_log.debug("Action handled", extra=fields_of(record))
        except Exception:  # a filter of the project's, or a user's own ``pk``: it must not break the connection
            dispatch_log.exception("A call was not logged")
        self._tell("handled")
        _post(
            handled,
            record.connection,
            action=record.action,
            status_code=record.status_code,
            code=record.code,
            duration=record.duration,
            items=record.items,
        )

    def _tell(self, what: str) -> None:
        tell(self.record, what, self._subject.blueprint.observers)


def tell_connected(subject: Subject) -> None:
    """Tell that a client was let in."""
    if subject.blueprint.observers or connected.receivers or disconnected.receivers:
        record = _record_of(subject)
        tell(record, "connected", subject.blueprint.observers)
        _post(connected, record)


def tell_disconnected(subject: Subject) -> None:
    """Tell that a connection has ended whose client was let in."""
    if subject.blueprint.observers or disconnected.receivers:
        record = _record_of(subject)
        record.close_code = subject.code
        tell(record, "disconnected", subject.blueprint.observers)
        _post(disconnected, record, close_code=record.close_code, duration=record.duration)


def tell_refused(subject: Subject, refusal: AuthenticationResult | None) -> None:
    """Tell that a client was not let in: by ``refusal``, or, without one, by a close code of the server's."""
    if subject.blueprint.observers or refused.receivers:
        record = _record_of(subject)
        record.status_code, record.code = _verdict(refusal, subject.code)
        tell(record, "refused", subject.blueprint.observers)
        _post(refused, record, status_code=record.status_code, code=record.code)


def _record_of(subject: Subject) -> ConnectionRecord:
    record = subject.record
    if record is None:
        record = subject.record = ConnectionRecord(
            subject.membership.id, subject.blueprint.consumer_class, subject.consumer
        )
    return record


def _post(signal: Signal, record: ConnectionRecord, **facts: Any) -> None:
    try:
        if signal.receivers:
            post(signal, record.consumer_class, connection_id=record.id, user_pk=record.user_pk, **facts)
    except Exception:  # a user's own ``pk`` that fails: it must not break the connection
        dispatch_log.exception("A signal was not sent")


def _verdict(result: AuthenticationResult | None, close_code: int) -> tuple[int, str]:
    if result is not None:
        return result.status_code, result.code or "denied"
    status_code = close_code - 4000
    return (status_code if 400 <= status_code < 600 else 403), "closed"
