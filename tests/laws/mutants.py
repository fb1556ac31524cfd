"""Consumers with one fault each, of the kinds that people make, and the finding that each is to be caught with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, TypedDict

from attrs import field, frozen
from attrs.validators import ge, le, max_len
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated

from wsdrf import Consumer, message, on, receives, requires
from wsdrf.strategies.machine import findings


@message("m.say")
class Say:
    text: str = field(default="", validator=max_len(50))


@message("m.said")
class Said:
    text: str


@message("m.count")
class Count:
    number: int = field(default=0, validator=[ge(0), le(2**53)])


@message("m.percent")
class Percent:
    number: int = field(default=0, validator=[ge(0), le(100)])


@message("m.tags")
class Tags:
    tags: list[str] = field(factory=list, validator=max_len(5))
    parent: str | None = None


@message("m.noted")
class Noted:
    number: int


class Pair(TypedDict):
    left: int
    right: int


def make_user(name: str, **fields: Any) -> Callable[[], Any]:
    """Give a callable that makes a user in the example's transaction."""

    def make() -> Any:
        return get_user_model().objects.create_user(name, **fields)

    return make


ROLES: dict[str, Any] = {
    "alice": make_user("alice", is_staff=True),
    "bob": make_user("bob"),
    "anonymous": None,
}
NOBODY: dict[str, Any] = {"anonymous": None}


@requires(AllowAny)
class Open(Consumer):
    """Right in every way, and open to everybody."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    sends = [Said]

    async def build_groups(self) -> list[str]:
        return ["everybody"]

    @on("m.say")
    async def say(self, payload: Say) -> Said:
        return Said(text=payload.text)


class Members(Consumer):
    """Right in every way, for those who are logged in."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]
    sends = [Said]

    async def build_groups(self) -> list[str]:
        return ["members"]

    @on("m.say")
    async def say(self, payload: Say) -> Said:
        said = Said(text=payload.text)
        await self.broadcast(said, exclude_self=True)
        return said


@frozen
class Mutant:
    """A faulty consumer, and the findings that it may be caught with."""

    consumer: type[Consumer]
    caught: tuple[type[findings.Finding], ...]
    roles: dict[str, Any]
    application: Any = None


MUTANTS: list[Mutant] = []
"""Every mutant."""

Wrap = Callable[[Any], Any]


def caught(
    *kinds: type[findings.Finding], roles: dict[str, Any] = NOBODY, around: Wrap | None = None
) -> Callable[[type[Consumer]], type[Consumer]]:
    """Say with which findings a consumer is to be caught; ``around`` is an ASGI middleware around it."""

    def keep(consumer: type[Consumer]) -> type[Consumer]:
        application = None if around is None else around(consumer.as_asgi())
        MUTANTS.append(Mutant(consumer, kinds, roles, application))
        return consumer

    return keep


# --- handlers that fail on some values ----------------------------------------------------------------------------


@caught(findings.InternalError)
class FailsOnEmptyText(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        return Said(text=payload.text[0])


@caught(findings.InternalError)
class FailsOnZero(Open):
    @on("m.share")
    async def share(self, payload: Count) -> int:
        return 100 // payload.number


@caught(findings.InternalError)
class FailsOnTheLargestNumber(Open):
    @on("m.rest")
    def rest(self, payload: Percent) -> Noted:
        return Noted(number=100 // (100 - payload.number))


@caught(findings.InternalError)
class FailsBeyondTheBasicPlane(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        if any(len(character.encode()) > 3 for character in payload.text):
            raise ValueError("A column of three bytes a character does not take it.")
        return Said(text=payload.text)


@caught(findings.InternalError)
class FailsOnDuplicates(Open):
    @on("m.tag")
    async def tag(self, payload: Tags) -> int:
        known: dict[str, int] = {}
        for number, tag in enumerate(payload.tags):
            if known.setdefault(tag, number) != number:
                raise KeyError(tag)
        return len(known)


@caught(findings.InternalError)
class FailsOnNull(Open):
    @on("m.tag")
    async def tag(self, payload: Tags) -> int:
        return len(payload.parent)  # type: ignore[arg-type]  # that is the fault


@caught(findings.InternalError)
class AssumesWhatTheMessageDoesNotState(Open):
    @on("m.say")
    def say(self, payload: Say) -> Said:
        assert len(payload.text) < 10
        return Said(text=payload.text)


@caught(findings.InternalError)
class AssumesAnEarlierCall(Open):
    @on("m.start")
    async def start(self) -> None:
        self.started = [1]

    @on("m.stop")
    async def stop(self) -> int:
        return self.started.pop()


@caught(findings.InternalError, roles=ROLES)
class FailsForOneRole(Members):
    @on("m.profile")
    async def profile(self) -> Noted:
        return Noted(number={False: 1}[self.user.is_staff])


@caught(findings.InternalError)
class FailsInTheMiddleOfAStream(Open):
    @on("m.numbers")
    async def numbers(self, payload: Count) -> AsyncIterator[Noted]:
        for number in range(min(payload.number, 4)):
            yield Noted(number=number // (3 - number))


@caught(findings.InternalError, roles=ROLES)
class FailsToHear(Members):
    @on("m.say")
    async def say(self, payload: Say) -> None:
        await self.apublish("members", Said(text=payload.text))

    @receives(Said)
    async def said(self, event: Said) -> Said:
        return Said(text=event.text[0])


@caught(findings.InternalError)
class FailsToLeave(Open):
    async def disconnected(self, code: int) -> None:
        raise LookupError("nobody")


# --- answers that are not what was said ---------------------------------------------------------------------------


@caught(findings.InternalError)
class AnswersAnotherType(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        wrong: Any = Noted(number=1)
        return wrong


@caught(findings.WrongFrame)
class AnswersATypeOfNoneOfItsOwn(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said | Tags:
        wrong: Any = Noted(number=1)
        return wrong


@caught(findings.WrongFrame)
class AnswersWhereItSaysNothing(Open):
    @on("m.say")
    async def say(self, payload: Say) -> None:
        wrong: Any = {"text": payload.text}
        return wrong


@caught(findings.WrongFrame, findings.InternalError)
class ForgetsAKey(Open):
    @on("m.pair")
    async def pair(self) -> Pair | Noted:
        wrong: Any = {"left": 1}
        return wrong


@caught(findings.WrongFrame)
class SendsWhatItDoesNotDeclare(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        if len(payload.text) > 3:
            await self.send_message(Noted(number=1))
        return Said(text=payload.text)


# --- answers that do not come, or come wrong ----------------------------------------------------------------------


@caught(findings.Unanswered)
class NeverCompletes(Open):
    @on("m.numbers")
    async def numbers(self, payload: Count) -> AsyncIterator[Noted]:
        yield Noted(number=payload.number)
        await asyncio.Event().wait()


@caught(findings.Unanswered)
class CountsForEver(Open):
    @on("m.numbers")
    async def numbers(self) -> AsyncIterator[Noted]:
        while True:
            yield Noted(number=1)


@caught(findings.Unanswered)
class WaitsForAnotherCall(Open):
    async def connected(self) -> None:
        self.gate = asyncio.Event()

    @on("m.wait")
    async def wait(self) -> None:
        await self.gate.wait()

    @on("m.open")
    async def open(self) -> None:
        self.gate.set()


def change_frames(change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Wrap:
    """Give a middleware that sends what ``change`` makes of each frame."""

    def around(application: Any) -> Any:
        async def changed(scope: Any, receive: Any, send: Any) -> None:
            async def sending(event: Any) -> None:
                frames = [event]
                if event["type"] == "websocket.send":
                    frames = [event | {"text": json.dumps(one)} for one in change(json.loads(event["text"]))]
                for one in frames:
                    await send(one)

            await application(scope, receive, sending)

        return changed

    return around


def _swap_id(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame | {"id": 1_000_001} if isinstance(frame.get("id"), int) else frame]


def _drop(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [] if frame["action"] == "m.said" and frame["payload"]["text"] == "" else [frame]


def _twice(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame, frame] if frame["action"] == "m.said" else [frame]


def _greet(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"action": "m.said", "payload": {"text": "hi"}}, frame] if frame["action"] == "authentication" else [frame]


@caught(findings.AnsweredTwice, findings.Unanswered, around=change_frames(_swap_id))
class AnswersWithAWrongId(Open):
    pass


@caught(findings.Unanswered, findings.OutOfOrder, around=change_frames(_drop))  # the next answer comes too early
class LosesAnAnswer(Open):
    pass


@caught(findings.AnsweredTwice, around=change_frames(_twice))
class AnswersTwice(Open):
    pass


@caught(findings.Unauthenticated, around=change_frames(_greet))
class SpeaksBeforeItLetsIn(Open):
    pass


def shuffle(application: Any) -> Any:
    """Hold one answer back until the next one has been sent."""

    async def shuffled(scope: Any, receive: Any, send: Any) -> None:
        held: list[Any] = []

        async def sending(event: Any) -> None:
            if not held and event["type"] == "websocket.send" and '"id"' in event["text"]:
                held.append(event)
                asyncio.get_running_loop().call_later(0.01, lambda: asyncio.ensure_future(release()))
            else:
                await send(event)

        async def release() -> None:
            await send(held.pop())

        await application(scope, receive, sending)

    return shuffled


@caught(findings.OutOfOrder, around=shuffle)
class AnswersOutOfOrder(Open):
    pass


# --- rights -------------------------------------------------------------------------------------------------------


class Wiping:
    """Mixed in without the guard that its action needs."""

    @on("m.wipe")
    async def wipe(self) -> None:
        return None


@caught(findings.Unguarded, roles=ROLES)
class ForgetsAGuardInAMixin(Wiping, Consumer):
    authentication_classes = [SessionAuthentication]
    permission_classes = [AllowAny]

    @on("m.purge")
    @requires(IsAdminUser)
    async def purge(self) -> None:
        return None


class IsKnown(BasePermission):
    """Let in whom the connection remembers: what it says depends on more than who asks."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return view.action is None or view.consumer.__dict__.get("is_known", False)


@caught(findings.Forbidden, findings.WrongRefusal, roles=ROLES)
class TrustsWhomItKnows(Members):
    @on("m.greet")
    async def greet(self) -> None:
        self.is_known = True

    @on("m.wipe")
    @requires(IsKnown)
    async def wipe(self) -> None:
        return None


@caught(findings.Unauthenticated, roles=ROLES)
class OutlivesItsLogout(Members):
    revoke_on = ()
    revalidate_after = None
    revalidate_idle_after = None


def _mumble(frame: dict[str, Any]) -> list[dict[str, Any]]:
    if frame["action"] == "error" and frame["payload"]["code"] == "invalid":
        errors = [one | {"loc": ["payload"]} for one in frame["payload"].get("errors", ())]
        return [frame | {"payload": frame["payload"] | {"errors": errors}}]
    return [frame]


@caught(findings.WrongRefusal, around=change_frames(_mumble))
class NamesAnotherPlace(Open):
    @on("m.count")
    async def count(self, payload: Count) -> int:
        return payload.number


# --- ends ---------------------------------------------------------------------------------------------------------


@caught(findings.ClosedUnexpectedly)
class ClosesOnAValue(Open):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        if not payload.text:
            await self.close(4000)
        return Said(text=payload.text)


@caught(findings.LeftOver)
class LeavesATask(Open):
    async def connected(self) -> None:
        self.ticking = asyncio.create_task(self.tick())

    async def tick(self) -> None:
        await asyncio.sleep(3600)


@caught(findings.LeftOver)
class NeverLeavesItsGroup(Open):
    async def connected(self) -> None:
        layer: Any = get_channel_layer()
        await layer.group_add("watchers", "specific.watcher")


@caught(findings.Shared, roles=ROLES)
class SharesABasket(Members):
    basket: list[str] = []

    @on("m.add")
    async def add(self, payload: Say) -> list[str]:
        self.basket.append(payload.text)
        return self.basket


@caught(findings.Shared, roles=ROLES)
class RemembersTheLastUserOnTheClass(Members):
    @on("m.say")
    async def say(self, payload: Say) -> Said:
        type(self).last = self.user.get_username()
        return Said(text=payload.text)
