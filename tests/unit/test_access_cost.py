"""What freshness costs: the database is asked about credentials when they are old, and at no other call."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission, IsAuthenticated

from tests.unit.access_site import sync
from wsdrf import Consumer, on, requires
from wsdrf.access import caller
from wsdrf.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db

QUERIES = {"session": 2, "token": 1}
"""What one look at the credentials takes: the session and its user, or the token with its user."""


class Exists(BasePermission):
    """A guard that asks the database once."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return User.objects.filter(pk=request.user.pk).exists()


class Asked(Consumer):
    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [IsAuthenticated]

    @on("free")
    async def free(self) -> None: ...

    @on("threaded")
    def threaded(self) -> None: ...

    @on("guarded")
    @requires(Exists)
    async def guarded(self) -> None: ...


class AskedEachTime(Asked):
    revalidate_after = 0


class NeverAsked(Asked):
    revalidate_after = None


OWN = {"free": 0, "threaded": 0, "guarded": 1}
"""What the guards of each action ask of the database themselves."""


class Clock:
    """A clock that moves when told to; ahead of all others, so that nothing was told since."""

    now = 1e9

    def __call__(self) -> float:
        return self.now


def count_queries(consumer: type[Consumer], login: str, steps: Sequence[tuple[float, str]]) -> list[int]:
    """Connect, then let the seconds of each step pass and call its action; give how many queries each call made."""
    database = connections["default"]  # this thread's, which is where blocking work is done for a synchronous test
    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(database):
        clock = Clock()
        patch.setattr(caller, "monotonic", clock)
        return sync(_count_queries)(consumer, login, steps, clock, database.queries_log)


async def _count_queries(consumer: Any, login: str, steps: Any, clock: Clock, queries: Sized) -> list[int]:
    user, _ = await User.objects.aget_or_create(username="ann")
    socket = WebsocketCommunicator(consumer.as_asgi(), "/")
    if login == "session":
        await socket.login(user)
    else:
        token, _ = await Token.objects.aget_or_create(user=user)
        socket.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    counts = []
    async with socket:
        for seconds, action in steps:
            clock.now += seconds
            before = len(queries)
            answer = await socket.call(action)
            assert not answer.is_error
            counts.append(len(queries) - before)
    return counts


steps = st.lists(st.tuples(st.sampled_from([0, 0.5, 2, 3, 4.9, 5, 60]), st.sampled_from(sorted(OWN))), max_size=8)


@given(st.sampled_from(sorted(QUERIES)), steps)
def test_within_revalidate_after(login, steps):
    """By default, a call makes no query besides its guards' own unless the last look is 5 seconds old."""
    age, expected = 0.0, []
    for seconds, action in steps:
        age += seconds
        expected.append(OWN[action] + (QUERIES[login] if age >= 5 else 0))
        age = 0 if age >= 5 else age

    assert expected == count_queries(Asked, login, steps)


@pytest.mark.parametrize("login", sorted(QUERIES))
@pytest.mark.parametrize("action", sorted(OWN))
def test_each_time_or_never(login, action):
    """With 0 every call looks, however young the login; with ``None`` none does, however old."""
    counts = {AskedEachTime: OWN[action] + QUERIES[login], NeverAsked: OWN[action]}
    for consumer, expected in counts.items():
        assert [expected] * 3 == count_queries(consumer, login, [(0, action), (0, action), (600, action)])
