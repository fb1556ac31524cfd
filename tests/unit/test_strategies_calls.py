"""Calls of a consumer, valid and invalid: which are drawn, how they shrink, and what is said where there are none."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from attrs import validators as v
from django.test import override_settings
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from tests.laws.strategies_zoo import consumer_of
from tests.unit.test_strategies_payloads import OrderSerializer
from wsdrf import Consumer, on
from wsdrf.strategies import InvalidCall, calls, invalid_calls, register
from wsdrf.strategies.invalid import InvalidCall as Drawn
from wsdrf.strategies.registry import forget
from wsdrf.strategies.serialized import verdict

SEARCH = settings(max_examples=3000, database=None, deadline=None)


@attrs.frozen
class Inner:
    tags: list[str] = attrs.field(factory=list, validator=v.deep_iterable(v.max_len(2)))


@attrs.frozen
class Post:
    text: str = attrs.field(validator=[v.min_len(1), v.max_len(3)])
    sort_order: int = attrs.field(default=0, validator=v.in_(range(5)))
    inner: Inner | None = None


@attrs.frozen
class Filters:
    limit: int = 10


class Room(Consumer):
    @on("post")
    async def post(self, payload: Post) -> None: ...

    @on("list")
    async def list_all(self, payload: Filters) -> None: ...

    @on("maybe")
    async def maybe(self, payload: Post | None = None) -> None: ...

    @on("any")
    async def anything(self, payload: Any) -> None: ...

    @on("stop")
    async def stop(self) -> None: ...

    @on("order")
    async def order(self, payload: OrderSerializer) -> None: ...


class Silent(Consumer):
    @on("stop")
    async def stop(self) -> None: ...


def call(action: str | None, wanted: Any = lambda frame: True) -> Any:
    return find(calls(Room, action), wanted, settings=SEARCH)


def invalid(action: str | None, wanted: Any = lambda drawn: True) -> Drawn:
    return find(invalid_calls(Room, action), wanted, settings=SEARCH)


def test_calls_of_every_action_are_drawn() -> None:
    """Without an action, calls of each action of the consumer are drawn; with one, of that alone."""
    for action in Room.routes:
        assert action == call(None, lambda frame, action=action: frame["action"] == action)["action"]
    assert "stop" == call("stop")["action"]


def test_calls_have_an_id_or_none() -> None:
    """The id of a call is absent, an integer (0 too), or a string (an empty one too)."""
    assert {"action": "stop"} == call("stop")
    assert {"action": "stop", "id": 0} == call("stop", lambda frame: "id" in frame)
    assert {"action": "stop", "id": ""} == call("stop", lambda frame: isinstance(frame.get("id"), str))


def test_payload_is_left_out_where_it_may_be() -> None:
    """A call has no payload where the action takes none, and may have none where no field is required."""
    assert {"action": "list"} == call("list")
    assert {"action": "maybe"} == call("maybe")
    assert {"action": "post", "payload": {"text": "0"}} == call("post")
    assert {"action": "any", "payload": None} == call("any")


@pytest.mark.parametrize(
    ("violation", "expected"),
    [
        ("missing", Drawn({"action": "post"}, "missing", ("payload", "text"), "required")),
        ("null", Drawn({"action": "post", "payload": None}, "null", ("payload",), "null")),
        ("too_short", Drawn({"action": "post", "payload": {"text": ""}}, "too_short", ("payload", "text"), "too_short")),
        ("too_long", Drawn({"action": "post", "payload": {"text": "0000"}}, "too_long", ("payload", "text"), "too_long")),
        ("choice", Drawn({"action": "post", "payload": {"text": "0", "sort_order": -1}}, "choice", ("payload", "sort_order"), "choice")),
    ],
)  # fmt: skip
def test_simplest_invalid_calls(violation: str, expected: Drawn) -> None:
    """Shrinking ends at a frame with nothing in it but what is wrong."""
    assert expected == invalid("post", lambda drawn: drawn.violation == violation)


def test_violations_are_found_deep_inside() -> None:
    """A violation stands in a field, in a record within, or in an item of an array within that."""
    deepest = invalid("post", lambda drawn: len(drawn.loc) == 4 and drawn.code == "too_long")

    assert {"text": "0", "inner": {"tags": ["000"]}} == deepest.frame["payload"]
    assert ("payload", "inner", "tags", 0) == deepest.loc


def test_wrong_calls_are_never_drawn_of_an_action_that_takes_anything() -> None:
    """An action that takes no payload has no invalid calls; one that takes any only lacks it."""
    assert "stop" not in {drawn.frame["action"] for drawn in collected(invalid_calls(Room))}
    assert {("missing", ("payload",))} == {(each.violation, each.loc) for each in collected(invalid_calls(Room, "any"))}


def collected(strategy: Any) -> list[Any]:
    found: list[Any] = []

    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(drawn=invalid_calls(Room, "order"))
def test_invalid_calls_of_a_serializer_are_refused_as_foretold(drawn: InvalidCall) -> None:
    """An invalid call of a serializer is refused by it, at the place and with the code that are foretold."""
    if "payload" in drawn.frame:
        assert (drawn.loc[1:], drawn.code) in (verdict(OrderSerializer, drawn.frame["payload"]) or [])
    else:
        assert (("payload",), "required") == (drawn.loc, drawn.code)


def test_project_s_camelize_is_followed() -> None:
    """``camelize`` of the project, read when the strategy is asked for, puts fields and places in camelCase."""
    with override_settings(WSDRF={"CAMELIZE": True}):
        strategy = invalid_calls(Room, "post")

    assert "sortOrder" == find(strategy, lambda drawn: "rder" in str(drawn.loc), settings=SEARCH).loc[1]
    assert "sort_order" == invalid("post", lambda drawn: drawn.code == "choice").loc[1]


def test_registering_reaches_calls() -> None:
    """Calls are drawn with what was registered since they were last asked for."""
    before = call("list")
    register(Filters, st.just(Filters(limit=7)))
    try:
        assert [{"limit": 7}] == [frame["payload"] for frame in collected(calls(Room, "list")) if "payload" in frame][
            :1
        ]
    finally:
        forget(Filters)
    assert before == call("list")


def test_unknown_action_is_refused() -> None:
    """An action that the consumer does not have is an error that lists those that it has."""
    for draw in (calls, invalid_calls):
        with pytest.raises(
            ValueError, match=r"Room has no action 'pots'\. It has any, list, maybe, order, post, stop\."
        ):
            draw(Room, "pots")


def test_consumer_without_actions_is_refused() -> None:
    """A consumer without actions has no calls, and the error says how to have some."""
    with pytest.raises(ValueError, match=r"has no actions.*@on"):
        calls(consumer_of())


def test_consumer_without_invalid_calls_is_refused() -> None:
    """Where no call can be invalid, the error says so, and what to draw in its place."""
    with pytest.raises(ValueError, match=r"Silent takes with each of its actions any payload, or none.*frames\(\)"):
        invalid_calls(Silent)
    with pytest.raises(ValueError, match=r"Room takes with 'stop' any payload"):
        invalid_calls(Room, "stop")


def test_strategies_show_as_they_were_asked_for() -> None:
    """Where a test fails, hypothesis shows a strategy in a few words, whatever it is made of."""
    assert "just(calls(Room)).flatmap(strategy_of)" == repr(calls(Room))
    assert "just(invalid_calls(Room, 'post')).flatmap(strategy_of)" == repr(invalid_calls(Room, "post"))
