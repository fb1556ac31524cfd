"""Valid payloads: small examples, registered strategies, and errors that say what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, NewType

import attrs
import pytest
from attrs import validators as v
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from rest_framework import serializers

from tests.laws.strategies_zoo import Window
from tests.laws.zoo import Colour, Expression, Limits, Node, Say
from wsdrf.exceptions import DeclarationError
from wsdrf.strategies import payloads, register
from wsdrf.strategies.registry import forget

SEARCH = settings(max_examples=5000, database=None, deadline=None)
QUICK = settings(
    max_examples=30, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def simplest(tp: Any, wanted: Any = lambda value: True) -> Any:
    return find(payloads(tp), wanted, settings=SEARCH)


@pytest.mark.parametrize(
    ("tp", "expected"),
    [
        (str, ""),
        (int, 0),
        (float, 0),
        (bool, False),
        (int | None, None),
        (list[int], []),
        (dict[str, int], {}),
        (Colour, "red"),
        (date, "2000-01-01"),
        (Say, {"text": "0"}),
        (Limits, {}),
        (Node, {"name": ""}),
        (Expression, {"op": "=", "value": 0}),
        (Window, {"start": 0, "end": 0}),
    ],
)
def test_simplest_payload(tp: Any, expected: Any) -> None:
    """Shrinking ends at the smallest value there is: no optional field, the shortest text, zero."""
    assert expected == simplest(tp)


@pytest.mark.parametrize(("low", "high"), [(0, 2), (1, 100), (-60, -3), (-20, 107)])
def test_bounds_are_drawn_soon(low: int, high: int) -> None:
    """Where a handler fails on an edge value only, a hundred calls are enough to meet it."""
    step = attrs.make_class("Step", {"by": attrs.field(type=int, validator=[v.ge(low), v.le(high)])})
    drawn = set()

    @given(payload=payloads(step))
    @settings(QUICK, max_examples=100, derandomize=True)
    def draw(payload: dict[str, int]) -> None:
        drawn.add(payload["by"])

    draw()

    assert (low, high) == (min(drawn), max(drawn))


@attrs.frozen
class Chain:
    name: str
    tags: list[str] = attrs.field(factory=list)
    following: Chain | None = None


def test_payloads_shrink_to_what_matters() -> None:
    """A payload that is found for one of its fields holds nothing else that it need not."""
    assert {"name": "", "following": None} == simplest(Chain, lambda value: "following" in value)
    assert {"ratio": 1} == simplest(Limits, lambda value: value.get("ratio", 0) > 0.9)
    assert {"start": 0, "end": 31} == simplest(Window, lambda value: value["end"] > 30)


@attrs.frozen
class Narrow:
    day: date = attrs.field(validator=[v.gt(date(2024, 2, 28)), v.le(date(2024, 3, 1))])
    number: int = attrs.field(validator=[v.gt(2.5), v.lt(6)])
    code: str = attrs.field(validator=[v.matches_re("[A-Z]{2}"), v.max_len(9)])


@attrs.frozen
class Word:
    text: str = attrs.field(validator=v.matches_re("ab+|cd", func=re.match))


def test_simplest_values_are_within_their_limits() -> None:
    """A value is as simple as its bounds and its pattern let it be."""
    assert {"day": "2024-02-29", "number": 3, "code": "AA"} == simplest(Narrow)
    assert {"text": "ab"} == simplest(Word, lambda value: value["text"] < "b")


def test_bounds_are_reached() -> None:
    """Values at the very bounds are drawn."""
    assert "2024-03-01" == simplest(Narrow, lambda value: value["day"] == "2024-03-01")["day"]
    assert 5 == simplest(Narrow, lambda value: value["number"] == 5)["number"]


def test_types_that_contain_themselves_end() -> None:
    """A recursive type is drawn a few levels deep, and no deeper."""

    def depth(value: Any) -> int:
        return 1 + max([*map(depth, value.get("children", ())), depth(value["next"]) if value.get("next") else 0, 0])

    assert 3 == depth(simplest(Node, lambda value: depth(value) == 3))
    assert 3 >= max(map(depth, drawn(Node)))


@attrs.frozen
class Endless:
    inner: Endless


@attrs.frozen
class Contradictory:
    text: str = attrs.field(validator=[v.min_len(5), v.max_len(2)])


@attrs.frozen
class Possible:
    text: str | None = attrs.field(default=None, validator=v.optional(v.and_(v.min_len(5), v.max_len(2))))
    number: int = attrs.field(default=1, validator=[v.gt(1), v.lt(2)])


@pytest.mark.parametrize("tp", [Endless, Contradictory, list[Contradictory] | Endless])
def test_type_without_a_value_is_refused(tp: Any) -> None:
    """A type that no value can satisfy is an error that names it, when the strategy is made."""
    if tp in (Endless, Contradictory):
        with pytest.raises(DeclarationError, match=rf"{tp.__name__} has no value that is valid: .*Loosen"):
            payloads(tp)
    else:
        assert [] == simplest(tp)


def test_optional_field_without_a_value_is_left_out() -> None:
    """Where only an optional field admits no value, it is left out; where one member of a union does, the others are drawn."""
    assert {"text": None} == simplest(Possible, lambda value: "text" in value)
    assert not any("number" in value for value in drawn(Possible))


@attrs.frozen
class Card:
    number: str = attrs.field(validator=[v.max_len(19)])

    @number.validator
    def _has_checksum(self, attribute: Any, value: str) -> None:
        if not value.startswith("4000-"):
            raise ValueError("no card")


CardNumber = NewType("CardNumber", str)
Even = Annotated[int, "even"]


@attrs.frozen
class Order:
    card: Card
    spare: list[CardNumber] = attrs.field(factory=list)
    by_name: dict[str, CardNumber | None] = attrs.field(factory=dict)
    count: Even = attrs.field(default=0, validator=v.le(10))


@pytest.fixture
def registered() -> Iterator[Any]:
    """Register until the test is over."""
    done: list[Any] = []

    def remember(tp: Any, strategy: st.SearchStrategy[Any]) -> None:
        register(tp, strategy)
        done.append(tp)

    yield remember
    for tp in dict.fromkeys(done):
        forget(tp)


def drawn(tp: Any, **options: Any) -> list[Any]:
    found: list[Any] = []

    @QUICK
    @given(payloads(tp, **options))
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def test_hopeless_validator_is_named_with_the_cure() -> None:
    """Where hardly any value passes a validator, drawing fails with the type, the validator and ``register``."""
    with pytest.raises(Unsatisfiable, match=r"Card: .*Card\.number \(.*_has_checksum.*register\(Card, \.\.\.\)"):
        drawn(Order)


def test_hopeless_pattern_is_named_with_the_cure() -> None:
    """Where hardly any text matches its pattern within its lengths, drawing fails with the field and the pattern."""

    @attrs.frozen
    class Hard:
        code: str = attrs.field(validator=[v.matches_re("a|bc"), v.min_len(9)])

    with pytest.raises(Unsatisfiable, match=r"Hard\.code: .*'a\|bc'.*register"):
        drawn(Hard)


def test_registered_strategy_of_json_is_drawn_wherever_the_type_occurs(registered: Any) -> None:
    """A strategy of JSON data is used in fields, lists, maps, unions, and by itself."""
    registered(Card, st.just({"number": "4000-1"}))
    registered(CardNumber, st.just("4000-2"))

    for order in drawn(Order):
        assert {"number": "4000-1"} == order["card"]
        assert {"4000-2"} >= set(order.get("spare", ()))
        assert {"4000-2", None} >= set(order.get("by_name", {}).values())
    assert ["4000-2"] == drawn(CardNumber)


def test_registered_strategy_of_instances_is_written_as_json(registered: Any) -> None:
    """A strategy of instances, as ``st.builds`` makes them, gives their JSON, in the names that the wire has."""

    @attrs.frozen
    class Visit:
        first_day: date

    registered(Visit, st.builds(Visit, st.just(date(2026, 1, 31))))

    assert [{"first_day": "2026-01-31"}] == drawn(Visit)
    assert [{"firstDay": "2026-01-31"}] == drawn(Visit, camelize=True)


def test_registered_strategy_is_narrowed_by_the_field(registered: Any) -> None:
    """What a field demands beyond its type still holds for what is registered for the type."""
    registered(Card, st.just({"number": "4000-1"}))
    registered(Even, st.sampled_from([0, 2, 20]))

    assert {0, 2} == {order["count"] for order in drawn(Order) if "count" in order}


def test_registered_strategy_that_draws_something_else_is_named(registered: Any) -> None:
    """A registered strategy whose values are none of the type is an error that names the type and the strategy."""
    registered(Card, st.integers())

    with pytest.raises(Unsatisfiable, match=r"Order\.card: .*integers\(\)"):
        drawn(Order)


def test_registering_again_replaces(registered: Any) -> None:
    """The last strategy that was registered counts, also for strategies of which one was made before."""
    registered(Colour, st.just("red"))
    assert ["red"] == drawn(Colour)

    registered(Colour, st.just(Colour.BLUE))
    assert ["blue"] == drawn(Colour)


def test_what_is_no_strategy_cannot_be_registered() -> None:
    """``register`` refuses what is no strategy, and says what would be one."""
    with pytest.raises(TypeError, match=r"register\(Card, \.\.\.\) needs a hypothesis strategy, got 'x'"):
        register(Card, "x")  # type: ignore[arg-type]  # the mistake under test


class LineSerializer(serializers.Serializer[Any]):
    sku = serializers.RegexField(r"^[A-Z]{3}\d$", max_length=4)
    count = serializers.IntegerField(min_value=1, max_value=9, default=1)

    def validate_count(self, value: int) -> int:
        if value % 2 == 0:
            raise serializers.ValidationError("even")
        return value


class OrderSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField()
    name = serializers.CharField(min_length=2, max_length=5)
    price = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=1)
    note = serializers.CharField(allow_blank=True, required=False, allow_null=True)
    kind = serializers.ChoiceField(["a", "b"])
    day = serializers.DateField(required=False)
    lines = LineSerializer(many=True, allow_empty=False)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(value=payloads(OrderSerializer))
def test_payloads_of_a_serializer_are_valid(value: Any) -> None:
    """What is drawn for a serializer class, the serializer finds valid, what only its own methods know included."""
    serializer = OrderSerializer(data=value)

    assert serializer.is_valid(), serializer.errors
    assert "id" not in value


def test_import_without_hypothesis_says_what_to_install() -> None:
    """Without hypothesis, importing ``wsdrf.strategies`` fails and says how to install it."""
    statement = "import sys; sys.modules['hypothesis'] = None; import wsdrf.strategies"
    run = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=False, timeout=60)

    assert "ModuleNotFoundError: wsdrf.strategies needs hypothesis" in run.stderr
    assert "pip install 'wsdrf[testing]'" in run.stderr
