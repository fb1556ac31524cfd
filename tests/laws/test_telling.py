"""Whatever happens on a connection, it is told exactly once, in order, to each who listens, and hurts nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.dispatch import Signal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.laws.living import Life, Living, fresh_layer
from tests.laws.test_lifecycle import CALLS, MOSTLY_GOOD, Lives, trail
from tests.unit.sockets import settle
from wsdrf import AuthenticationResult, Authenticator
from wsdrf.connection.courier import signals_delivered
from wsdrf.observing import CANCELLED, UNKNOWN
from wsdrf.signals import connected, disconnected, handled, refused
from wsdrf.telemetry import CallRecord, ConnectionRecord, Observer

SIGNALS = {"connected": connected, "refused": refused, "handled": handled, "disconnected": disconnected}


class Ledger(Observer):
    """Write down everything that is told, under the connection's id."""

    def __init__(self) -> None:
        self.lines: dict[str, list[tuple[str, Any]]] = {}

    def note(self, connection: ConnectionRecord, what: str, record: Any = None) -> None:
        self.lines.setdefault(connection.id, []).append((what, record))

    def connected(self, connection: ConnectionRecord) -> None:
        self.note(connection, "connected", connection)

    def refused(self, connection: ConnectionRecord) -> None:
        self.note(connection, "refused", connection)

    def disconnected(self, connection: ConnectionRecord) -> None:
        self.note(connection, "disconnected", connection)

    def begun(self, call: CallRecord) -> None:
        self.note(call.connection, "begun", call)

    def enter(self, call: CallRecord) -> None:
        self.note(call.connection, "enter", call)

    def handled(self, call: CallRecord) -> None:
        self.note(call.connection, "handled", call)

    def of(self, life: Life, what: str) -> list[Any]:
        lines = self.lines.get(life.connection.membership.id, [])
        return [record for told, record in lines if told == what]


class Broken(Observer):
    """Fail at everything."""

    def __getattribute__(self, name: str) -> Any:
        if name in vars(Observer) and not name.startswith("_"):
            return self._fail
        return super().__getattribute__(name)

    def _fail(self, record: object) -> None:
        raise (ValueError, asyncio.CancelledError)[id(record) % 2]


LEDGER = Ledger()


class Told(Living):
    observers = [Broken, LEDGER, Broken()]


def check_told(life: Life) -> None:
    """Assert what holds of everything that was told of a connection that has ended."""
    lines = LEDGER.lines.get(life.connection.membership.id, [])
    order = [what for what, _ in lines]
    entered = life.witness.began["connected"]
    assert entered == order.count("connected") == order.count("disconnected")
    assert order.count("connected") + order.count("refused") <= 1
    if entered:
        assert "connected" == order[0]
        assert "disconnected" == order[-1]
        (record,) = LEDGER.of(life, "disconnected")
        assert (life.connection.code, 200, "ok") == (record.close_code, record.status_code, record.code)
    for record in LEDGER.of(life, "refused"):
        assert ["refused"] == order
        assert 400 <= record.status_code < 600
    begun, ended = LEDGER.of(life, "begun"), LEDGER.of(life, "handled")
    assert Counter(map(id, begun)) == Counter(map(id, ended))
    assert set(Counter(map(id, begun)).values()) <= {1}
    assert {id(call) for call in begun} == {id(call) for call in LEDGER.of(life, "enter")}
    check_calls(life, ended)


def check_calls(life: Life, ended: list[CallRecord]) -> None:
    """Assert that what was told of the calls is what the client was answered."""
    assert {call.action for call in ended} <= {*Told.routes, UNKNOWN}
    assert Counter(call.action for call in ended) <= Counter(
        action if action in Told.routes else UNKNOWN for action in life.calls.values()
    )
    answered = [frame for _, frame in life.terminals()]
    errors = Counter(frame["payload"]["code"] for frame in answered if frame["action"] == "error")
    assert errors <= Counter(call.code for call in ended)
    assert all(call.duration > 0 for call in ended)
    assert all((call.items is not None) <= (call.action in life.streams) for call in ended)
    sent = sum(life.calls.get(frame.get("id")) in life.streams for frame in life.socket.frames)
    assert sent - len(answered) <= sum(call.items or 0 for call in ended)


class ToldLives(Lives):
    """The same connections, observed, by one who fails and one who writes down, and by receivers of the signals."""

    def __init__(self) -> None:
        super().__init__()
        self.signals: dict[str, Counter[str]] = {name: Counter() for name in SIGNALS}
        self.receivers: list[tuple[Signal, Callable[..., None]]] = []
        for name, signal in SIGNALS.items():
            receiver = self.receiver(name)
            signal.connect(receiver, sender=Told)
            self.receivers.append((signal, receiver))

    def receiver(self, name: str) -> Callable[..., None]:
        def receive(connection_id: str, **_: Any) -> None:
            self.signals[name][connection_id] += 1

        return receive

    async def made(self, hooks: dict[str, str]) -> Life:
        life = Life(Told, **hooks)
        life.begin()
        await settle()
        return life

    @initialize(one=MOSTLY_GOOD, other=MOSTLY_GOOD)
    def connect(self, one: dict[str, str], other: dict[str, str]) -> None:
        super().connect(one, other)

    async def finished(self) -> None:
        await super().finished()
        await signals_delivered()
        for life in self.lives + self.past:
            check_told(life)
            name = life.connection.membership.id
            told = {what: len(LEDGER.of(life, what)) for what in SIGNALS}
            assert told == {what: self.signals[what][name] for what in SIGNALS}

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            LEDGER.lines.clear()
            for signal, receiver in self.receivers:
                signal.disconnect(receiver, sender=Told)


ToldLives.TestCase.settings = settings(stateful_step_count=25, deadline=None)
TestToldLives = ToldLives.TestCase


@pytest.mark.parametrize("turns", range(2, 61, 2))
def test_a_connection_killed_in_any_turn_is_told_as_any_other(turns: int) -> None:
    """Where the server cancels a connection in any turn of the loop, each begun call is told, and its end."""

    async def live() -> None:
        life = Life(Told)
        driving = asyncio.create_task(trail(life))
        await settle(turns)
        if life.task is not None:
            life.task.cancel()
        await asyncio.wait({driving}, timeout=10)
        life.check_over()
        check_told(life)

    with fresh_layer():
        asyncio.run(live())


class Losing(Authenticator):
    """Let everybody in once; refuse, or fail, at the next look."""

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        if self.is_connect:
            return AuthenticationResult(True)
        return AuthenticationResult(False, 401, "Unauthorized", code="not_authenticated")


class Lost(Told):
    authenticator_class = Losing
    revalidate_after = 0


async def test_a_call_whose_credentials_are_lost_is_told_with_the_verdict() -> None:
    """The call that finds the credentials lost ends with their status; what ran beside it was cancelled."""
    with fresh_layer():
        life = Life(Lost)
        life.begin()
        await settle()
        life.call("quick", 1)
        life.call("quick", 2)
        await life.end()
        check_told(life)
    (call,) = LEDGER.of(life, "handled")
    assert (401, "not_authenticated", 4401) == (call.status_code, call.code, call.connection.close_code)


class Strict(Living):
    max_errors = "3/m"


class StrictTold(Strict):
    observers = [Broken, LEDGER]


@given(st.lists(CALLS, max_size=8))
def test_an_observed_conversation_is_the_same(calls: list[tuple[str, Any]]) -> None:
    """Whatever is called, an observed connection answers as any other, and closes when any other does."""

    async def talk(consumer: type[Living]) -> tuple[list[Any], list[int]]:
        life = Life(consumer)
        life.begin()
        await settle()
        for action, payload in calls:
            life.call(action, payload)
            if action == "late":
                await asyncio.sleep(0.02)
            life.witness.gate.set()
            await settle(40)
        life.socket.leave()
        await life.end()
        return life.socket.frames, life.socket.codes

    with fresh_layer():
        expected = asyncio.run(talk(Strict))
    with fresh_layer():
        assert expected == asyncio.run(talk(StrictTold))


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("hooks", [{}, {"authenticate": "refuse"}, {"build_groups": "deny"}], ids=str)
async def test_each_signal_is_sent_by_itself(name: str, hooks: dict[str, str]) -> None:
    """Whoever listens to one signal alone gets it, with nothing else to be told of the connection."""
    told: list[dict[str, Any]] = []
    durations: list[float] = []

    def receive(**facts: Any) -> None:
        durations.append(facts.get("duration", 1))
        told.append({key: value for key, value in facts.items() if key not in {"signal", "sender", "duration"}})

    SIGNALS[name].connect(receive, sender=Living)
    try:
        with fresh_layer():
            life = Life(**hooks)
            life.begin()
            await settle()
            life.call("quick", 1)
            await asyncio.sleep(0.02)
            life.socket.leave(1001)
            await life.end()
            await signals_delivered()
    finally:
        SIGNALS[name].disconnect(receive, sender=Living)

    ok = {"action": "quick", "status_code": 200, "code": "ok", "items": None}
    expected = {"connected": {}, "handled": ok, "disconnected": {"close_code": 1001}}
    if hooks:
        code = "denied" if "authenticate" in hooks else "permission_denied"
        expected = {"refused": {"status_code": 403, "code": code}}
    identity = {"connection_id": life.connection.membership.id, "user_pk": None}
    assert [identity | expected[name] if name in expected else None] == (told or [None])
    assert all(duration >= (0.02 if name == "disconnected" else 0) for duration in durations), "not told from its start"


@pytest.mark.parametrize("denial", ["message", "handshake"])
@pytest.mark.parametrize(("hook", "status"), [("refuse", 403), ("raise", 500), ("killed", 503), ("left", None)])
async def test_who_is_not_let_in_is_told_with_the_reason(denial: str, hook: str, status: int | None) -> None:
    """A verdict, a failure, and a server that ends meanwhile refuse with their status; who left was not refused."""

    class Denying(Told):
        pass

    Denying.denial = denial  # type: ignore[attr-defined]  # an option, which the metaclass knows
    with fresh_layer():
        life = Life(Denying, authenticate=hook if hook in {"refuse", "raise"} else "wait")
        life.begin()
        await settle()
        if hook == "killed":
            assert life.task is not None
            life.task.cancel()
        elif hook == "left":
            life.socket.leave()
            life.witness.gate.set()
        await life.end()
        check_told(life)
    if status is None:
        assert [] == LEDGER.of(life, "refused")
    else:
        assert [status] == [record.status_code for record in LEDGER.of(life, "refused")]


async def test_each_end_has_its_status() -> None:
    """Refused, timed out, failed, too many, cancelled by the client, and cut off at the end: each says so."""
    with fresh_layer():
        life = Life(Told)
        life.begin()
        await settle()
        for action, payload in (("quick", 1), ("fail", "deny"), ("fail", "x"), ("late", None), ("no.such", None)):
            life.call(action, payload)
            await asyncio.sleep(0.02)
        streams = [life.call("stream", 9) for _ in range(3)]
        await settle()
        life.socket.say({"action": "cancel", "id": streams[0]})
        await settle()
        life.call("slow")
        await settle()
        life.socket.leave()
        await life.end()
        check_told(life)
    ended = [(call.action, call.status_code, call.code, call.items) for call in LEDGER.of(life, "handled")]
    assert [
        ("quick", 200, "ok", None),
        ("fail", 403, "permission_denied", None),
        ("fail", 500, "error", None),
        ("late", 504, "timeout", None),
        (UNKNOWN, 404, "unknown_action", None),
        ("stream", 503, "busy", None),
        ("stream", CANCELLED, "cancelled", 2),
    ] == ended[:7]
    assert [("slow", CANCELLED, "cancelled", None), ("stream", CANCELLED, "cancelled", 2)] == sorted(ended[7:])


async def test_each_call_is_one_record_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A call that was handled, however it ended, is one DEBUG record with the facts; ignored actions are none."""

    class Logged(Living):
        log_ignored_actions = ["move"]

    with fresh_layer():
        logging.disable(logging.NOTSET)
        caplog.set_level(logging.DEBUG, "wsdrf.dispatch")
        life = Life(Logged)
        life.begin()
        await settle()
        for action, payload in (("quick", "secret"), ("move", "a"), ("fail", "deny"), ("stream", 2), ("evil\n", 1)):
            life.witness.gate.set()
            life.call(action, payload)
            await settle()
        life.socket.leave()
        await life.end()
    records = [vars(record) for record in caplog.records if record.name == "wsdrf.dispatch"]
    named = ("action", "status_code", "code", "user_pk", "connection_id", "consumer", "levelname", "message")
    identity = (None, life.connection.membership.id, f"{__name__}.Logged", "DEBUG", "Action handled")
    assert [
        ("quick", 200, "ok", *identity),
        ("fail", 403, "permission_denied", *identity),
        ("stream", 200, "ok", *identity),
        (UNKNOWN, 404, "unknown_action", *identity),
    ] == [tuple(record[name] for name in named) for record in records]
    assert all(record["duration_ms"] > 0 for record in records)
    assert [2] == [record["items"] for record in records if "items" in record]
    assert "secret" not in repr(records)
