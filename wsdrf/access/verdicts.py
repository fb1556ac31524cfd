"""Ask a consumer's guards what they would answer somebody, without a socket and without running a handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from wsdrf.access.authentication import AuthenticationResult, may_still_log_in
from wsdrf.access.caller import Caller
from wsdrf.access.carriers import Scope
from wsdrf.access.current import current
from wsdrf.access.plan import AccessPlan
from wsdrf.codec import Codec
from wsdrf.dispatch import INTERNAL_ERROR, Dispatcher, Step
from wsdrf.envelope import ABSENT, Call, Failure
from wsdrf.exceptions import CredentialsLost


@frozen
class Verdict:
    """What somebody who connects, or calls an action, is answered: let in, or refused with DRF's words."""

    is_allowed: bool
    status_code: int = 200
    code: str = ""
    detail: Any = ""


ALLOWED: Final = Verdict(is_allowed=True)


class Plans(Protocol):
    """What a rehearsal needs to know of a consumer; a connection's blueprint knows it."""

    @property
    def consumer_class(self) -> Callable[[], Any]:
        """The class that is asked."""
        ...

    @property
    def access(self) -> AccessPlan:
        """How the connection is guarded."""
        ...

    @property
    def steps(self) -> Mapping[str, Step]:
        """How each action is guarded."""
        ...

    @property
    def codec(self) -> Codec:
        """How payloads are read."""
        ...

    @property
    def pool(self) -> Any:
        """Where guards that may block run."""
        ...


class Rehearsal:
    """Be somebody with the handshake ``scope`` on a consumer's connection, as far as its guards.

    The guards get what they get on a socket, and say what they say there. No throttle is spent, no place is taken, no
    group is joined, and ``build_groups()``, ``connected()`` and handlers do not run. A ``token`` is one that the client
    would send in its first message, where the consumer reads that.

    Inside a test's transaction, use it within ``wsdrf.connection.pool.thread_sensitive()``.
    """

    __slots__ = ("_caller", "_dispatcher", "_entrance", "_failure", "_token", "consumer")

    def __init__(self, plans: Plans, scope: Scope, *, token: str | None = None) -> None:
        self.consumer: Any = plans.consumer_class()
        consumer = self.consumer
        consumer.kwargs = dict((scope.get("url_route") or {}).get("kwargs") or {})
        vars(consumer)["get_throttles"] = list
        plan = evolve(plans.access, max_connections_per_user=None)
        self._caller = consumer._caller = Caller(consumer, plan, scope, plans.pool.run)
        # It will run no handler, and so it asks nothing of its link but to hear of failures.
        link: Any = self
        steps = {action: _unthrottled(step) for action, step in plans.steps.items()}
        self._dispatcher = Dispatcher(consumer, steps, plans.codec, self._caller, link)
        self._token = token
        self._entrance: Verdict | None = None
        self._failure: Failure | None = None

    async def connect(self) -> Verdict:
        """Give the verdict of the handshake; asking again does nothing."""
        if self._entrance is None:
            self._entrance = await _apart(self._connect())
        return self._entrance

    async def call(self, action: str, payload: Any = ABSENT) -> Verdict:
        """Give the verdict of a call, which is that of the handshake for who is not let in.

        ``payload`` is the JSON data of the call. With one, the call is followed up to its handler: a payload that the
        action does not take is a 400, and what it ``@loads`` is found and asked about. Without one, only the guards
        are asked that need none.
        """
        entrance = await self.connect()
        return await _apart(self._call(Call(action, payload))) if entrance.is_allowed else entrance

    def failed(self, failure: Failure) -> None:
        """Hear what a call was refused with."""
        self._failure = failure

    async def _connect(self) -> Verdict:
        result = await self._caller.authenticate()
        is_refused = not result.is_authenticated and self._token is not None
        if is_refused and may_still_log_in(result, self._caller.plan.carriers):
            result = await self._caller.authenticate(self._token)
        return verdict_of(result)

    async def _call(self, call: Call) -> Verdict:
        try:
            await self._pass(call)
        except CredentialsLost as lost:
            self._entrance = verdict_of(lost.result)
            return self._entrance
        except Exception as error:  # what a project's guards raise is answered, as on a connection
            return await self._refuse(error, call)
        return ALLOWED

    async def _pass(self, call: Call) -> None:
        dispatcher, caller = self._dispatcher, self._caller
        step = dispatcher.find(call)
        await caller.permit(step.guard, call)
        if call.payload is ABSENT:
            await caller.load(evolve(step.guard, loads=()), None)
        else:
            arguments = await dispatcher.arguments(step, call)
            await caller.load(step.guard, arguments[0] if arguments else None)

    async def _refuse(self, error: Exception, call: Call) -> Verdict:
        self._failure = None
        await self._dispatcher.refuse(error, call)
        if self._failure is None:  # handle_exception() made a reply of it: the handler does not run all the same
            answer = await self._caller.denied(error)
            self._failure = INTERNAL_ERROR if answer is None else answer.failure
        return Verdict(False, self._failure.status_code, self._failure.code, self._failure.detail)


def verdict_of(result: AuthenticationResult) -> Verdict:
    """Give the verdict that a handshake's ``result`` is."""
    if result.is_authenticated:
        return ALLOWED
    return Verdict(False, result.status_code, result.code, result.data.get("detail", result.data))


def _unthrottled(step: Step) -> Step:
    return evolve(step, guard=evolve(step.guard, throttles=(), rates=()))


async def _apart(asking: Coroutine[Any, Any, Verdict]) -> Verdict:
    # In a task, as on a connection: what a guard does to context variables ends with the call.
    return await asyncio.create_task(_unseen(asking))


async def _unseen(asking: Coroutine[Any, Any, Verdict]) -> Verdict:
    current.set(None)
    return await asking
