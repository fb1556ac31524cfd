"""The machine that makes up conversations: what it shows, what it leaves behind, and what it lets a project say."""

from __future__ import annotations

import asyncio
import time
import unittest
import warnings
from itertools import count
from typing import Any

import attrs
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import transaction
from hypothesis import given, stateful
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import engine
from hypothesis.internal.conjecture.shrinker import Shrinker
from hypothesis.stateful import run_state_machine_as_test
from rest_framework.permissions import BasePermission, IsAdminUser

from tests.laws import mutants
from wsdrf import Consumer, loads, message, on, requires
from wsdrf.exceptions import ConfigurationError
from wsdrf.strategies import state_machine
from wsdrf.strategies.machine import case, shrinking
from wsdrf.strategies.machine.case import usual_settings
from wsdrf.strategies.machine.driver import Driver
from wsdrf.strategies.machine.findings import ClosedUnexpectedly, InternalError, Unanswered
from wsdrf.strategies.machine.machine import utter
from wsdrf.strategies.machine.stage import Stage

SOME = hypothesis_settings(usual_settings(), max_examples=5, database=None, derandomize=True)
ENOUGH = hypothesis_settings(SOME, max_examples=100)
"""Where something must be found: five conversations may pass by it, with one version of hypothesis or another."""


@message("unit.made")
class Made:
    name: str


class Making(mutants.Members):
    """Leaves rows, cache entries and callbacks behind, as any consumer may."""

    sends = [Made]

    @on("unit.make")
    def make(self) -> Made:
        user = User.objects.create(username=f"made-{User.objects.count()}")
        cache.set("made", user.username)
        transaction.on_commit(lambda: self.publish("members", Made(name=user.username)))
        return Made(name=user.username)


@message("unit.row")
class Row:
    number: int


class Passing(mutants.Members):
    """Makes rows and takes them away again; right in every way."""

    @on("unit.add")
    async def add(self, payload: Row) -> None:
        await Group.objects.acreate(pk=payload.number, name=str(payload.number))

    @on("unit.drop")
    @loads("group", Group.objects.all(), pk="number")
    async def drop(self, payload: Row, group: Group) -> None:
        await group.adelete()


class Deliberates(BasePermission):
    """Says yes, and takes longer each time."""

    asked = 0

    async def has_permission(self, request: Any, view: Any) -> bool:
        await asyncio.sleep(0.1 * Deliberates.asked)
        Deliberates.asked += 1
        return True


class Regretting(mutants.Members):
    """Accepts everybody, and closes a moment later."""

    permission_classes = [Deliberates]

    async def connected(self) -> None:
        await asyncio.sleep(0.05)
        await self.close(4001)


@pytest.fixture
def driver():
    """Give a driver that ends with the test."""
    made = Driver(lambda: None)
    yield made
    made.end()


async def _in_a_thread(what: Any) -> Any:
    return await sync_to_async(what)()


def test_blocking_work_is_done_by_the_thread_of_the_test(driver):
    """What runs in threads runs in the test's own, outside of a running loop."""
    import threading

    assert threading.current_thread() is driver.run(_in_a_thread(threading.current_thread))
    with pytest.raises(RuntimeError, match="no running event loop"):
        driver.run(_in_a_thread(asyncio.get_running_loop))


def test_blocking_work_may_wait_for_the_loop(driver):
    """``async_to_sync`` in blocking work runs on the loop of the connections, which goes on meanwhile."""
    seen: list[Any] = []

    async def note() -> str:
        seen.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return "noted"

    async def own() -> Any:
        return asyncio.get_running_loop()

    assert "noted" == driver.run(_in_a_thread(async_to_sync(note)))
    assert "noted" == async_to_sync(note)()
    assert [driver.run(own())] * 2 == seen


def test_tasks_live_from_one_run_to_the_next(driver):
    """A task that one run has begun goes on in the next."""
    done = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.append(True)

    async def begin() -> None:
        asyncio.get_running_loop().create_task(work())

    async def wait() -> bool:
        return await driver.until(lambda: bool(done), 5)

    driver.run(begin())
    assert driver.run(wait())


def test_hopeless_wait_is_over_at_once(driver):
    """Where nothing is left that could happen, nobody waits until the end of their patience."""

    async def wait() -> tuple[bool, float]:
        started = driver.time()
        return await driver.until(lambda: False, 60), driver.time() - started

    found, seconds = driver.run(wait())
    assert not found
    assert seconds < 30


def test_nobody_waits_in_vain_on_a_busy_machine(driver):
    """While the machine does something else, neither a timer of the connections runs out nor anybody's patience."""
    done = []

    async def starve() -> None:
        for _ in range(20):
            time.sleep(0.02)  # noqa: ASYNC251 - as while others have the processor: neither work nor a wait
            await asyncio.sleep(0)
        done.append(True)

    async def wait() -> bool:
        work = asyncio.get_running_loop().create_task(starve())
        is_so = await driver.until(lambda: bool(done), 0.2)
        await asyncio.wait_for(work, 0.2)
        return is_so

    assert driver.run(wait())


def test_patience_ends_all_the_same(driver):
    """What works for ever, or waits again and again, is given up when patience is at its end."""

    async def spin(seconds: float) -> None:
        for _ in count():
            await asyncio.sleep(seconds)

    async def wait(seconds: float) -> bool:
        work = asyncio.get_running_loop().create_task(spin(seconds))
        is_so = await driver.until(lambda: False, 0.2)
        work.cancel()
        return is_so

    assert [False, False] == [driver.run(wait(0)), driver.run(wait(0.01))]


@attrs.define
class Span:
    start: int
    end: int
    label: int = stateful.STATE_MACHINE_RUN_LABEL


@attrs.define
class Conversation:
    """What hypothesis would shrink: steps of two choices each, of which some matter."""

    nodes: tuple[int, ...]
    matter: frozenset[int]
    tried: int = 0

    @property
    def spans(self) -> list[Span]:
        return [Span(0, len(self.nodes), label=0), *(Span(at, at + 2) for at in range(0, len(self.nodes), 2))]

    def consider_new_nodes(self, nodes: tuple[int, ...]) -> bool:
        self.tried += 1
        if not self.matter <= set(nodes):
            return False
        self.nodes = nodes
        return True


@given(st.integers(1, 30).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1), max_size=3))))
def test_what_does_not_matter_is_left_out_first(drawn: tuple[int, set[int]]) -> None:
    """Of a long conversation those steps are left without which it does not fail, after few tries."""
    size, others = drawn
    matter = frozenset({*others, size - 1})
    conversation = Conversation(tuple(step for step in range(size) for _ in range(2)), matter)

    shrinking._drop_steps(conversation)

    assert sorted(matter) == sorted(set(conversation.nodes))
    assert conversation.tried <= 60


def test_hypothesis_can_be_hurried() -> None:
    """The hypothesis that is installed has all the names by which shrinking is hurried, and gets them back."""
    before = engine.MAX_SHRINKING_SECONDS, Shrinker.initial_coarse_reduction, Shrinker.consider_new_nodes

    with shrinking.shrinking_for(0.5):
        assert 0.5 == engine.MAX_SHRINKING_SECONDS
        assert before[1] is not Shrinker.initial_coarse_reduction

    assert before == (engine.MAX_SHRINKING_SECONDS, Shrinker.initial_coarse_reduction, Shrinker.consider_new_nodes)


@pytest.mark.django_db
def test_stage_leaves_nothing_behind():
    """Rows, cache entries and waiting callbacks of an example are gone after it; committed work was told of."""
    told: list[str] = []
    cache.set("kept", "yes")
    stage = Stage()
    stage.put_up()
    User.objects.create(username="somebody")
    cache.set("made", "somebody")
    with transaction.atomic():
        transaction.on_commit(lambda: told.append("now"))
        stage.settle()
        assert [] == told
    stage.settle()
    transaction.on_commit(lambda: told.append("never"))
    stage.take_down()

    assert ["now"] == told
    assert ("yes", None) == (cache.get("kept"), cache.get("made"))
    assert not User.objects.exists()


@pytest.mark.django_db
def test_conversations_leave_nothing_behind():
    """After a run there are no rows, no users and no cache entries that were not there before."""
    User.objects.create(username="kept")

    case.converse(state_machine(Making, mutants.ROLES), SOME)

    assert ["kept"] == [user.username for user in User.objects.all()]
    assert cache.get("made") is None


@pytest.mark.django_db
def test_object_that_comes_and_goes_raises_no_alarm():
    """An object that was not there, is made and taken away by calls sent together, is found by the second rightly."""
    machine = state_machine(Passing, mutants.ROLES)()
    machine.connect_as("alice")
    calls = [{"action": action, "payload": {"number": 7}, "id": action} for action in ("unit.add", "unit.drop")]

    machine.say([(0, utter(call)) for call in calls])

    assert {"unit.add", "unit.drop"} <= machine.peer(0).answered
    machine.teardown()


@pytest.mark.django_db
def test_connection_that_ends_before_a_frame_is_ready_raises_no_alarm():
    """A frame is not sent where the connection ends while the guards are asked what is to be expected."""
    machine = state_machine(Regretting, mutants.ROLES, closes=[4001])()

    machine.connect_as("alice", [utter({"action": "m.say", "id": 1})])

    assert [] == machine.peers
    machine.teardown()


def test_shown_conversation_fails_for_the_same_reason():
    """The test that a finding shows is Python that fails, too, with the same call."""
    with pytest.raises(InternalError) as found:
        case.converse(
            state_machine(mutants.FailsOnEmptyText, {"anonymous": None}),
            hypothesis_settings(ENOUGH, report_multiple_bugs=False),
        )

    text = str(found.value)
    script = text[text.index("import pytest") :]
    world: dict[str, Any] = {}
    exec(compile(script, "script", "exec"), world)
    with pytest.raises(AssertionError):
        asyncio.run(world["test_fails_on_empty_text"]())


def test_class_is_a_test_case_and_can_be_subclassed():
    """The machine has a ``TestCase``, and a subclass with rules of its own has another."""
    machine = state_machine(mutants.Open, {"anonymous": None})

    class Own(machine):
        pass

    assert issubclass(machine.TestCase, unittest.TestCase)
    assert Own.TestCase is not machine.TestCase
    assert "OpenMachine" == machine.__name__


@pytest.mark.django_db
def test_what_is_meant_can_be_said():
    """Close codes and endless streams are findings, until they are said to be meant."""
    for consumer, kind, options in (
        (mutants.ClosesOnAValue, ClosedUnexpectedly, {"closes": [4000]}),
        (mutants.NeverCompletes, Unanswered, {"endless": ["m.numbers"]}),
    ):
        many = hypothesis_settings(ENOUGH, report_multiple_bugs=False)
        with pytest.raises(kind):
            case.converse(state_machine(consumer, {"anonymous": None}, shrink_for=0.2), many)
        run_state_machine_as_test(state_machine(consumer, {"anonymous": None}, **options), settings=SOME)


@pytest.mark.django_db
def test_path_that_leads_elsewhere_is_told_of():
    """A path at which another consumer answers is an error that says so, and no finding."""
    machine = state_machine(mutants.Open, {"anonymous": None}, application=mutants.FailsOnZero.as_asgi(), path="/x/")

    with pytest.raises(ConfigurationError, match="leads to no Open"):
        case.converse(machine, SOME)


def test_nobody_is_told_of():
    """A machine without roles would try nothing, and cannot be made."""
    with pytest.raises(ValueError, match="Nobody tries Open"):
        state_machine(mutants.Open, {})


@pytest.mark.django_db
def test_a_machine_that_lets_nobody_in_is_told_of(converse):
    """Where nobody is ever let in, no call is tried: the test passes with a warning that says who was refused."""

    class Shut(mutants.Members):
        permission_classes = [IsAdminUser]

    with pytest.warns(UserWarning, match=r"^ShutMachine let nobody in \(anonymous\), so no call was tried\."):
        converse(Shut, {"anonymous": None}, settings=SOME)
    with warnings.catch_warnings():  # its action= came with Python 3.11
        warnings.simplefilter("error")
        converse(
            Shut, {"anonymous": None, "alice": User.objects.create(username="alice", is_staff=True)}, settings=SOME
        )


@pytest.mark.django_db
def test_url_captures_are_passed_on():
    """The consumer that is tried alone has the captures of its URL, asked anew in each example."""

    @requires(mutants.AllowAny)
    class Numbered(Consumer):
        authentication_classes: list[Any] = []

        @on("unit.number")
        async def number(self) -> int:
            return self.kwargs["pk"]

    case.converse(state_machine(Numbered, {"anonymous": None}, kwargs=lambda: {"pk": 7}), SOME)


@pytest.mark.django_db
def test_fixture_runs_conversations(converse):
    """The fixture tries a consumer as the users that a test has made, with hypothesis's settings."""
    alice = User.objects.create(username="alice", is_staff=True)

    converse(mutants.Members, {"alice": alice, "anonymous": None}, settings=SOME)
    with pytest.raises(InternalError):
        converse(mutants.FailsForOneRole, {"alice": alice}, settings=ENOUGH)


@pytest.mark.django_db
def test_project_without_a_channel_layer(converse, settings):
    """Logins are lost, and their connections end, in a project that has no channel layer, too."""

    class Alone(mutants.Members):
        async def build_groups(self) -> list[str]:
            return []

        @on("m.say")
        async def say(self, payload: mutants.Say) -> mutants.Said:
            return mutants.Said(text=payload.text)

    del settings.CHANNEL_LAYERS
    converse(Alone, mutants.ROLES, settings=SOME)
