"""What is read quickly is what would have been read with care: no text gets past the checks because it looks harmless."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wsdrf.codec import Codec, frames, strict
from wsdrf.envelope import Call
from wsdrf.exceptions import InvalidCall, ParseError

CODEC = Codec()

KEYS = ["action", "payload", "id", "a", "b:", '":', "{", "[", "é", "0000000000000000000", "\\"]
INTEGERS = [2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**18, 10**19, -(10**18)]
SPACES = st.sampled_from(["", "", "", " ", "\t\n", "\r "])

strings = st.sampled_from(KEYS) | st.text(max_size=6)
written = st.builds(json.dumps, strings, ensure_ascii=st.booleans()) | st.sampled_from(
    ['"\\ud83d\\ude00"', '"\\ud800"', '"\\/"', '"\\u0061"', '"\x00"', '"\ud800"', '"\ufeff"', "'a'"]
)
MORE = [
    ',"id":1', ',"id":"x"', ',"id":null', ',"id":1.0', ',"id":true', f',"id":"{"x" * 256}"', ',"id":9223372036854775808',
    ',"action":"b"', ',"x":{}', ',"\\u0061ction":"c"', ',"token":"t"', ',"token":7', ',"token":null',
]  # fmt: skip
leaves = st.one_of(
    written,
    st.sampled_from(INTEGERS).map(str),
    st.just("9" * 4400),
    st.integers().map(str),
    st.floats().map(repr),
    st.sampled_from(["null", "true", "NaN", "Infinity", "-Infinity", "1e400", "-0", "01", "1.", "+1", "1E5", "5e-324"]),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
)


@st.composite
def arrays(draw: Any, inner: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(inner, max_size=4))
    return "[" + f"{draw(SPACES)},{draw(SPACES)}".join(items) + draw(st.sampled_from(["]", "]", "]", "", ",]"]))


@st.composite
def objects(draw: Any, inner: st.SearchStrategy[str]) -> str:
    """Write an object, whose keys may be the same, or written differently and still the same."""
    pairs = draw(st.lists(st.tuples(written, SPACES, SPACES, inner), max_size=5))
    members = [f"{key}{before}:{after}{value}" for key, before, after, value in pairs]
    return "{" + f"{draw(SPACES)},{draw(SPACES)}".join(members) + draw(st.sampled_from(["}", "}", "}", "", ",}"]))


deep = st.builds(
    lambda depth, core, around: around.replace("?", "[" * depth + core + "]" * depth),
    st.integers(0, 6) | st.integers(25, 40),
    leaves | st.sampled_from(["{}", "[]", '{"":0}']),
    st.sampled_from(["?", "?", '{"x":?}', '{"x":?,"y":[]}', '{"x":1,"y":?}']),
)


@st.composite
def calls(draw: Any) -> str:
    """Write what looks like a call, as most of it is."""
    action = draw(st.sampled_from(['"a"', '"a"', '"authenticate"', '"\\u0061uthenticate"', "1", "null"]))
    payload = draw(values | deep)
    more = draw(st.lists(st.sampled_from(MORE), max_size=2).map("".join))
    return f'{{"action":{action},"payload":{payload}{more}}}'


values = st.recursive(leaves, lambda inner: arrays(inner) | objects(inner), max_leaves=12)
texts = st.builds(lambda before, text, after: before + text + after, SPACES, values | calls() | deep, SPACES)
octets = st.builds(
    lambda text, junk, at: (data := text.encode("utf-8", "surrogatepass"))[: at % (len(data) + 1)] + junk + data[at:],
    texts,
    st.binary(max_size=2),
    st.integers(0, 200),
)


def read(decode: Any, data: Any) -> Any:
    try:
        call: Call = decode(data)
    except ParseError as error:
        return str(error.failure)
    except InvalidCall as error:
        return str(error.failure), getattr(error, "id", None)
    return call.action, spelt(call.payload), spelt(call.id), call.token


def spelt(value: Any) -> Any:
    """Tell values apart with their types, and ``0.0`` from ``-0.0``, keys in their order."""
    if isinstance(value, dict):
        return [(key, spelt(item)) for key, item in value.items()]
    if isinstance(value, list):
        return ["array", *map(spelt, value)]
    return (type(value).__name__, repr(value))


@given(texts | octets | st.text() | st.binary())
@example('{"a":1,"a":2}')
@example('{"a":1,"a" :"b:"}')
@example('{"action":"a","payload":{"x":1,"x":2}}')
@example('{"action":"a","other":{"x":1,"x":2}}')
@example('{"payload":{"x":1},"payload":{"y":2}}')
@example('{"a":{"x":1},"payload":"{}:"}')
@example('{"action":"a","payload":' + "[" * 31 + "]" * 31 + "}")
@example('{"action":"a","payload":' + "[" * 32 + "]" * 32 + "}")
@example('{"action":"a","payload":{"x":' + "[" * 29 + "{}" + "]" * 29 + "}}")
@example('{"action":"a","payload":{"x":' + "[" * 30 + "{}" + "]" * 30 + "}}")
@example("9223372036854775808")
@example('{"action":"a","id":null}')
@example('{"action":"a","payload":{},"payload":{}}')
@example('{"action":"a","id":"x","id":null}')
@example('{"action":"authenticate","payload":"t"}')
@example('{"a":-9223372036854775809}')
def test_the_quick_way_is_the_careful_one(data: Any) -> None:
    """For text and bytes, right or wrong, both ways read the same call, or refuse with the same words."""
    assert read(lambda data: frames.decode(data, 32), data) == read(CODEC.decode, data)


@st.composite
def calls_with_a_key_twice(draw: Any) -> str:
    """Write a call in which one object, the frame or one in its payload, has one of its keys twice."""
    # What is put in is ASCII, so no mark for a place can stand in it.
    inner = json.dumps(draw(st.dictionaries(st.text(max_size=2), st.integers(0, 9) | st.text(max_size=2), max_size=2)))
    payload, more = draw(
        st.sampled_from(['{"x":1§}', '{"y":¿,"x":1§}', '[{"x":¿§}]', '[¿,{"x":[]§}]', '{"z":{"x":""§}}'])
        .map(lambda text: (text, ""))
        | st.tuples(st.sampled_from(["", "¿", "[]", "[¿]", "1", '"a:b"', "null"]), st.just("§"))
    )  # fmt: skip
    call_id = draw(st.sampled_from(["", ',"id":1', ',"id":"x"']))
    keys = ["action", *(["payload"] if payload else []), *(["id"] if call_id else [])] if more else ["x"]
    again = f',"{draw(st.sampled_from(keys))}":{draw(st.sampled_from([1, 2]) | st.just(inner))}'
    frame = '{"action":"a"' + (f',"payload":{payload}' if payload else "") + call_id + more + "}"
    return frame.replace("§", again).replace("¿", inner)


@given(calls_with_a_key_twice())
@example('{"action":"a","payload":{"x":1,"x":2},"id":1}')
@example('{"action":"a","action":"b","payload":[]}')
def test_no_key_is_read_twice(data: str) -> None:
    """Whatever stands around it, an object with a key twice is refused: which of the two is meant nobody knows."""
    with pytest.raises(ParseError, match="The frame has a key twice in one object"):
        CODEC.decode(data)


@given(calls(), st.integers(1, 6) | st.sampled_from([27, 29, 32]))
def test_no_call_is_deeper_than_it_may_be(data: str, max_depth: int) -> None:
    """However few levels there may be, both ways agree on what has too many."""
    quick = strict.quick_reader(max_depth, partial(frames.decode, max_depth=max_depth))
    assert read(partial(frames.decode, max_depth=max_depth), data) == read(quick, data)


@given(calls())
def test_the_quick_way_reads_nothing_else(data: str) -> None:
    """What is read quickly is a call as ``json`` reads it: none has a token, or more keys than it shows."""
    left: list[str | bytes] = []

    def leave(data: str | bytes) -> Call:
        left.append(data)
        return Call("")

    call = strict.quick_reader(32, leave)(data)

    if not left:
        frame = json.loads(data)
        assert ({"action", "payload", "id"} >= frame.keys(), None) == (True, call.token)
        assert (frame["action"], spelt(frame["payload"]), frame.get("id")) == (
            call.action,
            spelt(call.payload),
            call.id,
        )


@pytest.mark.parametrize(
    "data",
    [
        '{"action":"a"}',
        '{"action": "a", "payload": {"text": "x", "tags": ["y"]}, "id": 1}',
        '{"action":"a","payload":{"text":"https://example.org/?at=12:30"}}',
        '{"action":"a","payload":{"user":{"id":1},"at":[1.5,2]},"id":7}',
        '{"action" : "a", "payload" : [' + '{"id" : 1, "at" : "2026-01-01T00:00:00Z"},' * 99 + "{}]}",
    ],
)
def test_what_is_common_is_read_quickly(data: str) -> None:
    """Calls as clients write them need no second look: flat or not, with colons in their texts, with spaces."""
    assert read(partial(frames.decode, max_depth=32), data) == read(strict.quick_reader(32, unread), data)


def unread(data: str | bytes) -> Call:
    raise AssertionError(data)


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain_data)
def test_what_is_written_quickly_is_read_again(value: Any) -> None:
    """Plain data that was written without checks is the same when it is read, by the careful way and by ``json``."""
    text = strict.write_plain(value).decode()

    assert spelt(value) == spelt(json.loads(text))
    assert spelt(value) == spelt(strict.parse(text, 100))


@given(plain_data | st.floats() | st.text())
def test_what_is_written_without_c_is_the_same(value: Any) -> None:
    """Where Python has no encoder in C, each value is written alike, or refused alike."""

    def written() -> Any:
        try:
            return strict.write(value)
        except ValueError as error:
            return type(error)

    with_c = written()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict, "_encode", None)
        assert with_c == written()


def test_what_is_long_is_written_whole() -> None:
    """A value of many parts, which the encoder gives in several pieces, is one text."""
    value = {"many": list(range(120_000))}

    assert value == json.loads(strict.write(value))


@pytest.mark.parametrize("value", [object(), {(1, 2): 3}, [{1, 2}], {"x": b"a"}])
def test_what_is_no_json_is_not_written(value: Any) -> None:
    """What JSON has no form for is refused, with Python's own words, and never left out."""
    with pytest.raises(TypeError, match=r"^Object of type \w+ is not JSON serializable|^keys must be str"):
        strict.write(value)
