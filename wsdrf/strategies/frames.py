"""Anything that a socket can carry: what is nearly a call, what is nearly JSON, and what is neither."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from wsdrf.codec import MAX_DEPTH
from wsdrf.envelope import INT_MAX, INT_MIN, MAX_ID_LENGTH, RESERVED_ACTIONS
from wsdrf.options import KIB
from wsdrf.strategies.jsons import json_values, strings

Frame: TypeAlias = str | bytes

_actions: Final = st.sampled_from(sorted(RESERVED_ACTIONS)) | strings
_LARGE: Final = (INT_MAX, INT_MAX + 1, INT_MIN, INT_MIN - 1, 2**64, 10**19, 10**400)
_NUMBERS: Final = (
    "0", *map(str, _LARGE), "1e308", "1e309", "-1e999", "1e-400", "-0", "-0.0", "00", "01", "1.", ".5", "+1",
    "0x10", "1_000", "NaN", "Infinity", "-Infinity", "nan", "inf",
)  # fmt: skip
_TOKENS: Final = (
    "{", "}", "[", "]", ",", ":", "null", "true", "false", "None", "True", "'a'", '"', '"a"', "\\", "\ufeff", "//", " ",
    "\x00", "\u2028", *_NUMBERS,
)  # fmt: skip
_ESCAPES: Final = ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud83d\\ude00", "\\u0000", "\\u12", "\\x41", "\n", "\\")
_BAD_UTF8: Final = (
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x82",
    b"\x80",
    b"\xef\xbb\xbf",
    b"\x00",
)


def frames(max_message_size: int = 64 * KIB) -> st.SearchStrategy[Frame]:
    """Draw any frame that a socket can carry: ``str`` is a text frame, ``bytes`` a binary one.

    Among them are JSON of any shape, calls and what is nearly one, keys that stand twice, numbers that are none or too
    large, nesting about the deepest that is read, escaped surrogates, broken UTF-8 in binary frames (a server lets none
    into text frames), JSON cut short, and frames about ``max_message_size``, in bytes.
    """
    texts = st.one_of(_calls, _values, _twice, _numbers, _escapes, _tokens, _cut, _nested, strings)
    binary = texts.map(str.encode) | _broken_utf8 | st.binary(max_size=12)
    return st.one_of(texts, binary, _sized(max_message_size))


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _with(text: str) -> str:
    """Put raw text in the place of a payload."""
    return f'{{"action": "x", "payload": {text}}}'


_calls: Final = st.fixed_dictionaries(
    {},
    optional={
        "action": _actions | json_values,
        "payload": json_values,
        "id": json_values | strings.map(lambda text: (text or "0") * MAX_ID_LENGTH),
        "token": json_values,
        "other": json_values,
    },
).map(_write)
_values: Final = json_values.map(_write)
_twice: Final = st.builds(
    lambda key, one, other: f'{{"action": "x", {_write(key)}: {one}, {_write(key)}: {other}}}',
    st.sampled_from(("action", "payload", "id")) | strings,
    _values,
    _values,
)
_numbers: Final = st.sampled_from(_NUMBERS).map(_with) | st.sampled_from(_NUMBERS)
_escapes: Final = st.lists(st.sampled_from(_ESCAPES), min_size=1, max_size=3).map(
    lambda parts: _with(f'"{"".join(parts)}"')
)
_tokens: Final = st.lists(st.sampled_from(_TOKENS), max_size=8).map("".join)
_cut: Final = st.builds(lambda text, size: text[:-size], _calls, st.integers(1, 8))


_DEPTHS: Final = (0, *range(MAX_DEPTH - 3, MAX_DEPTH + 2), 2000)
_SIZES: Final = (None, -1, 0, 1, -1, 0, 1)
"""Bytes more than the limit. As each of these lists begins with, deep and large frames shrink to small ones."""


def _nest(depth: int, brackets: tuple[str, str], closed: bool) -> str:
    opening, closing = brackets
    return _with(opening * depth + "0" + closing * depth * closed)


_nested: Final = st.builds(
    _nest,
    st.sampled_from(_DEPTHS),
    st.sampled_from((("[", "]"), ('{"a":', "}"))),
    st.booleans(),
)
_broken_utf8: Final = st.builds(
    lambda text, at, bad: text.encode()[:at] + bad + text.encode()[at:],
    _calls,
    st.integers(0, 20),
    st.sampled_from(_BAD_UTF8),
)


def _sized(size: int) -> st.SearchStrategy[Frame]:
    """Draw frames of ``size`` bytes, or one more or less, of characters of one, two or four bytes."""
    sizes = st.sampled_from(_SIZES).map(lambda more: None if more is None else max(0, size + more))
    text = st.builds(_filled, sizes, st.sampled_from("a\u00e9\U0001f600"))
    return text | text.map(str.encode)


def _filled(size: int | None, character: str) -> str:
    """Write a call of ``size`` bytes; where that is too few for one, as much text."""
    if size is None:
        return _with("0")
    room = size - len(_with('""'))
    if room < 0:
        return "0" * size
    many, rest = divmod(room, len(character.encode()))
    return _with(f'"{character * many}{"a" * rest}"')
