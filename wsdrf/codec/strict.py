"""Strict JSON: text or UTF-8 bytes to plain data, plain data to text; nothing else reads or writes JSON.

msgspec reads calls that are beyond doubt; the rest, and everything that it refuses, is read again with care.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json.encoder import encode_basestring
from math import inf
from typing import Any, Final, NoReturn

import msgspec

from wsdrf.envelope import ABSENT, AUTHENTICATE, INT_MAX, INT_MIN, Call
from wsdrf.exceptions import ParseError

_DIGITS: Final = bytes(0x30 if 0x30 <= code <= 0x39 else 0x20 for code in range(256))
_LONG: Final = b"0" * 19
"""What ``_DIGITS`` makes of an integer that may be beyond 64 bits."""

_KEY: Final = re.compile(rb'"[ \t\n\r]*:')
"""The end of a key. A text may look like it, which makes too many of them, and never too few."""

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NO_BRACKETS: Final = {code: None for code in range(128) if chr(code) not in "[]{}"} | {ord("{"): "[", ord("}"): "]"}
_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SPACE: Final = " \t\n\r"


class _Unreadable(ValueError):
    """Carry a fixed detail out of the parser."""


def quick_reader(max_depth: int, careful: Callable[[str | bytes], Call]) -> Callable[[str | bytes], Call]:
    """Make the function that reads a frame which is a call beyond doubt, and leaves any other to ``careful``.

    Without a long run of digits no integer is too large. A key has a colon: where there are no more colons than keys
    were found, none was there twice, and none was left out. Most frames are flat, and without a colon in their texts:
    then objects nest three deep at most (the frame, the payload, and empty ones), and with no more arrays than levels
    are left it is not too deep. In any other, keys and levels are counted one by one. ``max_depth`` is 1 at least.
    """
    arrays = max_depth - 3

    def read(data: str | bytes) -> Call:
        try:
            octets = data.encode() if isinstance(data, str) else data
            call = _read_call(octets)
            payload = call.payload
            keys = 2 + len(payload) if type(payload) is dict else 1 if payload is ABSENT else 2
            if (
                call.action != AUTHENTICATE  # whose token may be in three places
                and octets.translate(_DIGITS).find(_LONG) < 0  # ``in`` would try a number first, and cost an exception
                and (
                    (octets.count(b":") == (keys if call.id is None else keys + 1) and octets.count(b"[") <= arrays)
                    or len(_KEY.findall(octets)) == _keys_of(call, max_depth)
                )
            ):
                return call
        except (ValueError, msgspec.MsgspecError, RecursionError):  # until 0.21 the second was none of the first
            pass
        return careful(data)

    return read


def _keys_of(call: Call, max_depth: int) -> float:
    return 1 + (call.id is not None) + (call.payload is not ABSENT) + _keys_in(call.payload, max_depth - 1)


def _keys_in(value: Any, levels: int) -> float:
    if type(value) is not dict and type(value) is not list:
        return 0
    if levels < 1:
        return inf
    found: float = len(value) if type(value) is dict else 0
    for item in value.values() if type(value) is dict else value:
        if type(item) is dict or type(item) is list:
            found += _keys_in(item, levels - 1)
    return found


def parse(data: str | bytes, max_depth: int) -> Any:
    """Read JSON strictly.

    Raises ``ParseError`` for bytes that are not UTF-8, a byte order mark, anything that is not exactly one JSON value,
    a key that occurs twice in one object, NaN, infinities and numbers as large, integers beyond signed 64 bits, arrays
    and objects nested deeper than ``max_depth``, and surrogates that are no pair. The cost is linear in the size.
    """
    text = data if isinstance(data, str) else _text(data)
    if text.count("[") + text.count("{") > max_depth:
        _check_depth(text, max_depth)
    if not text.isascii():
        _check_unicode(text)
    if text[:1] in _SPACE:
        text = text.lstrip(_SPACE)
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError:
        raise ParseError("The frame is not valid JSON.") from None
    except _Unreadable as error:
        raise ParseError(error.args[0]) from None
    if end != len(text) and text[end:].strip(_SPACE):
        raise ParseError("The frame has more after its JSON value.")
    if "\\u" in text and _ESCAPED_SURROGATE.search(text):
        _check_unicode(json.dumps(value, ensure_ascii=False))
    return value


def write(value: Any) -> str:
    """Write plain data as compact JSON.

    Raises ``ValueError`` for NaN, infinities and lone surrogates, ``TypeError`` for what is no JSON value.
    """
    text = "".join(_encode(value, 0)) if _encode is not None else _ENCODER.encode(value)
    if not text.isascii():
        text.encode()  # raises for a lone surrogate, which no client could read
    return text


def _text(data: bytes) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        raise ParseError("The frame is not valid UTF-8.") from None


def _check_unicode(text: str) -> None:
    if text.startswith("\ufeff"):
        raise ParseError("The frame starts with a byte order mark.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError("The frame has a surrogate that is no pair.") from None


def _check_depth(text: str, max_depth: int) -> None:
    """Take the innermost pairs of brackets away, ``max_depth`` times: none may be left."""
    brackets = _STRING.sub("", text).encode("ascii", "ignore").decode().translate(_NO_BRACKETS)
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace("[]", "")
    if brackets:
        raise ParseError(f"The frame is nested deeper than {max_depth} levels, or its brackets do not match.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable("The frame has a key twice in one object.")
    return found


def _integer(digits: str) -> int:
    # Short enough is checked first: Python refuses to read very long ones, with an error of its own.
    if len(digits) > 20 or not INT_MIN <= (value := int(digits)) <= INT_MAX:
        raise _Unreadable("The frame has an integer beyond 64 bits.")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if value - value != 0:
        raise _Unreadable("The frame has a number that is too large.")
    return value


def _constant(name: str) -> NoReturn:
    raise _Unreadable("The frame has NaN or Infinity, which are not JSON.")


_read_call: Final = msgspec.json.Decoder(Call).decode
write_plain: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode
"""Write as compact JSON what the codec itself has made plain: nothing of it is looked at again."""
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _make_encode() -> Any:
    """Make the C encoder once: ``JSONEncoder.encode`` makes it anew for every value. ``None`` where there is no C."""
    make = json.encoder.c_make_encoder  # type: ignore[attr-defined]  # the stubs leave it out
    return make and make(None, _ENCODER.default, encode_basestring, None, ":", ",", False, False, False)


_encode: Final = _make_encode()
