"""What is accepted comes back as it was sent; everything else is refused, in the contract's words."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.zoo import ZOO, Everything, Specimen, everything, json_values
from wsdrf.codec import Codec
from wsdrf.envelope import Call
from wsdrf.exceptions import InvalidCall, ParseError
from wsdrf.schema import ArrayOf, MapOf, OneOf, Record, RecordKind, Reference, Shape, Tagged, TupleOf, describe
from wsdrf.schema.traits import kinds

CODES = {
    "required", "unknown", "null", "wrong_type", "too_short", "too_long", "too_small", "too_large", "pattern",
    "choice", "invalid",
}  # fmt: skip

specimens = pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)


def same(sent: Any, back: Any, shape: Shape) -> bool:
    """Tell whether ``back`` is ``sent``: equal JSON, but for defaults that are added and the order of sets."""
    if isinstance(shape, Reference):
        shape = describe(shape.type, camelize=shape.camelize)
    if isinstance(shape, OneOf):
        kind = type(sent) if type(sent) is not int or any(int in kinds(each) for each in shape.members) else float
        return same(sent, back, next(member for member in shape.members if kind in kinds(member)))
    if isinstance(shape, Tagged):
        shape = next(
            member.shape
            for member in shape.members
            if any(same_json(option.wire, sent[shape.tag]) for option in member.tags)
        )
        return same(sent, back, shape)
    if isinstance(shape, Record):
        extra = (
            {field.wire_name for field in shape.fields if not field.required} if shape.kind in WITH_DEFAULTS else set()
        )
        shapes = {field.wire_name: field.shape for field in shape.fields}
        return back.keys() - sent.keys() <= extra and all(same(sent[key], back[key], shapes[key]) for key in sent)
    if isinstance(shape, MapOf):
        return sent.keys() == back.keys() and all(same(sent[key], back[key], shape.values) for key in sent)
    if isinstance(shape, TupleOf):
        return len(sent) == len(back) and all(map(same, sent, back, shape.items))
    if isinstance(shape, ArrayOf):
        if shape.unique:
            return len(sent) == len(back) and all(any(same(s, b, shape.items) for b in back) for s in sent)
        return len(sent) == len(back) and all(same(s, b, shape.items) for s, b in zip(sent, back, strict=True))
    return same_json(sent, back)


WITH_DEFAULTS = {RecordKind.ATTRS, RecordKind.DATACLASS}


def same_json(one: Any, other: Any) -> bool:
    """Tell whether two values are equal JSON: ``1`` equals ``1.0``, but never ``true``."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    return bool(one == other) and isinstance(one, str) == isinstance(other, str)


@st.composite
def damaged(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    """Draw a right value and put any JSON in the place of one of its parts."""
    value = json.loads(json.dumps(draw(values)))
    holders: list[tuple[Any, Any]] = []

    def visit(part: Any) -> None:
        for key in list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
            holders.append((part, key))
            visit(part[key])

    visit(value)
    if not holders:
        return draw(json_values)
    holder, key = draw(st.sampled_from(holders))
    if isinstance(holder, dict) and draw(st.booleans()):
        item = holder.pop(key)
        if draw(st.booleans()):
            holder[draw(st.text(max_size=3))] = item
    else:
        holder[key] = draw(json_values)
    return value


@attrs.frozen
class Ways:
    """What a codec makes of one type, made once."""

    shape: Shape
    structure: Any
    unstructure: Any


CODEC = Codec()
WAYS: dict[str, Ways] = {}


def ways(specimen: Specimen) -> Ways:
    tp = specimen.type
    if specimen.name not in WAYS:
        WAYS[specimen.name] = Ways(describe(tp), CODEC.structurer(tp), CODEC.unstructurer(tp))
    return WAYS[specimen.name]


def check(specimen: Specimen, value: Any) -> None:
    way = ways(specimen)
    before = json.dumps(value)
    try:
        typed = way.structure(value)
    except InvalidCall as refusal:
        errors = refusal.failure.errors
        assert 1 <= len(errors) <= 10
        assert {error.code for error in errors} <= CODES
        assert all(error.loc[0] == "payload" for error in errors)
        assert all(sum(len(str(part)) for part in error.loc) <= 256 for error in errors)
    else:
        back = json.loads(CODEC.encode_frame("x", way.unstructure(typed)))["payload"]
        assert same(value, back, way.shape)
        assert same(value, way.unstructure(way.structure(back)), way.shape)
    assert before == json.dumps(value)


@specimens
@given(data=st.data())
def test_what_is_right_is_accepted_and_comes_back(specimen: Specimen, data: st.DataObject) -> None:
    """For every type, JSON that is right for it is structured and unstructures to what was sent."""
    value = json.loads(json.dumps(data.draw(specimen.right)))
    way = ways(specimen)

    typed = way.structure(value)

    assert same(value, way.unstructure(typed), way.shape)


@specimens
@given(data=st.data())
def test_any_json_comes_back_or_is_refused(specimen: Specimen, data: st.DataObject) -> None:
    """For every type and JSON value, near what is right or not: it comes back as sent, or is an InvalidCall."""
    check(specimen, data.draw(damaged(specimen.right) | json_values))


def verdict(structure: Any, value: Any) -> tuple[bool, Any]:
    try:
        return True, structure(value, None)
    except Exception:  # noqa: BLE001 - the quick pass may fail in any way
        return False, None


@cache
def passes(name: str) -> list[Any]:
    (specimen,) = (one for one in ZOO if one.name == name)
    codec = Codec()
    return [maker.make(describe(specimen.type)) for maker in (codec._quick, codec._careful)]


@specimens
@given(data=st.data())
def test_both_passes_give_the_same_verdict(specimen: Specimen, data: st.DataObject) -> None:
    """What the quick pass refuses the careful pass refuses too, so every refusal has its errors."""
    value = data.draw(specimen.right | damaged(specimen.right))
    quick, careful = (verdict(structure, value) for structure in passes(specimen.name))

    assert quick == careful


def camelized(value: Any, shape: Shape) -> Any:
    """Rename the fields of records as a client of ``camelize`` writes them; nothing else."""
    if isinstance(shape, Record):
        names = {field.name: field for field in shape.fields}
        return {names[key].wire_name: camelized(item, names[key].shape) for key, item in value.items()}
    if isinstance(shape, OneOf):
        record = next((member for member in shape.members if isinstance(member, Record)), None)
        return camelized(value, record) if record and isinstance(value, dict) else value
    if isinstance(shape, ArrayOf):
        return [camelized(item, shape.items) for item in value]
    return value


@given(value=everything)
def test_camelize_renames_fields_and_nothing_else(value: Any) -> None:
    """With camelize the same payload, its fields in camelCase, gives the same object and comes back in camelCase."""
    plain, camel = Codec(), Codec(camelize=True)
    sent = camelized(value, describe(Everything, camelize=True))

    typed = camel.structurer(Everything)(sent)

    assert plain.structurer(Everything)(value) == typed
    assert same(sent, camel.unstructurer(Everything)(typed), describe(Everything, camelize=True))
    assert camel.unstructurer(Everything)(typed) == camel.unstructure(typed)
    assert value.get("raw_data", {}) == typed.raw_data


def decodes_or_refuses(data: str | bytes) -> None:
    refusal = None
    try:
        call = CODEC.decode(data)
    except (ParseError, InvalidCall) as error:
        refusal = error
    else:
        assert isinstance(call, Call)
    assert "Ω" not in (CODEC.encode_failure(refusal.failure) if refusal else "")


@given(st.text() | st.text('[]{}",:\\utrfne0123456789.-+ \ud800Ω', max_size=60))
def test_any_text_is_a_call_or_a_refusal(text: str) -> None:
    """Whatever text a frame is, decoding gives a call or a refusal, never another exception."""
    decodes_or_refuses(text)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-16", "surrogatepass")))
def test_any_bytes_are_a_call_or_a_refusal(data: bytes) -> None:
    """Whatever bytes a frame is, decoding gives a call or a refusal, never another exception."""
    decodes_or_refuses(data)


@given(payload=json_values, id=st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")))
def test_a_frame_that_is_written_is_read(payload: Any, id: Any) -> None:
    """What encode_frame writes decode reads: the same action, payload and id, as text and as bytes."""
    codec = Codec()
    frame = codec.encode_frame("room.say", payload, id)

    for data in (frame, frame.encode()):
        call = codec.decode(data)
        assert ("room.say", id) == (call.action, call.id)
        assert same_json(payload, call.payload)


@given(value=json_values, depth=st.integers(0, 40), padding=st.text('[]{}\\"', max_size=40))
def test_depth_is_counted_exactly(value: Any, depth: int, padding: str) -> None:
    """A frame of depth 32 is read and one of depth 33 is not, whatever brackets its strings hold."""
    payload: Any = [padding, value]
    for _ in range(depth):
        payload = [payload]
    frame = json.dumps({"action": "x", "payload": payload, padding: padding, "pad": ["[" * 40]})

    if deep(json.loads(frame)) <= 32:
        assert same_json(payload, Codec().decode(frame).payload)
    else:
        with pytest.raises(ParseError):
            Codec().decode(frame)


def deep(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(deep, parts), default=0)
