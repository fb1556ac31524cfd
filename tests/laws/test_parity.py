"""Whatever DRF would answer over HTTP, the socket answers: same status, same code, same detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import evolve
from django.contrib.auth.models import Group
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import access_oracle
from tests.laws.access_oracle import People, Remembering, Verdict, ask_drf, questions, talk
from tests.laws.access_zoo import Guard, asking_objects, authentications, guard_lists, opening_lists
from wsdrf import Consumer, loads, message, on, requires

pytestmark = pytest.mark.django_db

people: list[People] = []


@pytest.fixture(autouse=True)
def site(db: None) -> Iterator[People]:
    """Make the rows, once for all examples of a law, and serve the views that the oracle asks."""
    with override_settings(ROOT_URLCONF=access_oracle.__name__):
        people.append(People())
        yield people[0]
        people.clear()


@message("pick")
class Pick:
    pk: int


def consumer(attributes: dict[str, Any], guards: Sequence[Guard] = (), method: str = "POST", load: bool = False) -> Any:
    """Make a consumer with one action, ``act``, that does nothing."""

    async def plain(self: Any) -> None: ...

    async def loading(self: Any, payload: Pick, group: Group) -> None: ...

    act: Any = loads("group", Group.objects.all(), pk="pk")(loading) if load else plain
    act = requires(*ours(guards))(act) if guards else act
    body = {"revalidate_after": None, "authenticator_class": Remembering, "queryset": Group.objects.all()}
    return type(Consumer)("Zoo", (Consumer,), {**body, **attributes, "act": on("act", method=method)(act)})


def ours(guards: Sequence[Guard]) -> list[Any]:
    """Give the permission classes that the consumer gets."""
    return [guard.ours for guard in guards]


def theirs(guards: Sequence[Guard]) -> list[Any]:
    """Give the permission classes that the view gets: sync twins of the consumer's."""
    return [guard.theirs for guard in guards]


callers = st.deferred(lambda: people[0].callers())  # noqa: PLW0108  # there are no people yet
LET_IN = [Verdict(200)]


@given(callers, authentications, guard_lists, questions)
def test_connect(caller, authentications, guards, question):
    """Credentials, the connection's guards and its object: the ``authentication`` frame is what the view answers."""
    view = {"authentication_classes": authentications, "permission_classes": theirs(guards)}
    expected = ask_drf(view, caller, people[0], question)
    zoo = consumer({**view, "permission_classes": ours(guards), "auth_method": question.method})
    assert [expected] == talk(zoo, caller, people[0], question)


@given(callers, authentications, opening_lists, guard_lists, questions)
def test_action(caller, authentications, connection, own, question):
    """Each guard is asked with the action's method, about the connection's object too, and answers as in a view."""
    view = {"authentication_classes": authentications, "permission_classes": theirs(connection)}
    expected = [ask_drf(view, caller, people[0], evolve(question, method="GET"))]
    if expected == LET_IN:
        asked = [*asking_objects(connection), *asking_objects(own)]
        view |= {"permission_classes": theirs([*connection, *own]), "object_permission_classes": asked}
        expected.append(evolve(ask_drf(view, caller, people[0], question), challenge=None))
    zoo = consumer({**view, "permission_classes": ours(connection)}, own, question.method)
    assert expected == talk(zoo, caller, people[0], question, {"action": "act"})


@given(callers, authentications, guard_lists, questions)
def test_loads(caller, authentications, own, question):
    """An object that ``@loads`` found is a generic view's object: missing, forbidden or there."""
    view = {"authentication_classes": authentications, "permission_classes": []}
    home = evolve(question, method="GET", row="open")
    expected = [ask_drf(view, caller, people[0], home)]
    if expected == LET_IN:
        answer = ask_drf({**view, "permission_classes": theirs(own)}, caller, people[0], question)
        expected.append(evolve(answer, challenge=None))
    zoo = consumer(view, own, question.method, load=True)
    call = {"action": "act", "payload": {"pk": people[0].pks[question.row]}}
    assert expected == talk(zoo, caller, people[0], home, call)
