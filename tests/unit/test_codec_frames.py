"""Frames: what is read as a call, what is refused and in which words, what is written."""

from __future__ import annotations

import json
import time as clock
from typing import Any

import pytest

from wsdrf.codec import Codec, InvalidFrame
from wsdrf.envelope import ABSENT, Call, Failure, FieldError
from wsdrf.exceptions import InvalidCall, ParseError

CODEC = Codec()
CANARY = "c4n4ry"


class TestDecode:
    def test_a_call(self) -> None:
        """A frame is a call with action, payload and id; other keys are ignored."""
        call = CODEC.decode('{"action":"chat.say","payload":{"text":"hé"},"id":7,"trace":[1]}')

        assert Call("chat.say", {"text": "hé"}, 7) == call

    def test_bytes(self) -> None:
        """UTF-8 bytes are read as text is."""
        assert Call("a", "é") == CODEC.decode('{"action":"a","payload":"é"}'.encode())

    def test_no_payload(self) -> None:
        """A payload that is not there is ABSENT, and null is None."""
        assert CODEC.decode('{"action":"a"}').payload is ABSENT
        assert CODEC.decode('{"action":"a","payload":null}').payload is None

    @pytest.mark.parametrize("frame", [' {"action":"a"}', '{"action":"a"}\r\n\t ', '\n{ "action" : "a" }'])
    def test_white_space(self, frame: str) -> None:
        """JSON's white space may stand around the frame."""
        assert Call("a") == CODEC.decode(frame)

    def test_numbers_at_the_edge(self) -> None:
        """Integers of 64 bits and the largest floats are read exactly."""
        frame = '{"action":"a","payload":[9223372036854775807,-9223372036854775808,1.7976931348623157e308,-0.0,1E2]}'

        assert [2**63 - 1, -(2**63), 1.7976931348623157e308, 0.0, 100.0] == CODEC.decode(frame).payload

    def test_surrogate_pairs(self) -> None:
        """An escaped pair is one character, in strings and in keys, and an escaped backslash is no escape."""
        frame = r'{"action":"a","payload":{"\ud83d\ude00":"\uD83D\uDE00"},"id":"\\ud800"}'

        assert Call("a", {"😀": "😀"}, r"\ud800") == CODEC.decode(frame)

    @pytest.mark.parametrize("depth", [1, 31])
    def test_depth_up_to_32(self, depth: int) -> None:
        """Arrays and objects nest 32 deep, the frame counted; brackets in strings do not count."""
        frame = '{"action":"a","x":"' + "[" * 100 + r'\"[","payload":' + "[" * depth + "]" * depth + "}"

        assert "a" == CODEC.decode(frame).action

    def test_wide_is_not_deep(self) -> None:
        """Many brackets side by side are no depth."""
        payload = [[{}] * 50] * 50

        assert payload == CODEC.decode(json.dumps({"action": "a", "payload": payload})).payload

    @pytest.mark.parametrize("id", [0, -5, 2**63 - 1, "", "x" * 255, "é"])
    def test_ids(self, id: Any) -> None:
        """An id is an integer or a text of up to 255 characters."""
        assert id == CODEC.decode(json.dumps({"action": "a", "id": id})).id


MALFORMED: dict[str, str | bytes] = {
    "empty": "",
    "empty bytes": b"",
    "blank": "  ",
    "not JSON": "hello",
    "half": '{"action":"a"',
    "two values": '{"action":"a"}{}',
    "a word behind": '{"action":"a"} x',
    "single quotes": "{'action':'a'}",
    "trailing comma": '{"action":"a",}',
    "comment": '{"action":"a"/**/}',
    "control character": '{"action":"a\x01"}',
    "other white space": '\u00a0{"action":"a"}',
    "leading zero": '{"action":"a","payload":01}',
    "plus": '{"action":"a","payload":+1}',
    "Arabic digits": '{"action":"a","payload":\u0661}',
    "key twice": '{"action":"ping","action":"delete"}',
    "key twice, escaped": r'{"action":"ping","\u0061ction":"delete"}',
    "key twice, deep": '{"action":"a","payload":[{"x":{"y":1,"y":1}}]}',
    "NaN": '{"action":"a","payload":NaN}',
    "Infinity": '{"action":"a","payload":Infinity}',
    "-Infinity": '{"action":"a","payload":[-Infinity]}',
    "1e999": '{"action":"a","payload":1e999}',
    "-1e999": '{"action":"a","payload":-1e999}',
    "2**63": '{"action":"a","payload":9223372036854775808}',
    "-2**63-1": '{"action":"a","payload":-9223372036854775809}',
    "4300 digits": '{"action":"a","payload":' + "9" * 4300 + "}",
    "5000 digits": '{"action":"a","payload":' + "9" * 5000 + "}",
    "5000 digits id": '{"action":"a","id":' + "9" * 5000 + "}",
    "float of many digits": '{"action":"a","payload":' + "9" * 5000 + ".0}",
    "depth 33": '{"action":"a","payload":' + "[" * 32 + "]" * 32 + "}",
    "100 000 brackets": "[" * 100_000,
    "100 000 braces": '{"a":' * 100_000,
    "100 000 pairs": "[" * 100_000 + "]" * 100_000,
    "wrong brackets": "[{" * 40 + "]}" * 40,
    "too deep, and not ASCII": "[" * 40 + "é" + "]" * 40,
    "open string": '{"action":"' + "[" * 100,
    "BOM": '\ufeff{"action":"a"}',
    "BOM bytes": b'\xef\xbb\xbf{"action":"a"}',
    "latin-1": '{"action":"é"}'.encode("latin-1"),
    "UTF-16": '{"action":"a"}'.encode("utf-16"),
    "overlong": b'{"action":"\xc0\xae"}',
    "surrogate bytes": b'{"action":"\xed\xa0\x80"}',
    "surrogate": '{"action":"\ud800"}',
    "escaped surrogate": r'{"action":"a","payload":"\ud800"}',
    "escaped low surrogate": r'{"action":"a","payload":"\uDFFF x"}',
    "escaped surrogate key": r'{"action":"a","payload":[{"\uD800":1}]}',
    "half pair": r'{"action":"a","payload":"\ud83d\ud83d\ude00"}',
}


class TestMalformed:
    @pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
    def test_is_a_parse_error(self, frame: str | bytes) -> None:
        """What is not strict JSON is refused as parse_error, with a short detail of our own."""
        with pytest.raises(ParseError) as caught:
            CODEC.decode(frame)

        failure = caught.value.failure
        assert (400, "parse_error", ()) == (failure.status_code, failure.code, failure.errors)
        assert len(failure.detail) < 90

    @pytest.mark.parametrize(
        ("name", "detail"),
        [
            ("not JSON", "The frame is not valid JSON."),
            ("two values", "The frame has more after its JSON value."),
            ("key twice", "The frame has a key twice in one object."),
            ("NaN", "The frame has NaN or Infinity, which are not JSON."),
            ("1e999", "The frame has a number that is too large."),
            ("2**63", "The frame has an integer beyond 64 bits."),
            ("depth 33", "The frame is nested deeper than 32 levels, or its brackets do not match."),
            ("BOM", "The frame starts with a byte order mark."),
            ("latin-1", "The frame is not valid UTF-8."),
            ("surrogate", "The frame has a surrogate that is no pair."),
        ],
    )
    def test_says_what_is_wrong(self, name: str, detail: str) -> None:
        """A client's developer reads what was not liked."""
        with pytest.raises(ParseError) as caught:
            CODEC.decode(MALFORMED[name])

        assert detail == caught.value.failure.detail

    @pytest.mark.parametrize("frame", ['{"action":"%s"', "%s", '["%s",NaN]', '{"%s":1,"%s":2}', '{"a":"%s\\ud800"}'])
    def test_echoes_nothing(self, frame: str) -> None:
        """Nothing of the client's text comes back."""
        with pytest.raises(ParseError) as caught:
            CODEC.decode(frame.replace("%s", CANARY))

        assert CANARY not in CODEC.encode_failure(caught.value.failure)

    @pytest.mark.parametrize(
        "frame",
        [
            "[" * 65_000,
            '"\\' * 32_000,
            '"\\"' * 20_000 + "[" * 40,
            "[[]," * 16_000,
            '{"' * 30_000,
            "[" + '"[",' * 16_000,
        ],
        ids=["brackets", "escapes", "quotes", "pairs", "braces", "strings"],
    )
    def test_is_cheap(self, frame: str) -> None:
        """The worst frame of 64 KiB is refused in time that no other client notices."""
        start = clock.process_time()
        with pytest.raises(ParseError):
            CODEC.decode(frame)

        assert clock.process_time() - start < 0.25


class TestEnvelope:
    @pytest.mark.parametrize("frame", ["null", "[]", "1", '"a"', "true", '[{"action":"a"}]'])
    def test_must_be_an_object(self, frame: str) -> None:
        """A frame that is no object is an invalid call."""
        with pytest.raises(InvalidFrame) as caught:
            CODEC.decode(frame)

        assert (FieldError((), "wrong_type", "Expected an object."),) == caught.value.failure.errors
        assert caught.value.id is None

    @pytest.mark.parametrize(
        ("frame", "expected"),
        [
            ("{}", [("action", "required")]),
            ('{"action":null}', [("action", "null")]),
            ('{"action":["a"]}', [("action", "wrong_type")]),
            ('{"action":{"a":1}}', [("action", "wrong_type")]),
            ('{"action":1}', [("action", "wrong_type")]),
            ('{"action":"a","id":null}', [("id", "null")]),
            ('{"action":"a","id":true}', [("id", "wrong_type")]),
            ('{"action":"a","id":1.0}', [("id", "wrong_type")]),
            ('{"action":"a","id":[1]}', [("id", "wrong_type")]),
            ('{"action":"a","id":"' + "x" * 256 + '"}', [("id", "too_long")]),
            ('{"id":{}}', [("action", "required"), ("id", "wrong_type")]),
        ],
    )
    def test_action_and_id(self, frame: str, expected: list[tuple[str, str]]) -> None:
        """Action and id are checked, each with its loc and code; an id that is wrong is not echoed."""
        with pytest.raises(InvalidFrame) as caught:
            CODEC.decode(frame)

        assert expected == [(*error.loc, error.code) for error in caught.value.failure.errors]
        assert caught.value.id is None

    @pytest.mark.parametrize(
        ("frame", "expected"),
        [
            ({}, ["This field is required."]),
            ({"action": None}, ["This field may not be null."]),
            ({"action": 1}, ["Expected a string."]),
            ({"action": "a", "id": None}, ["This field may not be null."]),
            ({"action": "a", "id": 1.5}, ["Expected a string or an integer."]),
            ({"action": "a", "id": "x" * 256}, ["Must have at most 255 characters."]),
            ({"action": "authenticate"}, ["This field is required."]),
            ({"action": "authenticate", "token": 5}, ["Expected a string."]),
            ({"action": "authenticate", "token": None}, ["This field may not be null."]),
        ],
    )
    def test_mistakes_have_their_words(self, frame: dict[str, Any], expected: list[str]) -> None:
        """Each mistake in an envelope is told in a sentence that says what was expected."""
        with pytest.raises(InvalidFrame) as caught:
            CODEC.decode(json.dumps(frame))

        assert expected == [error.detail for error in caught.value.failure.errors]

    @pytest.mark.parametrize("id", [0, 7, "x"])
    def test_a_valid_id_is_known(self, id: Any) -> None:
        """A call without action is answered with its id."""
        with pytest.raises(InvalidCall) as caught:
            CODEC.decode(json.dumps({"id": id}))

        assert id == caught.value.id  # type: ignore[attr-defined]


class TestToken:
    @pytest.mark.parametrize(
        "frame",
        [
            {"action": "authenticate", "token": CANARY, "id": 1},
            {"action": "authenticate", "payload": CANARY, "id": 1},
            {"action": "authenticate", "payload": {"token": CANARY}, "id": 1},
        ],
    )
    def test_is_found_and_hidden(self, frame: dict[str, Any]) -> None:
        """A token travels beside the action, as the payload or in it; no repr shows it."""
        call = CODEC.decode(json.dumps(frame))

        assert (CANARY, ABSENT, 1) == (call.token, call.payload, call.id)
        assert CANARY not in repr(call)

    def test_of_other_actions_is_ignored(self) -> None:
        """A top-level token is an unknown key everywhere else."""
        assert CODEC.decode('{"action":"a","token":"x"}').token is None

    @pytest.mark.parametrize(
        ("frame", "expected"),
        [
            ({}, ("token", "required")),
            ({"token": 5}, ("token", "wrong_type")),
            ({"token": None}, ("token", "null")),
            ({"payload": 5}, ("payload", "wrong_type")),
            ({"payload": {}}, ("payload.token", "required")),
            ({"payload": {"token": [1]}}, ("payload.token", "wrong_type")),
        ],
    )
    def test_that_is_none(self, frame: dict[str, Any], expected: tuple[str, str]) -> None:
        """An authenticate call without a token is invalid, and answered with its id."""
        with pytest.raises(InvalidFrame) as caught:
            CODEC.decode(json.dumps({"action": "authenticate", "id": 3, **frame}))

        (error,) = caught.value.failure.errors
        assert expected == (".".join(map(str, error.loc)), error.code)
        assert 3 == caught.value.id


class TestEncode:
    def test_compact(self) -> None:
        """A frame is compact JSON in Unicode; there is an id where there was one."""
        assert '{"action":"a","payload":{"é":[1,null]},"id":0}' == CODEC.encode_frame("a", {"é": [1, None]}, 0)
        assert '{"action":"a","payload":null}' == CODEC.encode_frame("a", None)

    @pytest.mark.parametrize("payload", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}, object(), {1, 2}, b"x"])
    def test_what_is_no_json_raises(self, payload: Any) -> None:
        """Nothing that a client could not read leaves the server."""
        with pytest.raises((ValueError, TypeError)):
            CODEC.encode_frame("a", payload)

    def test_failure(self) -> None:
        """A failure is an error frame; errors and retry_after only where there are any."""
        plain = Failure(404, "not_found", "Not found.")
        full = Failure(429, "throttled", "Slow.", (FieldError(("payload", "a", 0), "null", "No."),), 7)

        assert (
            '{"action":"error","payload":{"status_code":404,"code":"not_found","detail":"Not found."},"id":"x"}'
            == CODEC.encode_failure(plain, "x")
        )
        assert {
            "action": "error",
            "payload": {
                "status_code": 429,
                "code": "throttled",
                "detail": "Slow.",
                "errors": [{"loc": ["payload", "a", 0], "code": "null", "detail": "No."}],
                "retry_after": 7,
            },
        } == json.loads(CODEC.encode_failure(full))


def test_a_call_does_not_show_what_is_the_clients() -> None:
    """Neither payload nor token is in the repr of a call, which gets into logs."""
    calls = [
        CODEC.decode(f'{{"action":"a","payload":"{CANARY}"}}'),
        CODEC.decode(f'{{"action":"authenticate","token":"{CANARY}"}}'),
    ]

    assert ["Call(action='a', id=None)", "Call(action='authenticate', id=None)"] == list(map(repr, calls))
