"""Generated conversations find each faulty consumer, and nothing wrong with right ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import settings
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticatedOrReadOnly

from tests.conftest import CONVERSATIONS
from tests.laws import mutants
from tests.laws.mutants import MUTANTS, NOBODY, ROLES, Members, Mutant, Noted, Open, Said, Say
from tests.laws.overheard import PATH, Overheard
from tests.laws.zoo import ZOO, Specimen
from wsdrf import Consumer, on, receives, requires, throttle
from wsdrf.strategies import ConsumerMachine, state_machine
from wsdrf.strategies.machine.case import converse, usual_settings

pytestmark = pytest.mark.django_db

EXAMPLES = {"dev": 10, "ci": 30, "thorough": 1000}
FEW = {"dev": 2, "ci": 4, "thorough": 150}
"""For each of the zoo's types: with "thorough", more than 10 000 conversations in all."""


def examples(counts: dict[str, int]) -> settings:
    """Give settings for as many examples as the profile of the run wants."""
    wanted = settings().max_examples
    name = "dev" if wanted <= 50 else "ci" if wanted <= 200 else "thorough"
    return settings(usual_settings(), max_examples=counts[name], database=None)


def hold(machine: type[ConsumerMachine], counts: dict[str, int]) -> int:
    """Hold as many conversations as the profile of the run wants; give how many were begun."""
    begun = 0

    class Counted(machine):  # type: ignore[misc, valid-type]  # a class that is made at run time
        def __init__(self) -> None:
            nonlocal begun
            begun += 1
            super().__init__()

    using = examples(counts)
    converse(Counted, using)
    assert using.max_examples <= begun
    return begun


def tell(request: pytest.FixtureRequest, conversations: int) -> None:
    """Have the end of the run tell of so many conversations more."""
    request.node.user_properties.append((CONVERSATIONS, conversations))


def token_of(name: str) -> str:
    return Token.objects.create(user=get_user_model().objects.create_user(name)).key


class Payload(serializers.Serializer):
    text = serializers.CharField(max_length=20)
    number = serializers.IntegerField(min_value=0, required=False)


class Everything(Members):
    """Every kind of handler, guard and event there is, and nothing wrong with any."""

    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [IsAuthenticatedOrReadOnly]
    sends = [Said, Noted]

    @on("m.read", method="GET")
    def read(self) -> list[str]:
        return sorted(self.groups)

    @on("m.purge", method="DELETE")
    @requires(IsAdminUser)
    async def purge(self) -> None:
        await self.broadcast(Noted(number=1))

    @on("m.count", method="GET")
    async def count(self, payload: mutants.Percent) -> AsyncIterator[Noted]:
        for number in range(min(payload.number, 3)):
            yield Noted(number=number)

    @on("m.feed", method="GET")
    async def feed(self) -> AsyncIterator[Noted]:
        yield Noted(number=0)
        await asyncio.Event().wait()

    @on("m.beside", concurrent=True)
    async def beside(self, payload: Say) -> Said | None:
        return Said(text=payload.text) if payload.text else None

    @on("m.serialized")
    def serialized(self, payload: Payload) -> dict[str, Any]:
        return dict(payload.validated_data)

    @on("m.rename")
    @throttle("2/m")
    def rename(self, payload: mutants.Percent) -> int:
        self.user.first_name = str(payload.number)
        self.user.save()
        return get_user_model().objects.filter(first_name=self.user.first_name).count()

    @on("m.publish")
    async def publish_it(self) -> None:
        await self.apublish("members", Noted(number=7), on_commit=True)

    @receives(Noted)
    async def noted(self, event: Noted) -> Said | None:
        return Said(text="seven") if event.number == 7 else None


def echo_of(specimen: Specimen) -> type[Consumer]:
    """Make a consumer that takes and gives back values of one type, in every way there is."""
    kind = specimen.type
    given = (
        Any if specimen.name == "alias" else kind
    )  # what a string in an alias means is not known of what is returned

    async def once(self: Any, payload: Any) -> Any:
        return payload

    def in_a_thread(self: Any, payload: Any) -> Any:
        return payload

    async def again(self: Any, payload: Any) -> Any:
        yield payload
        yield payload

    for method in (once, in_a_thread):
        method.__annotations__ = {"payload": kind, "return": given}
    again.__annotations__ = {"payload": kind, "return": AsyncIterator[given]}
    body = {
        "authentication_classes": [],
        "permission_classes": [AllowAny],
        "once": on("zoo.once")(once),
        "in_a_thread": on("zoo.thread")(in_a_thread),
        "again": on("zoo.again")(again),
        "beside": on("zoo.beside", concurrent=True)(_like(once)),
    }
    return requires(AllowAny)(type(Consumer)("Echo", (Consumer,), body))


def _like(method: Any) -> Any:
    async def beside(self: Any, payload: Any) -> Any:
        return payload

    beside.__annotations__ = method.__annotations__
    return beside


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.consumer.__name__)
def test_fault_is_found(mutant: Mutant) -> None:
    """A consumer with a fault is caught, with the finding that names the fault, and shown as a conversation."""
    machine = state_machine(mutant.consumer, mutant.roles, application=mutant.application)

    with pytest.raises(mutant.caught) as caught:
        converse(
            machine,
            settings(machine.TestCase.settings, database=None, max_examples=100, derandomize=True),
        )

    assert "async def test_" in str(caught.value)


def test_there_are_enough_faults() -> None:
    """More than twenty kinds of fault are tried."""
    assert 30 <= len(MUTANTS) == len({mutant.consumer for mutant in MUTANTS})


@pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)
def test_right_echo_raises_no_alarm(specimen: Specimen, request: pytest.FixtureRequest) -> None:
    """A consumer that echoes a type, whichever it is, has nothing wrong, and each frame is one message of its document."""
    consumer = echo_of(specimen)
    overheard = Overheard(consumer)

    tell(request, hold(state_machine(consumer, NOBODY, path=PATH, application=overheard), FEW))

    assert [] == overheard.odd
    assert overheard.count


@pytest.mark.parametrize("consumer", [Open, Members, Everything])
def test_right_consumer_raises_no_alarm(consumer: type[Consumer], request: pytest.FixtureRequest) -> None:
    """A consumer that does everything there is, and does it right, has nothing wrong with it."""
    roles = {**ROLES, "carol": partial(token_of, "carol")} if consumer is Everything else ROLES

    tell(request, hold(state_machine(consumer, roles, endless=["m.feed"]), EXAMPLES))


@pytest.mark.parametrize("consumer", [Open, Members, Everything])
def test_every_frame_of_a_machine_is_one_message(consumer: type[Consumer]) -> None:
    """Whatever a consumer sends in generated conversations of several people is one message of its document."""
    overheard = Overheard(consumer)
    roles = {**ROLES, "carol": partial(token_of, "carol")} if consumer is Everything else ROLES

    conversations = hold(state_machine(consumer, roles, path=PATH, application=overheard, endless=["m.feed"]), EXAMPLES)

    assert [] == overheard.odd
    assert conversations < overheard.count


DEMO = """
import django
django.setup()
from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.core.management import call_command
from hypothesis import settings
from wsdrf.strategies import state_machine
from wsdrf.strategies.machine.case import converse, usual_settings

project.ALLOWED_HOSTS = ["testserver"]
call_command("migrate", verbosity=0)
from rooms.consumers import RoomConsumer
from rooms.models import Membership, Room
from rooms.seed import USERS, seed
from tests.laws.overheard import Overheard
seed()

def role(name):
    return lambda: get_user_model().objects.get(username=name)

roles = {user.username: role(user.username) for user in USERS} | {"anonymous": None}
losses = {"leaves": lambda user: Membership.objects.filter(user=user).delete()}
begun = 0
for room in Room.objects.all():
    overheard = Overheard(RoomConsumer, "/ws/rooms/<int:pk>/")
    place = {"path": f"/ws/rooms/{room.pk}/", "application": overheard}

    class Counted(state_machine(RoomConsumer, roles, **place, closes=[4403], losses=losses)):
        def __init__(self):
            global begun
            begun += 1
            super().__init__()

    converse(Counted, settings(usual_settings(), max_examples=EXAMPLES, database=None))
    assert overheard.count > begun / 2 and not overheard.odd, overheard.odd[:3]
print(begun)
"""


def test_demo_raises_no_alarm(request: pytest.FixtureRequest) -> None:
    """The demo's rooms, tried as everybody, have nothing wrong, and each frame is one message of their document."""
    root = Path(__file__).parents[2]
    count = examples(EXAMPLES).max_examples
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DEMO.replace("EXAMPLES", str(count))],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CHAT_DATABASE": ":memory:",
            "PYTHONPATH": os.pathsep.join([str(root), str(root / "examples" / "chat")]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )

    assert (0, "") == (finished.returncode, finished.stderr)
    tell(request, int(finished.stdout))
