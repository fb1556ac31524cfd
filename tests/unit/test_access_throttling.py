"""Throttles of DRF share their budget with REST; buckets of one connection are exact."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle, BaseThrottle
from rest_framework.views import APIView

from tests.unit.access_site import Desk, MembersDesk, meet, sync, variant
from wsdrf import on, requires, throttle
from wsdrf.access import throttling
from wsdrf.testing import WebsocketCommunicator


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


class TwoAMinute(AnonRateThrottle):
    rate = "2/min"


class Waiting(BaseThrottle):
    """Refuse for so long, and count how often it was asked."""

    seconds: float | None = None
    asked: list[float | None] = []

    def allow_request(self, request: Any, view: Any) -> bool:
        self.asked.append(self.seconds)
        return False

    def wait(self) -> float | None:
        return self.seconds


def waiting(seconds: float | None) -> type[Waiting]:
    return type("SomeWaiting", (Waiting,), {"seconds": seconds})


class Scoped(BaseThrottle):
    def allow_request(self, request: Any, view: Any) -> bool:
        return bool(view.throttle_scope == "desk" and view.action is None)


def test_a_throttle_of_a_connect_reads_its_scope_off_the_consumer():
    """What a throttle class reads off its view stands on the consumer, before there is an action too."""
    assert 200 == meet(variant(throttle_classes=[Scoped], throttle_scope="desk"))[0]["status_code"]
    assert 429 == meet(variant(throttle_classes=[Scoped], throttle_scope="hall"))[0]["status_code"]


class RestView(APIView):
    authentication_classes = []
    permission_classes = []
    throttle_classes = [TwoAMinute]

    def get(self, request: Any) -> Response:
        return Response()


def test_connects_and_requests_share_a_budget():
    """A connect spends what a REST request of the same client would, and the other way round."""
    desk = variant(throttle_classes=[TwoAMinute])
    request = RequestFactory().get("/")
    assert 200 == RestView.as_view()(request).status_code
    assert 200 == meet(desk)[0]["status_code"]
    assert 429 == RestView.as_view()(request).status_code
    payload, _ = meet(desk)
    assert (429, "Request was throttled") == (payload["status_code"], payload["data"]["detail"].partition(".")[0])
    assert 200 == meet(desk, scope={"client": ("10.0.0.1", 1)})[0]["status_code"]


def test_refused_connects_are_not_counted():
    """Who is refused by a guard does not spend anybody's budget."""
    desk = variant(MembersDesk, throttle_classes=[TwoAMinute])
    assert [403] * 3 == [meet(desk)[0]["status_code"] for _ in range(3)]
    assert 200 == RestView.as_view()(RequestFactory().get("/")).status_code


@pytest.mark.parametrize(("waits", "expected"), [([2.2, 7.1, None], "8"), ([None], None), ([0.1], "1")])
def test_every_throttle_is_asked(waits, expected):
    """All throttles are asked, even after one has refused, and the longest wait is what the client is told."""
    Waiting.asked.clear()
    desk = variant(throttle_classes=[waiting(wait) for wait in waits], denial="handshake")
    socket = WebsocketCommunicator(desk.as_asgi(), "/")
    assert (False, 429) == sync(socket.connect)()
    assert waits == Waiting.asked
    assert expected == socket.response.headers.get("retry-after")


class Throttling(Desk):
    revalidate_after = 0.0

    @on("act")
    @throttle(TwoAMinute)
    async def act(self) -> int:
        return 1


def test_actions_share_a_budget():
    """An action under a throttle of DRF's spends the same budget; the wait stands in the error frame."""

    async def run() -> list[Any]:
        async with WebsocketCommunicator(Throttling.as_asgi(), "/") as socket:
            return [await socket.call("act") for _ in range(3)]

    assert 200 == RestView.as_view()(RequestFactory().get("/")).status_code
    answers = sync(run)()
    assert [None, "throttled", "throttled"] == [answer.code for answer in answers]
    assert 0 < answers[1].payload["retry_after"] <= 60
    assert 429 == answers[1].status_code


# -- buckets -----------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throttling, "monotonic", clock)
    return clock


@given(st.integers(1, 20), st.integers(1, 3600), st.lists(st.floats(0, 600), max_size=60))
def test_bucket_law(count, period, pauses):
    """In no span of time are more calls let through than its tokens: ``count`` at once, and one each period/count."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "monotonic", clock)
        bucket = throttling.Bucket(count, period)
        taken: list[float] = []
        for pause in pauses:
            clock.now += pause
            wait = bucket.take()
            if wait == 0:
                taken.append(clock.now)
            assert 0 <= wait <= period / count + 1e-6
        for first in range(len(taken)):
            for last in range(first, len(taken)):
                assert last - first + 1 <= count + (taken[last] - taken[first]) * count / period + 1e-6


@given(st.integers(1, 20), st.integers(1, 3600))
def test_bucket_is_exact(count, period):
    """Exactly ``count`` pass at once; the wait that the next is told is enough, and no less would be."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "monotonic", clock)
        bucket = throttling.Bucket(count, period)
        assert [0] * count == [bucket.take() for _ in range(count)]
        wait = bucket.take()
        assert wait == pytest.approx(period / count)
        clock.now += wait * 0.99
        assert 0 < bucket.take()
        clock.now += wait * 0.02
        assert 0 == bucket.take()


def test_all_buckets_are_asked(clock):
    """Every bucket of a call counts it, and the longest wait is told, in whole seconds."""
    buckets = [throttling.Bucket(1, 10), throttling.Bucket(1, 90.5), throttling.Bucket(5, 5)]
    throttling.check_buckets(buckets)
    with pytest.raises(Throttled) as caught:
        throttling.check_buckets(buckets)
    assert 91 == caught.value.wait


class Rated(Desk):
    @on("act")
    @requires(IsAuthenticated)
    @throttle("1/m")
    async def act(self) -> None: ...

    @on("both")
    @throttle("2/m")
    @throttle("1/h")
    async def both(self) -> None: ...


def test_rate_of_an_action():
    """A rate belongs to one connection and action, and who is refused by a guard does not spend it."""

    async def run() -> list[Any]:
        async with WebsocketCommunicator(Rated.as_asgi(), "/") as socket:
            return [await socket.call(action) for action in ("act", "act", "both", "both")]

    answers = sync(run)()
    assert ["permission_denied", "permission_denied", None, "throttled"] == [answer.code for answer in answers]
    assert 3600 >= answers[3].payload["retry_after"] > 60
    assert [None] == [answer.code for answer in sync(run)()[2:3]]


def test_without_buckets_nothing_is_refused():
    """An action of which no rate is stated takes no token."""
    assert throttling.check_buckets([]) is None
