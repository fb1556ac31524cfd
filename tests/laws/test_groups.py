"""What is sent to groups arrives once with each member and in order, and nothing else arrives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Coroutine, Iterator
from types import FrameType
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.permissions import AllowAny, BasePermission

from tests.laws.living import Happened, Life, Living, Shouted, fresh_layer, nothing_left
from tests.unit.sockets import FailingLayer, settle, until
from wsdrf import Consumer, message, on, receives, requires
from wsdrf.codec import Codec
from wsdrf.connection import hub as hubs
from wsdrf.connection.parcel import event_name, read_parcel
from wsdrf.testing import WebsocketCommunicator

GROUPS = ("a", "b", "c")


async def lives(count: int, consumer: type[Living] = Living) -> list[Life]:
    """Connect so many clients, each in the group ``lobby``."""
    made = [Life(consumer) for _ in range(count)]
    for life in made:
        life.begin()
    await until(lambda: all(life.is_ready for life in made))
    return made


async def end(made: list[Life], layer: FailingLayer) -> None:
    for life in made:
        life.socket.leave()
    for life in made:
        await life.end()
        life.check_over()
    await nothing_left(layer)


def texts(life: Life, action: str = "life.shouted") -> list[str]:
    return [frame["payload"]["text"] for frame in life.socket.frames if frame["action"] == action]


class Sociable(Living):
    max_groups = len(GROUPS) + 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(0, 2), st.sampled_from(GROUPS)),
        st.tuples(
            st.just("broadcast"), st.integers(0, 2), st.lists(st.sampled_from(GROUPS), max_size=4), st.booleans()
        ),
        st.tuples(st.just("publish"), st.integers(0, 2), st.sampled_from(GROUPS)),
    ),
    max_size=25,
)


@given(STEPS)
def test_members_get_what_is_sent_to_their_groups(steps: list[Any]) -> None:
    """Whoever is in one or more of the addressed groups gets each message once, in order; nobody else gets it."""

    async def live(layer: FailingLayer) -> None:
        made = await lives(3, Sociable)
        expected: list[list[str]] = [[], [], []]
        joined: list[set[str]] = [set(), set(), set()]
        for number, (what, who, *rest) in enumerate(steps):
            consumer = made[who].connection.consumer
            if what == "move":
                group = rest[0]
                await (consumer.leave if group in joined[who] else consumer.join)(group)
                joined[who] ^= {group}
                assert joined[who] | {"lobby"} == consumer.groups
                continue
            if what == "publish":
                groups, exclude = [rest[0]], False
                await Living.apublish(rest[0], Shouted(text=str(number)))
            else:
                groups, exclude = rest
                await consumer.broadcast(Shouted(text=str(number)), groups, exclude_self=exclude)
            for other, theirs in enumerate(joined):
                if theirs & set(groups) and not (exclude and other == who):
                    expected[other].append(str(number))
        await settle()
        assert expected == [texts(life) for life in made]
        await end(made, layer)

    with fresh_layer() as layer:
        asyncio.run(live(layer))


@contextlib.contextmanager
def counted(function: Any) -> Iterator[list[str]]:
    """Note each call of ``function`` in this thread, by the interpreter's own account of what it runs."""
    calls: list[str] = []

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is function.__code__:
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(before)


async def test_a_broadcast_to_a_thousand_is_encoded_once() -> None:
    """A thousand members get the very same text, each once and in the order of each publisher."""
    with fresh_layer() as layer:
        made = await lives(1000)
        await settle()

        async def publisher(name: str) -> None:
            for number in range(20):
                await made[0].connection.consumer.broadcast(Shouted(text=f"{name}{number}"))

        with counted(Codec.encode_reply) as encodings:
            await asyncio.gather(publisher("x"), publisher("y"))
            await until(lambda: len(texts(made[-1])) == 40)

        assert 40 == len(encodings)
        sent = [[one["text"] for one in life.socket.sent if "life.shouted" in one.get("text", "")] for life in made]
        assert 40 == len({id(text) for frames in sent for text in frames})
        for life in made:
            assert [f"x{number}" for number in range(20)] == [text for text in texts(life) if text[0] == "x"]
            assert [f"y{number}" for number in range(20)] == [text for text in texts(life) if text[0] == "y"]
        assert 1 == len(layer.groups["lobby"]), "one channel of the layer for all"
        await end(made, layer)


async def test_what_is_sent_while_entering_comes_after_the_authentication_frame() -> None:
    """A client that is still joining its groups gets what was sent to them, after it was told that it is in."""
    with fresh_layer() as layer:
        layer.slow["second"] = asyncio.Event()

        class Entering(Living):
            async def build_groups(self) -> list[str]:
                return ["first", "second"]

        life = Life(Entering)
        life.begin()
        await settle()
        await Living.apublish("first", Shouted(text="early"))
        await settle()
        assert [] == life.socket.frames

        layer.slow["second"].set()
        await settle()

        assert ["authentication", "life.shouted"] == [frame["action"] for frame in life.socket.frames]
        await end([life], layer)


async def test_groups_are_bounded_and_names_are_checked() -> None:
    """Joining beyond ``max_groups`` is answered ``busy``; a bad name, or one of wsdrf's own, is an error of the code."""
    with fresh_layer() as layer:
        (life,) = await lives(1)
        for name in ("a", "b", "c", "wsdrf.all", "no name"):
            life.call("move", name)
        await settle()

        answers = dict(life.terminals())
        assert ["complete", "complete", "error", "error", "error"] == [answers[n]["action"] for n in range(1, 6)]
        assert ["busy", "error", "error"] == [answers[n]["payload"]["code"] for n in (3, 4, 5)]
        assert {"lobby", "a", "b"} == set(life.connection.membership.groups)
        await end([life], layer)


async def test_nobody_joins_after_the_end() -> None:
    """User code that joins a group in ``disconnected()``, or later, is told that it is too late."""
    with fresh_layer() as layer:
        joined: list[str] = []

        class Late(Living):
            async def disconnected(self, code: int) -> None:
                with contextlib.suppress(RuntimeError):
                    await self.join("a")
                    joined.append("a")

        life = Life(Late)
        consumer = life.connection.consumer
        life.begin()
        await settle()
        life.socket.leave()
        await life.end()

        with pytest.raises(RuntimeError, match="has ended"):
            await consumer.join("b")
        assert [] == joined
        await nothing_left(layer)


# -- what is put on the layer by hand ------------------------------------------------------------------------------------

ASGI_TYPES = [
    f"{kind}.{event}"
    for kind in ("websocket", "http", "lifespan")
    for event in ("connect", "receive", "disconnect", "send", "accept", "close", "request", "startup", "shutdown")
]
NAMES = sorted({name for cls in (Living, Living.as_asgi().consumer_class) for name in dir(cls)})
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
BODIES = st.one_of(
    PLAIN,
    PLAIN.map(json.dumps),
    st.lists(PLAIN, min_size=6, max_size=6).map(json.dumps),
    st.just(json.dumps(["id", ["lobby"], "\ud800", None, None, None])),
    st.just("[" * 100_000),
    st.just(json.dumps(["id", ["lobby"], "{}", None, event_name(Happened), {"nothing": "like it"}])),
    st.just(json.dumps(["id", ["lobby"], "{}", None, event_name(Happened), None])),
    st.just(json.dumps(["id", ["lobby"], "{}", None, "wsdrf:notice", {"kind": "disconnect", "code": "x"}])),
    st.just(json.dumps(["id", ["lobby"], "{}", None, "wsdrf:notice", {"kind": ["disconnect"], "reason": {}}])),
)
JUNK = st.one_of(
    st.dictionaries(st.text(max_size=5), PLAIN, max_size=4),
    st.builds(
        lambda kind, more: {**more, "type": kind},
        st.sampled_from([*ASGI_TYPES, *NAMES, *(name.replace("_", ".") for name in NAMES)]),
        st.dictionaries(st.sampled_from(["text", "bytes", "code", "body", "payload", "message"]), PLAIN, max_size=3),
    ),
    st.builds(lambda body: {"type": "wsdrf.event", "body": body}, BODIES),
    st.just({"type": "wsdrf.event"}),
)


def survive(messages: list[Any]) -> None:
    """Put ``messages`` on the layer, and assert that nobody noticed and that the next broadcast still arrives."""

    async def live(layer: FailingLayer) -> None:
        made = await lives(2)
        began = [dict(life.witness.began) for life in made]
        sent = [len(life.socket.sent) for life in made]
        channel = next(iter(layer.groups["lobby"]))
        for one in messages:
            await layer.group_send("lobby", one)
            await layer.send(channel, one)
            await settle(6)

        assert began == [dict(life.witness.began) for life in made]
        assert sent == [len(life.socket.sent) for life in made]
        await Living.apublish("lobby", Shouted(text="still here"))
        await settle()
        assert [["still here"]] * 2 == [texts(life) for life in made]
        await end(made, layer)

    with fresh_layer() as layer:
        asyncio.run(live(layer))


@given(st.lists(JUNK, min_size=1, max_size=10))
def test_junk_on_the_layer_reaches_nobody(messages: list[Any]) -> None:
    """Whatever is put on the layer by hand reaches no user code, sends nothing, and ends no connection."""
    survive(messages)


def test_no_name_can_be_called_through_the_layer() -> None:
    """No ASGI type and no attribute of a consumer or of its application can be reached by the type of a message."""
    kinds = [*ASGI_TYPES, *NAMES, *(name.replace("_", ".") for name in NAMES)]
    survive([{"type": kind, "text": "{}", "code": 1000, "message": {}, "body": "x"} for kind in kinds])


# -- typed events --------------------------------------------------------------------------------------------------------


@message("room.renamed")
class Renamed:
    name: str


@message("room.told")
class Told:
    name: str
    to: str


class IsListening(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.query_params.get("who") != "deaf")


class Room(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    gate: asyncio.Event

    async def build_groups(self) -> list[str]:
        return ["room"]

    @on("wait")
    async def wait(self) -> None:
        await self.gate.wait()

    @on("wait.news")
    async def wait_for_news(self) -> str:
        self.heard = asyncio.Event()
        await Room.apublish("room", Shouted(text="news"))
        return "sent"

    @receives(Renamed)
    @requires(IsListening)
    async def renamed(self, event: Renamed) -> Told | None:
        if event.name == "secret":
            return None
        if event.name == "bad":
            raise ValueError(event.name)
        return Told(name=event.name, to=self.request.query_params.get("who", ""))

    @receives(Happened)
    def happened(self, event: Happened) -> Told:
        return Told(name=f"{event.text} in {threading.current_thread() is threading.main_thread()}", to="def")


def room(who: str) -> WebsocketCommunicator:
    return WebsocketCommunicator(Room.as_asgi(), f"/?who={who}")


async def test_an_event_is_received_by_each_and_guarded_for_each() -> None:
    """A published event goes through the method of each recipient whom the guards let hear it; ``None`` sends nothing."""
    with fresh_layer():
        async with room("ann") as ann, room("deaf") as deaf, room("bob") as bob:
            for name in ("secret", "bad", "new"):
                await Room.apublish("room", Renamed(name=name))

            assert Told(name="new", to="ann") == await ann.receive_message(Told)
            assert Told(name="new", to="bob") == await bob.receive_message(Told)
            for one in (ann, bob, deaf):
                await one.assert_nothing_received()


async def test_an_event_method_may_be_a_plain_def() -> None:
    """A ``def`` that receives an event runs in a thread."""
    with fresh_layer():
        async with room("ann") as ann:
            await Room.apublish("room", Happened(text="it"))
            assert Told(name="it in False", to="def") == await ann.receive_message(Told)


async def test_a_failing_event_method_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What an event's method raises is logged, told to nobody, and the next event arrives."""
    async with room("ann") as ann:
        await Room.apublish("room", Renamed(name="bad"))
        await Room.apublish("room", Renamed(name="good"))
        assert Told(name="good", to="ann") == await ann.receive_message(Told)
    assert ["An event was not delivered"] == [
        record.message for record in caplog.records if record.levelname == "ERROR"
    ]


async def test_events_wait_for_their_turn_and_broadcasts_do_not() -> None:
    """Behind a running handler an event's method waits, while a broadcast and an event of no method go out at once."""
    with fresh_layer():
        Room.gate = asyncio.Event()
        async with room("ann") as ann:
            await ann.send_message({"action": "wait", "id": 1})
            await settle()
            await Room.apublish("room", Renamed(name="new"))
            await Room.apublish("room", Shouted(text="as it is"))
            assert Shouted(text="as it is") == await ann.receive_message(Shouted)
            await ann.assert_nothing_received()

            Room.gate.set()

            assert ["complete", "room.told"] == [(await ann.receive_json())["action"] for _ in range(2)]


async def test_a_handler_hears_of_its_own_group() -> None:
    """A handler that publishes to its own group and waits does not hold the message up."""
    with fresh_layer():
        async with room("ann") as ann:
            answer = await ann.call("wait.news")
            assert "sent" == answer.payload
            assert Shouted(text="news") == await ann.receive_message(Shouted)


async def test_what_is_no_message_cannot_be_sent() -> None:
    """Publishing or broadcasting what is no message, or to a bad name, raises and sends nothing."""
    with fresh_layer() as layer:
        with pytest.raises(TypeError, match="@message"):
            await Room.apublish("room", {"name": "x"})
        with pytest.raises(ValueError, match="group_name"):
            await Room.apublish("no name", Shouted(text=""))
        with pytest.raises(ValueError, match="belongs to wsdrf"):
            await Room.apublish("wsdrf.all", Shouted(text=""))
        assert [] == layer.calls


# -- from anywhere in the project ----------------------------------------------------------------------------------------


async def test_publish_from_threads() -> None:
    """Synchronous code publishes from a thread that asgiref started, and from one that knows of no event loop."""
    with fresh_layer() as layer:
        (life,) = await lives(1)

        await sync_to_async(Living.publish)("lobby", Shouted(text="asgiref"))
        await asyncio.to_thread(Living.publish, "lobby", Shouted(text="thread"))
        await asyncio.sleep(0.01)

        assert ["asgiref", "thread"] == texts(life)
        await end([life], layer)


def test_publish_without_any_loop() -> None:
    """A management command, which has no event loop, publishes too."""
    with fresh_layer() as layer:
        async_to_sync(layer.group_add)("lobby", "specific.other!process")
        Living.publish("lobby", Shouted(text="from afar"))

        parcel = read_parcel(async_to_sync(layer.receive)("specific.other!process"))

        assert parcel is not None
        assert (("lobby",), event_name(Shouted), {"text": "from afar"}) == (parcel.groups, parcel.event, parcel.payload)


@pytest.mark.django_db(transaction=True)
def test_publish_on_commit() -> None:
    """With ``on_commit`` a message is sent after the commit, not before, and never after a rollback."""
    with fresh_layer() as layer:
        with transaction.atomic():
            Living.publish("lobby", Shouted(text="x"), on_commit=True)
            assert [] == layer.calls
        assert [("group_send", "lobby")] == layer.calls

        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Living.publish("lobby", Shouted(text="y"), on_commit=True)
            raise ZeroDivisionError
        assert [("group_send", "lobby")] == layer.calls

        Living.publish("lobby", Shouted(text="z"), on_commit=True)
        assert [("group_send", "lobby")] * 2 == layer.calls


@pytest.mark.django_db(transaction=True)
async def test_apublish_on_commit() -> None:
    """Asynchronous code has no transaction of its own, so ``on_commit`` sends at once."""
    with fresh_layer() as layer:
        await Living.apublish("lobby", Shouted(text="x"), on_commit=True)
        assert [("group_send", "lobby")] == layer.calls


# -- a layer that fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forgetting", [True, False])
async def test_a_failing_layer_ends_no_connection(forgetting: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the layer is down connections live and are answered; afterwards their groups are joined again."""
    monkeypatch.setattr(hubs, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(hubs, "LONGEST_DELAY", 0.02)
    with fresh_layer() as layer:
        made = await lives(2)
        layer.fail()
        await asyncio.sleep(0.05)
        made[0].call("move", "a")
        made[1].call("shout", "lost")
        made[1].call("quick", 1)
        newcomer = Life()
        newcomer.begin()
        await asyncio.sleep(0.05)

        assert ["complete"] == [frame["action"] for _, frame in made[0].terminals()]
        assert ["error", "quick"] == [frame["action"] for _, frame in made[1].terminals()]
        assert newcomer.is_ready
        layer.recover(forgetting=forgetting)
        await asyncio.sleep(0.2)

        await made[1].connection.consumer.broadcast(Shouted(text="found"), ["a"])
        await made[1].connection.consumer.broadcast(Shouted(text="all"))
        await settle()

        assert [["found", "all"], ["all"], ["all"]] == [texts(life) for life in (*made, newcomer)]
        await end([*made, newcomer], layer)


async def test_a_layer_that_fails_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group whose joining failed is joined soon, even where nothing else happens on the layer."""
    monkeypatch.setattr(hubs, "FIRST_DELAY", 0.01)
    with fresh_layer() as layer:
        (life,) = await lives(1)
        layer.fail(["group_add"])
        await life.connection.consumer.join("a")
        layer.failing = set()
        await asyncio.sleep(0.05)

        await Living.apublish("a", Shouted(text="here"))
        await settle()

        assert ["here"] == texts(life)
        await end([life], layer)


async def test_a_layer_that_fails_for_good_lets_connections_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a layer that never comes back, connections end, and after a last try no task of the hub stays."""
    monkeypatch.setattr(hubs, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(hubs, "FAREWELL", 0.1)
    with fresh_layer() as layer:
        made = await lives(2)
        layer.fail()
        await asyncio.sleep(0.05)
        for life in made:
            life.socket.leave()
            await life.end()
            life.check_over()
        layer.groups = {}
        await nothing_left(layer)


async def test_a_failing_send_raises() -> None:
    """Who broadcasts or publishes to a layer that fails hears of it."""
    with fresh_layer() as layer:
        (life,) = await lives(1)
        layer.failing = {"group_send"}
        sends: list[Coroutine[Any, Any, None]] = [
            life.connection.consumer.broadcast(Shouted(text="")),
            Living.apublish("lobby", Shouted(text="")),
        ]
        for send in sends:
            with pytest.raises(ConnectionError):
                await send
        with pytest.raises(ConnectionError):
            await sync_to_async(Living.publish)("lobby", Shouted(text=""))
        await end([life], layer)
