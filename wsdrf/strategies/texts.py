"""Strings within lengths, that match the patterns that are asked for."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

from wsdrf.schema import Pattern, Text
from wsdrf.schema.matching import fits, matches
from wsdrf.strategies.sieve import NoValue, sieve

USUAL_LENGTH: Final = 20
"""How much longer than it must be a text gets, where nothing bounds it."""

_FORMATS: Final = {
    "email": r"[a-z0-9]{1,8}@[a-z]{1,8}\.(com|org)",
    "uri": r"https?://[a-z]{1,8}\.(com|org)(/[a-z0-9]{0,8})?",
    "ipv4": r"((1[0-9]|[1-9])?[0-9]\.){3}(1[0-9]|[1-9])?[0-9]",
    "ipv6": r"([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}",
}

characters: Final = st.characters(codec="utf-8")
"""Every character that JSON can carry: all but lone surrogates."""

_ONE_CLASS: Final = re.compile(
    r"(?:\^|\\A)?(?P<kind>\[\^?\]?(?:[^\]\\\[]|\\.)*\]|\\[wdsWDS]|\.)"
    r"(?P<count>[+*?]|\{\d+\}|\{\d*,\d*\})?(?:\$|\\[zZ])?"
)
_CANDIDATES: Final = [*map(chr, range(0x3000)), "\u4e2d", "\uac00", "\ufeff", "\U0001f600", "\U0010ffff"]


def texts(shape: Text, plight: str) -> st.SearchStrategy[str]:
    """Draw strings of ``shape``. ``plight`` is the error where patterns and lengths hardly agree.

    Raises ``NoValue`` where the lengths leave nothing.
    """
    least = shape.min_length or 0
    most = least + USUAL_LENGTH if shape.max_length is None else shape.max_length
    if most < least:
        raise NoValue(f"no text has at least {least} and at most {most} characters")
    if shape.format in _FORMATS:
        return sieve(st.from_regex(_FORMATS[shape.format], fullmatch=True), lambda text: fits(text, shape), plight)
    if not shape.patterns:
        some = st.characters(codec="utf-8", exclude_characters=shape.without) if shape.without else characters
        plain = st.text(some, min_size=least, max_size=most)
        return sieve(plain, lambda text: fits(text, shape), plight) if shape.trimmed and least else plain
    first, *others = shape.patterns
    simple = _of_one_class(first, least, shape.max_length)
    drawn = _matching(first) if simple is None else simple
    if simple is not None and not others and not (shape.trimmed or shape.without):
        return simple
    return sieve(drawn, lambda text: fits(text, shape), plight)


def is_simple(shape: Text) -> bool:
    """Tell whether lengths can be chosen at will, as far as patterns let them."""
    if not shape.patterns:
        return True
    pattern = shape.patterns[0]
    return len(shape.patterns) == 1 and pattern.method == "fullmatch" and _one_class(pattern) is not None


def _one_class(pattern: Pattern) -> re.Match[str] | None:
    return None if pattern.regex.flags & re.VERBOSE else _ONE_CLASS.fullmatch(pattern.regex.pattern)


def _matching(pattern: Pattern) -> st.SearchStrategy[str]:
    exact = st.from_regex(pattern.regex, fullmatch=True, alphabet=characters)
    if pattern.method == "fullmatch":
        return exact
    padding = st.text(characters, max_size=3)
    padded = st.tuples(padding if pattern.method == "search" else st.just(""), exact, padding).map("".join)
    return exact | padded.filter(lambda text: matches(text, pattern))


def _of_one_class(pattern: Pattern, least: int, most: int | None) -> st.SearchStrategy[str] | None:
    """Draw what a pattern as simple as ``[a-z]{2,5}`` matches, within lengths; ``None`` for any other pattern."""
    found = _one_class(pattern)
    if found is None or pattern.method != "fullmatch":
        return None
    single = re.compile(found["kind"], pattern.regex.flags)
    alphabet = [character for character in _CANDIDATES if single.fullmatch(character)]
    counted_least, counted_most = _counts(found["count"])
    least = max(least, counted_least)
    bounds = [bound for bound in (most, counted_most) if bound is not None]
    most = min(bounds, default=least + USUAL_LENGTH)
    if most < least or (not alphabet and least):
        raise NoValue(f"no text matches {pattern.regex.pattern!r} within its lengths")
    return st.text(alphabet, min_size=least, max_size=most) if alphabet else st.just("")


def _counts(count: str | None) -> tuple[int, int | None]:
    if count is None:
        return 1, 1
    if count in "+*?":
        return int(count == "+"), 1 if count == "?" else None
    least, comma, most = count[1:-1].partition(",")
    if not comma:
        return int(least), int(least)
    return int(least or 0), int(most) if most else None
