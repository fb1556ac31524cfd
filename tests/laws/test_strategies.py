"""What is drawn as valid is accepted and comes back; what is drawn as invalid is refused as foretold."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.laws.strategies_zoo import TYPES, Window, consumer_of
from tests.laws.test_exactness import same
from wsdrf.codec import Codec
from wsdrf.exceptions import InvalidCall as Refused
from wsdrf.schema import Shape, describe
from wsdrf.schema.document import json_schema
from wsdrf.strategies import InvalidCall, calls, invalid_calls, payloads

CODEC = Codec()
# What JSON Schema cannot say of these types: how a value is written in full, bounds of what is written as text, items
# that are equal in other writings, how exact a float is, and Python's own patterns.
BEYOND_JSON_SCHEMA = {"form", "duplicate", "inexact", "pattern", "too_small", "too_large", "too_short", "too_long"}
every_type = pytest.mark.parametrize("name", TYPES)


@attrs.frozen
class Ways:
    """What is made of one type, made once."""

    shape: Shape
    structure: Any
    unstructure: Any
    consumer: Any
    schema: Draft202012Validator


@cache
def ways(name: str) -> Ways:
    tp = TYPES[name]
    return Ways(
        describe(tp),
        CODEC.structurer(tp),
        CODEC.unstructurer(tp),
        consumer_of(tp),
        Draft202012Validator(json_schema(tp)),
    )


def refusal(structure: Any, frame: Any) -> list[tuple[Any, str]]:
    """Send ``frame`` through the codec; give the places and codes of what is refused."""
    call = CODEC.decode(json.dumps(frame))
    try:
        structure(call.payload)
    except Refused as refused:
        return [(error.loc, error.code) for error in refused.failure.errors]
    return []


@every_type
@given(data=st.data())
def test_payloads_are_accepted_and_come_back(name: str, data: st.DataObject) -> None:
    """For every type, what payloads draws travels as JSON, is structured, and unstructures to what was drawn."""
    drawn = data.draw(payloads(TYPES[name]))
    value = json.loads(json.dumps(drawn))

    typed = ways(name).structure(value)

    assert same(value, ways(name).unstructure(typed), ways(name).shape)
    assert json.dumps(drawn) == json.dumps(value)
    assert ways(name).schema.is_valid(value)


EVERYTHING = consumer_of(*TYPES.values())
STRUCTURE = {f"zoo.{index}": CODEC.structurer(tp) for index, tp in enumerate(TYPES.values())}


@settings(max_examples=4 * settings().max_examples)
@given(frame=calls(EVERYTHING))
def test_calls_are_accepted(frame: Any) -> None:
    """For a consumer of every type, what calls draws is a frame whose payload the codec accepts."""
    assert {"action"} <= frame.keys() <= {"action", "payload", "id"}
    assert [] == refusal(STRUCTURE[frame["action"]], frame)


@every_type
@given(data=st.data())
def test_invalid_calls_are_refused_as_foretold(name: str, data: st.DataObject) -> None:
    """For a consumer of every type, an invalid call is refused at its place with its code, and for nothing else."""
    drawn: InvalidCall = data.draw(invalid_calls(ways(name).consumer))

    found = refusal(ways(name).structure, drawn.frame)

    if "payload" in drawn.frame:
        assert [(drawn.loc, drawn.code)] == found
        if drawn.violation not in BEYOND_JSON_SCHEMA:
            assert not ways(name).schema.is_valid(drawn.frame["payload"])
    else:  # an object without fields lacks all that are required
        assert (drawn.loc, drawn.code) == found[0]


OWN = consumer_of(Window)
OWN_STRUCTURE = CODEC.structurer(Window)


@given(data=st.data())
def test_code_of_ones_own_is_heeded(data: st.DataObject) -> None:
    """Of a type that has rules of its own, what is drawn as valid is accepted, and what is drawn as invalid refused."""
    valid = data.draw(calls(OWN))
    invalid = data.draw(invalid_calls(OWN))

    assert [] == refusal(OWN_STRUCTURE, valid)
    assert (invalid.loc, invalid.code) in refusal(OWN_STRUCTURE, invalid.frame)


CAMELIZED = consumer_of(TYPES["everything"])
CAMELIZED.camelize = True
CAMELIZED_STRUCTURE = Codec(camelize=True).structurer(TYPES["everything"])


@given(data=st.data())
def test_camelized_consumers_get_camelized_calls(data: st.DataObject) -> None:
    """With camelize, the fields of valid and invalid calls are in camelCase, and so are the foretold places."""
    valid = data.draw(calls(CAMELIZED))
    invalid = data.draw(invalid_calls(CAMELIZED))

    assert "createdAt" in valid["payload"]
    assert [] == refusal(CAMELIZED_STRUCTURE, valid)
    assert (invalid.loc, invalid.code) in refusal(CAMELIZED_STRUCTURE, invalid.frame)
