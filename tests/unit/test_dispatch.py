"""The dispatcher alone, without Django, DRF or Channels: one call from its frame to its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import pytest

from wsdrf.codec import Codec
from wsdrf.declare import Place
from wsdrf.dispatch import Dispatcher, Hearing, Step, cancel, unless_cancelled
from wsdrf.envelope import ABSENT, Call, Failure
from wsdrf.exceptions import Busy, CredentialsLost, Denied
from wsdrf.messages import message
from wsdrf.routing import Kind, Reception, Route


@message("said")
class Said:
    text: str


PLACE = Place("X.do", "x.py", 1)


class Access:
    """Let pass what is not named in ``refusals``; run a ``def`` handler on the spot."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refusals: dict[str, Exception] = {}

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.refusals:
            raise self.refusals[what]

    async def permit(self, guard: Any, call: Call) -> None:
        self._ask("permit")

    def permit_now(self, guard: Any, call: Call) -> bool:
        return False

    async def may_hear(self, guard: Any, payload: Any) -> bool:
        self._ask("may_hear")
        return guard is not False

    async def serialize(self, kind: Any, payload: Any) -> Any:
        self._ask("serialize")
        return {"serialized": payload}

    async def load(self, guard: Any, payload: Any) -> Mapping[str, Any]:
        self._ask("load")
        return {} if guard is None else dict(guard)

    async def call(self, work: partial[Any]) -> Any:
        self._ask("call")
        return work()

    async def denied(self, error: Exception) -> Denied | None:
        self._ask("denied")
        return Denied(Failure(403, "permission_denied", "No.")) if isinstance(error, PermissionError) else None


class Link:
    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.failures: list[str] = []
        self.spawned: list[Any] = []
        self.named: list[Any] = []
        self.is_full = False

    async def send(self, frame: str) -> None:
        self.put(frame)

    def put(self, frame: str) -> None:
        self.sent.append(json.loads(frame))

    def spawn(self, route: Route, call: Call, work: Callable[[], Any]) -> None:
        if self.is_full:
            raise Busy
        self.named.append((route.action, call.id))
        self.spawned.append(work())

    def frame(self, message: Any) -> str:
        return Codec().encode_frame("said", {"text": message.text})

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure.code)


class Table:
    """A dispatcher for one handler, and the fakes around it."""

    def __init__(self, handler: Any, kind: Kind = Kind.COROUTINE, **route: Any) -> None:
        self.access, self.link = Access(), Link()
        self.codec = Codec()
        payload = route.pop("payload", None)
        guard = route.pop("guard", None)
        is_serializer = route.pop("is_serializer", False)
        loads = route.pop("needs_loading", True)
        unstructure = self.codec.unstructurer(route.pop("returns", None))
        values: dict[str, Any] = {
            "action": "do", "handler": "do", "kind": kind, "payload": payload, "replies": (), "guards": (),
            "throttles": (), "loads": (), "method": "POST", "timeout": 5, "concurrent": False, "declared_by": "X",
            "place": PLACE, **route,
        }  # fmt: skip
        structure = None if payload is None or is_serializer else self.codec.structurer(payload)
        step = Step(Route(**values), guard, loads, structure, is_serializer, unstructure)
        self.consumer = SimpleNamespace(do=handler, hear=handler, handle_exception=self.handle_exception)
        self.dispatcher = Dispatcher(self.consumer, {"do": step}, self.codec, self.access, self.link)

    async def handle_exception(self, error: Exception) -> Any:
        raise error

    async def answer(self, payload: Any = ABSENT, id: Any = 1, action: str = "do") -> Any:
        frame = await self.dispatcher.answer(Call(action, payload, id))
        return None if frame is None else json.loads(frame)

    async def begin(self, payload: Any = ABSENT, id: Any = 1, action: str = "do") -> Any:
        """Answer as a connection does: at once, where nothing has to be awaited."""
        answer = self.dispatcher.begin(Call(action, payload, id))
        frame = await answer if isawaitable(answer) else answer
        return None if frame is None else json.loads(frame)

    async def hear(self, payload: Any, *, kind: Kind = Kind.COROUTINE, guard: Any = None) -> Any:
        reception = Reception(Said, "hear", (), "X", PLACE, kind)
        frame = await self.dispatcher.hear(Hearing(reception, guard, self.codec.structurer(Said)), payload)
        return None if frame is None else json.loads(frame)


async def nothing() -> None: ...


async def test_the_order_of_the_steps() -> None:
    """A call is permitted, then structured, then its objects are loaded, then it is handled."""
    trail: list[Any] = []

    async def do(payload: Said, thing: str) -> Said:
        trail.append((payload, thing))
        return payload

    table = Table(do, payload=Said, guard={"thing": "loaded"})

    assert {"action": "said", "payload": {"text": "x"}, "id": 1} == await table.answer({"text": "x"})
    assert [(Said(text="x"), "loaded")] == trail
    assert ["permit", "load"] == table.access.asked


async def test_a_refused_caller_learns_nothing_of_the_schema() -> None:
    """Who is not permitted is refused before the payload is looked at."""
    table = Table(nothing, payload=Said)
    table.access.refusals["permit"] = PermissionError()

    answer = await table.answer({"nothing": "like it"})

    assert ("permission_denied", 403) == (answer["payload"]["code"], answer["payload"]["status_code"])
    assert ["permission_denied"] == table.link.failures


@pytest.mark.parametrize(
    ("result", "id", "expected"),
    [
        (None, 1, {"action": "complete", "payload": None, "id": 1}),
        (None, None, None),
        (7, 1, {"action": "do", "payload": 7, "id": 1}),
        (7, None, {"action": "do", "payload": 7}),
        (Said(text="x"), "a", {"action": "said", "payload": {"text": "x"}, "id": "a"}),
    ],
)
async def test_replies(result: Any, id: Any, expected: Any) -> None:
    """A reply bears the action of its class or else the call's; ``None`` completes a call with an id."""

    async def do() -> Any:
        return result

    assert expected == await Table(do).answer(id=id)


async def test_a_def_handler_is_called_elsewhere() -> None:
    """A handler that may block goes through the access floor."""
    table = Table(lambda: "done", Kind.FUNCTION)
    assert "done" == (await table.answer())["payload"]
    assert "call" in table.access.asked


async def test_a_serializer_is_made_elsewhere() -> None:
    """A serializer's payload goes through the access floor as it came."""

    async def do(payload: Any) -> Any:
        return payload

    assert {"serialized": 7} == (await Table(do, payload=object, is_serializer=True).answer(7))["payload"]


async def test_an_optional_payload_may_be_left_out() -> None:
    """A handler with a default gets no payload where the call has none, and a valid one where it has."""

    async def do(payload: int = 3) -> int:
        return payload

    table = Table(do, payload=int, payload_required=False)
    assert [3, 4] == [(await table.answer())["payload"], (await table.answer(4))["payload"]]
    assert "invalid" == (await table.answer("x"))["payload"]["code"]


async def test_unknown_actions_are_refused() -> None:
    """An action that is not in the table is answered ``unknown_action``, and nobody is asked anything."""
    table = Table(nothing)
    assert "unknown_action" == (await table.answer(action="other"))["payload"]["code"]
    assert [] == table.access.asked


async def failing(kind: str) -> None:
    if kind == "stray":
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future
    raise {"denied": PermissionError(kind), "other": RuntimeError(kind), "busy": Busy()}[kind]


@pytest.mark.parametrize(
    ("kind", "code"), [("denied", "permission_denied"), ("other", "error"), ("busy", "busy"), ("stray", "error")]
)
async def test_whatever_a_handler_raises_is_answered(kind: str, code: str) -> None:
    """What DRF knows gets its answer, a refusal its own, and anything else ``error`` without a word of the cause."""
    answer = await Table(lambda: failing(kind)).answer()
    assert (code, 1) == (answer["payload"]["code"], answer["id"])
    assert kind not in json.dumps(answer["payload"]["detail"])


async def test_handle_exception_may_reply_or_raise_or_fail() -> None:
    """The hook's message is the reply; what it raises instead is the answer; where it fails, that is an internal error."""
    table = Table(lambda: failing("other"))

    async def reply(error: Exception) -> Any:
        return Said(text="caught")

    async def another(error: Exception) -> Any:
        raise Busy

    async def broken(error: Exception) -> Any:
        return object()

    outcomes = []
    for hook in (reply, another, broken):
        table.consumer.handle_exception = hook
        answer = await table.answer()
        outcomes.append(answer["payload"].get("text") or answer["payload"]["code"])
    assert ["caught", "busy", "error"] == outcomes


async def test_an_exception_handler_that_fails_is_an_internal_error() -> None:
    """A project's handler that raises does not end the connection."""
    table = Table(lambda: failing("denied"))
    table.access.refusals["denied"] = ZeroDivisionError()
    assert "error" == (await table.answer())["payload"]["code"]


@pytest.mark.parametrize("denies", [True, False])
async def test_no_log_has_a_name_that_a_client_made_up(denies: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Where the answer to an unknown action fails on the project's side, the log names no action of the client's."""
    table = Table(nothing)
    if denies:
        table.access.refusals["denied"] = ZeroDivisionError()

    async def broken(error: Exception) -> Any:
        raise ValueError

    table.consumer.handle_exception = broken
    handler = ["The exception handler failed"] if denies else []
    for action in ("evil\n", "do"):
        await table.dispatcher.refuse(Busy(), Call(action))
    named = ["wsdrf.unknown", "do"] if not denies else ["wsdrf.unknown", "wsdrf.unknown", "do", "do"]
    assert named == [vars(record)["action"] for record in caplog.records]
    assert [*handler, "Internal error in an action"] * 2 == [record.message for record in caplog.records]
    assert all(record.exc_info and record.exc_info[1] is not None for record in caplog.records)
    assert "evil" not in repr([vars(record) for record in caplog.records])


async def test_lost_credentials_go_up() -> None:
    """``CredentialsLost`` is for the connection, from a call as from an event."""
    lost = CredentialsLost(SimpleNamespace(status_code=401, code="x"))
    table = Table(nothing)
    table.access.refusals |= {"permit": lost, "may_hear": lost}
    with pytest.raises(CredentialsLost):
        await table.answer()
    with pytest.raises(CredentialsLost):
        await table.hear({"text": "x"})


async def test_a_real_cancellation_is_obeyed() -> None:
    """A task that is cancelled while it answers ends, and answers nothing."""

    async def do() -> None:
        await asyncio.sleep(10)

    task = asyncio.ensure_future(Table(do).answer())
    await asyncio.sleep(0)
    cancel(task)
    with pytest.raises(asyncio.CancelledError):
        await task


async def items() -> AsyncIterator[Any]:
    yield Said(text="x")
    yield None
    yield 7


async def test_a_stream_is_spawned_and_completes() -> None:
    """A stream answers nothing by itself; its frames go out as they come, then ``complete``."""
    table = Table(items, Kind.STREAM)
    assert await table.answer() is None
    await table.link.spawned[0]
    assert ["said", "do", "complete"] == [frame["action"] for frame in table.link.sent]
    assert {1} == {frame["id"] for frame in table.link.sent}


async def test_what_runs_beside_others_is_answered_there() -> None:
    """A concurrent action is spawned, and what it raises is answered under its id."""
    table = Table(lambda: failing("denied"), concurrent=True)
    assert await table.answer() is None
    await table.link.spawned[0]
    assert ["permission_denied"] == [frame["payload"]["code"] for frame in table.link.sent]


@pytest.mark.parametrize("route", [{"kind": Kind.STREAM}, {"concurrent": True}])
async def test_no_room_beside_others_is_busy(route: dict[str, Any]) -> None:
    """Where nothing more can be spawned the call is answered ``busy``."""
    table = Table(items, **route)
    table.link.is_full = True
    assert "busy" == (await table.answer())["payload"]["code"]


async def test_events() -> None:
    """An event is structured, guarded, received; what cannot be is told to nobody."""

    async def hear(event: Said) -> Said | None:
        return {"none": None}.get(event.text, event) if event.text != "bad" else await failing("stray")

    table = Table(hear)
    assert "x" == (await table.hear({"text": "x"}))["payload"]["text"]
    assert await table.hear({"text": "none"}) is None
    assert await table.hear({"text": "bad"}) is None
    assert await table.hear({"text": "x"}, guard=False) is None
    table.access.asked.clear()
    assert await table.hear({"nothing": "like it"}) is None
    assert [] == table.access.asked
    table.consumer.hear = lambda event: event
    assert "x" == (await table.hear({"text": "x"}, kind=Kind.FUNCTION))["payload"]["text"]


class HereAndNow(Access):
    """Access that never has to be waited for."""

    def permit_now(self, guard: Any, call: Call) -> bool:
        self._ask("permit_now")
        return True


async def patient(payload: Any = None) -> Any:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return 7 if payload is None else payload


async def prompt(payload: Any) -> Any:
    return payload


async def raising(payload: Any) -> Any:
    raise PermissionError


async def raising_late(payload: Any) -> Any:
    await asyncio.sleep(0)
    raise PermissionError


async def endless(payload: Any = None) -> Any:
    await asyncio.sleep(10)


async def completing(payload: Any) -> None: ...


@pytest.mark.parametrize("handler", [prompt, patient, completing, raising, raising_late, endless])
@pytest.mark.parametrize("payload", [ABSENT, 5, "no integer"])
@pytest.mark.parametrize("refuses", [None, "permit_now", "permit"])
@pytest.mark.parametrize("access", [Access, HereAndNow])
async def test_the_quick_way_answers_as_the_whole_way(
    handler: Any, payload: Any, refuses: str | None, access: type[Access]
) -> None:
    """Whether a call is answered at once or step by step, the answer is the same, and as much is asked for it."""

    async def ask(**route: Any) -> Any:
        table = Table(handler, payload=int, returns=int, timeout=0.01 if handler is endless else 5, **route)
        table.access = table.dispatcher._access = access()
        if refuses is not None:
            table.access.refusals[refuses] = PermissionError()
        return await table.begin(payload), table.link.failures, [one for one in table.access.asked if one != "load"]

    assert await ask(needs_loading=True) == await ask(needs_loading=False)


@pytest.mark.parametrize("needs_loading", [True, False])
async def test_a_call_is_answered_at_once_where_nothing_waits(needs_loading: bool) -> None:
    """A coroutine that needs nothing but its payload, and does not wait, costs nobody a coroutine."""
    table = Table(prompt, payload=int, needs_loading=needs_loading)
    table.dispatcher._access = HereAndNow()
    answer = table.dispatcher.begin(Call("do", 5, 1))
    assert needs_loading == isawaitable(answer)
    assert {"action": "do", "payload": 5, "id": 1} == json.loads(await answer if isawaitable(answer) else answer)


@pytest.mark.parametrize("handler", [prompt, patient])
async def test_the_quick_way_writes_by_the_annotation(handler: Any) -> None:
    """A reply that its handler's annotation does not allow is an internal error, whether or not the handler waits."""
    table = Table(handler, payload=int, returns=str, needs_loading=False)
    table.dispatcher._access = HereAndNow()
    assert ("error", 1) == ((answer := await table.begin(5))["payload"]["code"], answer["id"])


class Strict(Access):
    """Keep what each question was asked with; nothing has to be awaited where ``now`` says so."""

    def __init__(self, *, now: bool) -> None:
        super().__init__()
        self.now = now
        self.given: list[Any] = []

    def permit_now(self, guard: Any, call: Call) -> bool:
        self.given.append(("permit_now", guard, call))
        return self.now

    async def permit(self, guard: Any, call: Call) -> None:
        self.given.append(("permit", guard, call))

    async def serialize(self, kind: Any, payload: Any) -> Any:
        self.given.append(("serialize", kind, payload))
        return payload

    async def load(self, guard: Any, payload: Any) -> Mapping[str, Any]:
        self.given.append(("load", guard, payload))
        return {}


@pytest.mark.parametrize("now", [True, False])
@pytest.mark.parametrize("needs_loading", [True, False])
@pytest.mark.parametrize("is_serializer", [True, False])
async def test_every_question_is_about_the_guard_and_the_call(
    now: bool, needs_loading: bool, is_serializer: bool
) -> None:
    """Access is asked about the action's own guard and the very call, in order, and no more often than needed."""
    table = Table(prompt, payload=int, guard="guard", needs_loading=needs_loading, is_serializer=is_serializer)
    table.access = table.dispatcher._access = Strict(now=now)  # type: ignore[assignment]
    call = Call("do", 5, 1)
    answer = table.dispatcher.begin(call)
    assert 5 == json.loads(await answer if isawaitable(answer) else answer)["payload"]

    asked = [one for index, one in enumerate(table.access.given) if one not in table.access.given[:index]]
    permitted = [("permit_now", "guard", call)] + ([] if now else [("permit", "guard", call)])
    serialized = [("serialize", int, 5)] if is_serializer else []
    assert permitted + serialized + ([("load", "guard", 5)] if needs_loading else []) == asked


async def test_an_unknown_action_is_refused_however_it_is_asked() -> None:
    """``begin`` answers ``unknown_action`` as ``answer`` does."""
    assert "unknown_action" == (await Table(nothing).begin(5, action="other"))["payload"]["code"]


async def run(table: Table, payload: Any = ABSENT) -> Any:
    """Answer, and run what was spawned; give the one frame."""
    frames = [await table.answer(payload)]
    for one in table.link.spawned:
        await one
    (frame,) = [frame for frame in (*frames, *table.link.sent) if frame is not None]
    return frame


@pytest.mark.parametrize("way", [{}, {"concurrent": True}, {"kind": Kind.FUNCTION}])
async def test_a_handler_may_wait(way: dict[str, Any]) -> None:
    """A handler that waits is answered under its action and id, in its turn or beside it, a thread's too."""
    table = Table(patient, **way)
    if way.get("kind") is Kind.FUNCTION:
        table.access.call = lambda handler: handler()  # type: ignore[method-assign]
    assert {"action": "do", "payload": 7, "id": 1} == await run(table)
    assert [("do", 1)] * len(table.link.spawned) == table.link.named


@pytest.mark.parametrize("handler", [patient, lambda: prompt(7)])
@pytest.mark.parametrize("way", [{}, {"concurrent": True}])
async def test_what_is_not_as_annotated_is_an_internal_error(handler: Any, way: dict[str, Any]) -> None:
    """A reply is written by the annotation of its handler, which it has to fit."""
    frame = await run(Table(handler, returns=str, **way))
    assert ("error", "error", 1) == (frame["action"], frame["payload"]["code"], frame["id"])


async def test_the_log_says_what_was_not_as_annotated(caplog: pytest.LogCaptureFixture) -> None:
    """A reply that does not fit is the server's mistake: the log names the action and the class, never the value."""
    await Table(lambda: prompt(7), returns=str).answer()
    (record,) = caplog.records
    assert str(record.exc_info[1]).startswith(
        "What 'do' returned, of class int, is not what it is annotated with, or cannot"
    )


def test_no_turn_of_the_loop_is_lost() -> None:
    """What nothing waits for is answered before the loop turns."""
    with pytest.raises(StopIteration) as caught:
        Table(lambda: prompt(7)).dispatcher.answer(Call("do", ABSENT, 1)).send(None)
    assert {"action": "do", "payload": 7, "id": 1} == json.loads(caught.value.value)


@pytest.mark.parametrize("way", [{}, {"concurrent": True}])
async def test_a_handler_has_its_time(way: dict[str, Any]) -> None:
    """A handler that takes longer than its ``timeout`` is answered ``timeout``, wherever it runs."""
    frame = await asyncio.wait_for(run(Table(endless, timeout=0.01, **way)), 5)
    assert ("timeout", 1) == (frame["payload"]["code"], frame["id"])


async def streamed(table: Table) -> list[Any]:
    assert await table.answer() is None
    await asyncio.wait_for(table.link.spawned[0], 5)
    assert [("do", 1)] == table.link.named
    return [(frame["payload"].get("code") or frame["action"], frame["id"]) for frame in table.link.sent]


async def test_an_item_has_its_time() -> None:
    """An item of a stream that takes longer than ``timeout`` ends the stream with ``timeout``."""

    async def items() -> AsyncIterator[Any]:
        yield Said(text="x")
        await asyncio.sleep(10)

    assert [("said", 1), ("timeout", 1)] == await streamed(Table(items, Kind.STREAM, timeout=0.01))


async def test_a_stream_that_fails_is_answered() -> None:
    """What a stream raises between two items is the last frame under its id, and its generator is closed."""
    closed = []

    async def items() -> AsyncIterator[Any]:
        try:
            yield Said(text="x")
            raise PermissionError
        finally:
            closed.append(True)

    table = Table(items, Kind.STREAM)
    assert [("said", 1), ("permission_denied", 1)] == await streamed(table)
    assert (["permission_denied"], [True]) == (table.link.failures, closed)


async def test_an_item_that_is_not_as_annotated_ends_the_stream() -> None:
    """An item is written by the annotation of its handler; one that does not fit is an internal error."""
    closed = []

    async def items() -> AsyncIterator[Any]:
        try:
            yield Said(text="x")
            yield 7
        finally:
            closed.append(True)

    assert [("said", 1), ("error", 1)] == await streamed(Table(items, Kind.STREAM, returns=Said))
    assert [True] == closed


async def test_an_event_is_asked_about_as_it_came(caplog: pytest.LogCaptureFixture) -> None:
    """The guards of a reception see the event's own data; one that sends nothing leaves no trace."""
    asked: list[Any] = []

    async def may_hear(guard: Any, payload: Any) -> bool:
        asked.append((guard, payload))
        return True

    table = Table(completing)
    table.access.may_hear = may_hear  # type: ignore[method-assign]
    assert await table.hear({"text": "x"}, guard="guard") is None
    assert [("guard", {"text": "x"})] == asked
    assert [] == caplog.records


async def test_an_event_that_fails_is_logged_with_its_handler(caplog: pytest.LogCaptureFixture) -> None:
    """What a reception raises stands in the log, with its name."""
    assert await Table(raising).hear({"text": "x"}) is None
    (record,) = caplog.records
    assert ("An event was not delivered", "hear") == (record.getMessage(), vars(record)["handler"])
    assert record.exc_info is not None


async def test_a_real_cancellation_ends_an_event() -> None:
    """A task that is cancelled while it hears ends."""
    task = asyncio.ensure_future(Table(endless).hear({"text": "x"}))
    await asyncio.sleep(0)
    cancel(task)
    with pytest.raises(asyncio.CancelledError):
        await task


# -- cancellation ------------------------------------------------------------------------------------------------------


async def test_an_exception_is_what_it_is() -> None:
    """``unless_cancelled`` gives an exception back."""
    error = ValueError()
    assert error is unless_cancelled(error)


async def test_a_stray_cancellation_is_an_error_with_its_cause() -> None:
    """What says that something else was cancelled is an error like any other, for the log to tell."""
    cancelled = asyncio.CancelledError()
    stray = unless_cancelled(cancelled)
    assert (RuntimeError, cancelled) == (type(stray), stray.__cause__)
    assert "Something that was awaited had been cancelled." == str(stray)
