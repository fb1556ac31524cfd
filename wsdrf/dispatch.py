"""Take one call from its frame to its answer, top to bottom, without any I/O of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final, Protocol, TypeAlias
from weakref import WeakSet

from attrs import Factory, field, frozen

from wsdrf.codec import Codec
from wsdrf.deadline import Deadline
from wsdrf.envelope import ABSENT, Call, Failure
from wsdrf.exceptions import CredentialsLost, Denied, Refusal, UnknownAction
from wsdrf.messages import action_of
from wsdrf.observing import UNKNOWN
from wsdrf.routing import Kind, Reception, Route
from wsdrf.stepping import rest

logger: logging.Logger = logging.getLogger("wsdrf.dispatch")

Answer: TypeAlias = str | Coroutine[Any, Any, str | None] | None
"""The frame that answers an entry, or what has to be awaited for it; ``None``: no answer."""

INTERNAL_ERROR: Final = Failure(500, "error", "A server error occurred.")


class Access(Protocol):
    """What a dispatcher needs of the caller: may they, and what comes with it."""

    async def permit(self, guard: Any, call: Call) -> None:
        """Return where the call may go on; raise where it may not."""

    def permit_now(self, guard: Any, call: Call) -> bool:
        """Do what ``permit`` does, where nothing has to be awaited for it; else do nothing, and give False."""
        ...

    async def may_hear(self, guard: Any, payload: Any) -> bool:
        """Tell whether an event may reach the caller."""
        ...

    async def serialize(self, kind: Any, payload: Any) -> Any:
        """Give a payload as a valid serializer."""

    async def load(self, guard: Any, payload: Any) -> Mapping[str, Any]:
        """Give the objects that the action loads, each permitted."""
        ...

    async def call(self, work: partial[Any]) -> Any:
        """Run a handler that may block, with its arguments."""

    async def denied(self, error: Exception) -> Denied | None:
        """Give what DRF answers for an exception, or None."""


class Link(Protocol):
    """What a dispatcher needs of the connection, for answers that take more than one frame or their own time."""

    async def send(self, frame: str) -> None:
        """Send a frame, and wait while the client does not read."""

    def put(self, frame: str) -> None:
        """Send a frame without waiting."""

    def spawn(self, route: Route, call: Call, work: Callable[[], Coroutine[Any, Any, None]]) -> object:
        """Run what ``work`` makes beside other calls. Raises ``Busy`` where there are too many."""

    def frame(self, message: Any) -> str:
        """Write the frame of a message."""
        ...

    def failed(self, failure: Failure) -> None:
        """Count a refused or malformed call."""


def _structure_at_once(step: Step) -> Callable[[Any], Any] | None:
    is_direct = step.route.kind is Kind.COROUTINE and not step.route.concurrent and not step.loads
    return step.structure if is_direct else None


def _actions_of_replies(step: Step) -> dict[type[Any], str]:
    return {cls: action for cls in step.route.replies if (action := action_of(cls)) is not None}


@frozen
class Step:
    """A route, ready to run: everything that depends on the class alone is in here.

    ``guard`` is the access floor's own; ``loads`` tells whether there is an object to find, or to ask about.
    ``structure`` turns a payload into what the handler gets; ``None`` where the handler takes none, or where the
    payload is a serializer's. ``at_once`` is ``structure`` where the handler needs nothing but the payload, and is a
    coroutine that is answered for in its turn. ``replies`` has the action of each class that the handler says it
    returns.
    """

    route: Route
    guard: Any
    loads: bool
    structure: Callable[[Any], Any] | None
    is_serializer: bool
    unstructure: Callable[[Any], Any]
    at_once: Callable[[Any], Any] | None = field(init=False, default=Factory(_structure_at_once, takes_self=True))
    replies: Mapping[type[Any], str] = field(init=False, default=Factory(_actions_of_replies, takes_self=True))


@frozen
class Hearing:
    """A reception, ready to run; as ``Step`` is for a route."""

    reception: Reception
    guard: Any
    structure: Callable[[Any], Any]


class Dispatcher:
    """Answer the calls of one connection."""

    __slots__ = ("_access", "_codec", "_consumer", "_link", "_steps")

    def __init__(self, consumer: Any, steps: Mapping[str, Step], codec: Codec, access: Access, link: Link) -> None:
        self._consumer = consumer
        self._steps = steps
        self._codec = codec
        self._access = access
        self._link = link

    def begin(self, call: Call) -> Answer:
        """Answer ``call``: give the frame, ``None`` where there is none (yet), or what has to be awaited for it.

        Most calls end here: nothing is awaited for their guards, they bring a payload, and their handler does not wait.
        """
        step = self._steps.get(call.action)
        if step is None or step.at_once is None or call.payload is ABSENT:
            return self.answer(call)
        try:
            if not self._access.permit_now(step.guard, call):
                return self.answer(call)
            work = getattr(self._consumer, step.route.handler)(step.at_once(call.payload))
            try:
                waiting = work.send(None)
            except StopIteration as stop:  # it never waited: no timer could have ended it
                return self.reply(step, call, stop.value)
        except (Exception, asyncio.CancelledError) as error:  # what a project's code raises is answered; life goes on
            return self.refuse(unless_cancelled(error), call)
        return self._go_on(step, call, work, waiting)

    async def answer(self, call: Call) -> str | None:
        """Give the frame that answers ``call``: a reply, ``complete``, an error; ``None`` where there is none (yet).

        Raises ``CredentialsLost`` where the connection has to end.
        """
        try:
            step = self.find(call)
            if not self._access.permit_now(step.guard, call):
                await self._access.permit(step.guard, call)
            arguments = await self.arguments(step, call)
            loaded = await self._access.load(step.guard, arguments[0] if arguments else None) if step.loads else {}
            handler = getattr(self._consumer, step.route.handler)
            return await self._begin(step, call, partial(handler, *arguments, **loaded))
        except (Exception, asyncio.CancelledError) as error:  # as in begin()
            return await self.refuse(unless_cancelled(error), call)

    async def hear(self, hearing: Hearing, payload: Any) -> str | None:
        """Give the frame for a published event, or ``None`` where its method sends none, or it is not for this caller.

        What the method raises is logged: the client asked nothing, and is told nothing. Raises ``CredentialsLost``.
        """
        reception = hearing.reception
        try:
            event = hearing.structure(payload)  # before the guards: what is no such event reaches no user code
            if not await self._access.may_hear(hearing.guard, payload):
                return None
            handler = getattr(self._consumer, reception.handler)
            if reception.kind is Kind.FUNCTION:
                message = await self._access.call(partial(handler, event))
            else:
                message = await handler(event)
            return None if message is None else self._link.frame(message)
        except CredentialsLost:
            raise
        except (Exception, asyncio.CancelledError) as error:  # an edge for a project's code: the next may fare better
            unless_cancelled(error)
            logger.exception("An event was not delivered", extra={"handler": reception.handler})
            return None

    def find(self, call: Call) -> Step:
        """Give the step that ``call`` names. Raises ``UnknownAction``."""
        step = self._steps.get(call.action)
        if step is None:
            raise UnknownAction
        return step

    async def arguments(self, step: Step, call: Call) -> tuple[Any, ...]:
        """Give the handler's positional arguments: the payload, typed and valid, if it takes one.

        Raises ``InvalidCall``.
        """
        if call.payload is ABSENT and not step.route.payload_required:
            return ()
        if step.structure is not None:
            return (step.structure(call.payload),)
        if step.is_serializer:
            return (await self._access.serialize(step.route.payload, call.payload),)
        return ()

    def reply(self, step: Step | None, call: Call, result: Any) -> str | None:
        """Give the frame for what a handler returned."""
        if result is None:
            return None if call.id is None else self._codec.encode_frame("complete", None, call.id)
        try:
            payload = self._codec.unstructure(result) if step is None else step.unstructure(result)
        except (AttributeError, TypeError, ValueError) as error:
            what = (
                f"What {call.action!r} returned, of class {type(result).__qualname__}, is not what it is annotated with"
            )
            raise TypeError(f"{what}, or cannot travel as JSON: {error}") from error
        action = None if step is None else step.replies.get(type(result))
        return self._codec.encode_reply(action or action_of(result) or call.action, payload, call.id)

    async def refuse(self, error: Exception, call: Call) -> str | None:
        """Give the frame for what went wrong, the consumer's ``handle_exception`` asked first."""
        if isinstance(error, CredentialsLost):
            raise error
        try:
            return self.reply(None, call, await self._consumer.handle_exception(error))
        except Refusal as refusal:
            failure = refusal.failure
        except Exception as unhandled:  # the same edge: a failing hook must not end the connection
            failure = await self._explain(unhandled, call)
        self._link.failed(failure)
        return self._codec.encode_failure(failure, call.id)

    async def _explain(self, error: Exception, call: Call) -> Failure:
        action = call.action if call.action in self._steps else UNKNOWN  # a client's own words get into no log
        try:
            answer = await self._access.denied(error)
        except Exception:  # a project's EXCEPTION_HANDLER that fails: the first error is the one to tell of
            logger.exception("The exception handler failed", extra={"action": action})
            answer = None
        if answer is not None:
            return answer.failure
        logger.error("Internal error in an action", exc_info=error, extra={"action": action})
        return INTERNAL_ERROR

    async def _begin(self, step: Step, call: Call, handler: partial[Any]) -> str | None:
        if step.route.kind is Kind.STREAM:
            self._link.spawn(step.route, call, lambda: self._stream(step, call, handler()))
            return None
        is_coroutine = step.route.kind is Kind.COROUTINE
        work = handler if is_coroutine else partial(self._access.call, handler)
        if step.route.concurrent:
            self._link.spawn(step.route, call, lambda: self._deliver(step, call, work))
            return None
        return await self._work(step, call, work())

    async def _work(self, step: Step, call: Call, work: Coroutine[Any, Any, Any]) -> str | None:
        try:
            waiting = work.send(None)
        except StopIteration as stop:  # it never waited: no timer could have ended it
            return self.reply(step, call, stop.value)
        return self.reply(step, call, await self._rest(step, work, waiting))

    async def _go_on(self, step: Step, call: Call, work: Coroutine[Any, Any, Any], waiting: Any) -> str | None:
        try:
            return self.reply(step, call, await self._rest(step, work, waiting))
        except (Exception, asyncio.CancelledError) as error:  # as in begin()
            return await self.refuse(unless_cancelled(error), call)

    async def _rest(self, step: Step, work: Coroutine[Any, Any, Any], waiting: Any) -> Any:
        with Deadline(step.route.timeout):
            return await rest(waiting, work.send, work.throw)

    async def _deliver(self, step: Step, call: Call, begin: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            frame = await self._work(step, call, begin())
        except (Exception, asyncio.CancelledError) as error:  # as in answer(), for a call that runs beside others
            frame = await self.refuse(unless_cancelled(error), call)
        if frame is not None:
            self._link.put(frame)

    async def _stream(self, step: Step, call: Call, items: AsyncIterator[Any]) -> None:
        try:
            try:
                while True:
                    with Deadline(step.route.timeout):
                        item = await anext(items)
                    frame = self.reply(step, call, item)
                    if item is not None and frame is not None:
                        await self._link.send(frame)
            except StopAsyncIteration:
                frame = self._codec.encode_frame("complete", None, call.id)
            finally:
                await items.aclose()  # type: ignore[attr-defined]  # an async generator has it
        except (Exception, asyncio.CancelledError) as error:  # as in answer(), for what goes wrong between two items
            frame = await self.refuse(unless_cancelled(error), call)
        if frame is not None:
            self._link.put(frame)  # no waiting: who were cancelled there would answer twice


_asked: WeakSet[asyncio.Task[Any]] = WeakSet()


def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel ``task``, so that ``unless_cancelled`` knows of it in every version of Python."""
    _asked.add(task)
    task.cancel()


def is_cancelled() -> bool:
    """Tell whether the running task has been cancelled."""
    task = asyncio.current_task()
    cancelling = getattr(task, "cancelling", lambda: task in _asked)  # Python 3.11 counts for itself
    return bool(cancelling())


def unless_cancelled(error: BaseException) -> Exception:
    """Give ``error`` to be answered; raise it where it says that the running task itself has been cancelled.

    A handler that awaits something cancelled gets the same ``CancelledError``, but nobody has asked it to stop.
    """
    if isinstance(error, Exception):
        return error
    if is_cancelled():
        raise error
    stray = RuntimeError("Something that was awaited had been cancelled.")
    stray.__cause__ = error
    return stray
