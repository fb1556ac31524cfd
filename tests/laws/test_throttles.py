"""A caller has one budget, whether it is spent over REST or on a socket; a rate of wsdrf's own is exact."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.throttling import AnonRateThrottle, ScopedRateThrottle, SimpleRateThrottle, UserRateThrottle

from tests.laws import throttle_site
from tests.laws.throttle_site import Ask, ByColour, Caller, Clock, NotRed, Site, credentials, over_rest, play
from tests.unit.access_site import Desk
from wsdrf import on, throttle
from wsdrf.access import throttling
from wsdrf.options import Rate
from wsdrf.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(db: None) -> Iterator[None]:
    """Make two users, one of them with two ways to log in, and serve the twin views."""
    for name in ("ann", "bea"):
        user = User.objects.create(username=name)
        credentials[f"{name} by token"] = {"authorization": f"Token {Token.objects.create(user=user).key}"}
        if name == "ann":
            client = Client()
            client.force_login(user)
            cookie = settings.SESSION_COOKIE_NAME
            credentials["ann by session"] = {"cookie": f"{cookie}={client.cookies[cookie].value}"}
    with override_settings(ROOT_URLCONF=throttle_site.__name__):
        yield
    credentials.clear()
    cache.clear()


# -- the law of one budget ---------------------------------------------------------------------------------------------

THROTTLES = [AnonRateThrottle, UserRateThrottle, ScopedRateThrottle, ByColour]
FORWARDED = [None, "9.9.9.9", "8.8.8.8, 9.9.9.9", "7.7.7.7,8.8.8.8 , 9.9.9.9"]
LOGINS = ["ann by token", "ann by session", "bea by token"]
RED, WRONG = {"number": 1, "colour": "red"}, {"number": "one"}
PAYLOADS = [{"number": 1, "colour": "blue"}, {"number": 1, "colour": "blue"}, {"number": 1}, RED, WRONG]

throttle_lists = st.lists(st.sampled_from(THROTTLES), min_size=1, max_size=4, unique=True)
sites = st.builds(
    Site,
    guards=st.sampled_from([[AllowAny], [AllowAny], [IsAuthenticated]]),
    own=st.sampled_from([[], [NotRed], [NotRed], [IsAuthenticated, NotRed]]),
    connects=st.just([]) | throttle_lists,
    acts=throttle_lists,
    throttle_scope=st.sampled_from([None, "lines"]),
    revalidate_after=st.sampled_from([None, 0.0]),
)
strangers = st.builds(Caller, st.sampled_from(["10.0.0.1", "10.0.0.2"]), st.sampled_from(FORWARDED))
users = st.builds(Caller, st.just("10.0.0.1"), st.sampled_from(FORWARDED), st.sampled_from(LOGINS))
rates = st.fixed_dictionaries(
    {scope: st.sampled_from(["1/min", "2/min", "3/hour", "5/hour"]) for scope in ("anon", "user", "lines", "colour")}
)


@st.composite
def conversations(draw: st.DrawFn) -> list[Ask]:
    """Draw what few callers ask for, often enough to be throttled."""
    few = draw(st.lists(strangers, min_size=1, max_size=3) | st.lists(strangers | users, min_size=1, max_size=3))
    asks = st.builds(
        Ask,
        st.sampled_from(few),
        st.sampled_from(["connect", "act", "act"]),
        st.sampled_from(PAYLOADS),
        st.sampled_from([0, 0, 0, 0, 0.5, 29.5, 60, 1800]),
        st.booleans(),
    )
    return draw(st.lists(asks, min_size=5, max_size=20))


@given(sites, conversations(), rates, st.sampled_from([None, 0, 1, 2]))
def test_one_budget(site, asks, rates, num_proxies):
    """REST and socket mixed: each request is let in, refused or told to wait as if all had been made over REST.

    With DRF's own throttles and a project's, for whoever calls from wherever: a connect counts as a GET, an action as
    a request of its method.
    """
    site.serve()
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, override_settings(REST_FRAMEWORK={"NUM_PROXIES": num_proxies}):
        patch.setattr(SimpleRateThrottle, "timer", clock)
        patch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
        cache.clear()
        told = async_to_sync(play)(site, asks, clock)
        cache.clear()
        expected = []
        for now, ask, _ in told:
            clock.now = now
            expected.append(over_rest(ask))

    assert expected == [answer for _, _, answer in told]


class Generous(AnonRateThrottle):
    scope = "generous"


@given(
    st.sampled_from(["throttle", "rate"]),
    st.integers(1, 5),
    st.lists(st.sampled_from(["refused", "invalid", "good"]), max_size=12),
)
def test_what_is_spent(kind, budget, calls):
    """Who is refused by a guard spends nothing, however often; a payload that is wrong is counted as a right one is."""
    limit = type("Limit", (Generous,), {"rate": f"{budget}/hour"}) if kind == "throttle" else f"{budget}/h"
    site = Site([AllowAny], [NotRed], [], [limit], None, None)
    payloads = {"refused": RED, "invalid": WRONG, "good": PAYLOADS[0]}
    statuses = {"refused": 401, "invalid": 400, "good": 200}
    expected, left = [], budget
    for one in calls:
        expected.append(statuses[one] if one == "refused" or left else 429)
        left -= one != "refused" and left > 0
    asks = [Ask(Caller("10.0.0.1"), "act", payloads[one]) for one in calls]

    cache.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "monotonic", Clock())
        told = async_to_sync(play)(site, asks, Clock())

    assert expected == [answer.status_code for _, ask, answer in told if ask.what == "act"]


# -- the law of a rate -------------------------------------------------------------------------------------------------


def wait_of(taken: list[Fraction], now: Fraction, rate: str) -> Fraction:
    """Give how long to wait until one more call may pass: in no span may more pass than the rate has tokens for.

    A span has ``count`` tokens, and one more for each ``period / count`` seconds that it lasts.
    """
    count = Rate.parse(rate).count
    each = Fraction(Rate.parse(rate).period_seconds, count)
    spans = ((len(taken) - index + 1 - count) * each - (now - first) for index, first in enumerate(taken))
    return max([Fraction(0), *spans])


RATES = ["1/s", "3/s", "7/m", "20/m", "100/h", "3/h"]
steps = st.tuples(st.integers(0, 1), st.sampled_from(["one", "both"]), st.integers(0, 400))


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.lists(steps, min_size=1, max_size=40))
def test_rates_are_exact(first, second, steps):
    """A rate lets pass exactly what its tokens allow, to each connection and action alone, and tells how long to wait."""
    clock, start = Clock(), 100_000

    class Rated(Desk):
        max_errors = None

        @on("one")
        @throttle(first)
        async def one(self) -> None: ...

        @on("both")
        @throttle(first, second)
        async def both(self) -> None: ...

    async def talk() -> None:
        taken: dict[Any, list[Fraction]] = {}
        async with (
            WebsocketCommunicator(Rated.as_asgi(), "/") as here,
            WebsocketCommunicator(Rated.as_asgi(), "/") as there,
        ):
            for connection, action, pause in steps:
                clock.now += pause / 8
                now = Fraction(clock.now) - start
                limits = [(first, 0)] if action == "one" else [(first, 0), (second, 1)]
                waits = []
                for rate, number in limits:
                    mine = taken.setdefault((connection, action, number), [])
                    waits.append(wait_of(mine, now, rate))
                    if waits[-1] == 0:
                        mine.append(now)
                answer = await (here, there)[connection].call(action)
                assert (ceil(max(waits)) or None) == (answer.payload or {}).get("retry_after")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "monotonic", clock)
        async_to_sync(talk)()
