"""What a rehearsal of the guards says is what the same caller is answered on a socket: status, code and detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.access_oracle import Caller, People, Question, Remembering, open_socket, questions, talk
from tests.laws.access_oracle import Verdict as Answer
from tests.laws.access_zoo import Guard, authentications, guard_lists, opening_lists
from wsdrf import Consumer, loads, message, on, requires
from wsdrf.access.verdicts import Rehearsal, Verdict
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.pool import thread_sensitive
from wsdrf.testing.scope import copy_scope

pytestmark = pytest.mark.django_db

people: list[People] = []


@pytest.fixture(autouse=True)
def rows(db: None) -> Iterator[None]:
    """Make the rows, once for all examples of a law."""
    people.append(People())
    yield
    people.clear()


@message("pick")
class Pick:
    pk: int


def consumer(connection: Sequence[Guard], own: Sequence[Guard], method: str, **attributes: Any) -> Any:
    """Make a consumer with two actions that do nothing: ``act``, and ``find``, which loads a row."""

    async def act(self: Any) -> None: ...

    async def find(self: Any, payload: Pick, group: Group) -> None: ...

    handlers = {"act": act, "find": loads("group", Group.objects.all(), pk="pk")(find)}
    body = {
        "revalidate_after": None,
        "authenticator_class": Remembering,
        "queryset": Group.objects.all(),
        "permission_classes": [guard.ours for guard in connection],
        **attributes,
    }
    for name, handler in handlers.items():
        guarded = requires(*(guard.ours for guard in own))(handler) if own else handler
        body[name] = on(name, method=method)(guarded)
    return type(Consumer)("Zoo", (Consumer,), body)


def rehearse(zoo: Any, caller: Caller, question: Question, call: dict[str, Any]) -> list[Verdict]:
    """Give the verdict of connecting and, for who is let in, that of ``call``."""
    scope = copy_scope(open_socket(zoo, caller, people[0], question).scope)

    async def ask() -> list[Verdict]:
        rehearsal = Rehearsal(blueprint_of(zoo, Consumer), scope)
        entrance = await rehearsal.connect()
        return [entrance, await rehearsal.call(**call)] if entrance.is_allowed else [entrance]

    with thread_sensitive():
        return async_to_sync(ask)()


def read(answer: Answer) -> Verdict:
    return Verdict(answer.status_code == 200, answer.status_code, answer.code, answer.detail or "")


callers = st.deferred(lambda: people[0].callers())  # noqa: PLW0108  # there are no people yet
picks = st.tuples(questions, st.sampled_from(["open", "closed", "missing", None]))


@given(callers, authentications, opening_lists, guard_lists, questions)
def test_call(caller, authentications, connection, own, question):
    """Connecting, and an action without a payload: whatever the guards, the object and the credentials."""
    zoo = consumer(connection, own, question.method, authentication_classes=authentications)
    call = {"action": "act"}
    answers = talk(zoo, caller, people[0], question, call)
    assert [read(answer) for answer in answers] == rehearse(zoo, caller, question, call)


@given(callers, authentications, opening_lists, guard_lists, picks)
def test_loaded(caller, authentications, connection, own, pick):
    """An action that loads an object, given a payload: found or not, permitted or not; and one that is no payload."""
    question, row = pick
    zoo = consumer(connection, own, question.method, authentication_classes=authentications)
    call = {"action": "find", "payload": {"pk": None if row is None else people[0].pks[row]}}
    answers = talk(zoo, caller, people[0], question, call)
    assert [read(answer) for answer in answers] == rehearse(zoo, caller, question, call)
