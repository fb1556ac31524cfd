"""Every way in which a value without parts can be wrong."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from wsdrf.codec.quick import scalar_hook
from wsdrf.codec.scalars import integer_key
from wsdrf.codec.wrong import Hook
from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.schema import Choice, Integer, Number, OneOf, Shape, Text, TextForm
from wsdrf.schema.matching import matches
from wsdrf.schema.traits import kinds
from wsdrf.strategies.faults import LARGEST, Breach, breach, late_breach, tiled
from wsdrf.strategies.forms import text_forms
from wsdrf.strategies.jsons import floats, integers, scalars, strings
from wsdrf.strategies.numbers import FLOAT_EXACT, span
from wsdrf.strategies.numbers import floats as floats_within
from wsdrf.strategies.payloads import passes
from wsdrf.strategies.sieve import NoValue
from wsdrf.strategies.texts import USUAL_LENGTH, characters, is_simple, texts

_OF_KIND: Final[dict[type, st.SearchStrategy[Any]]] = {
    bool: st.booleans(),
    int: integers,
    # 1.0 is an integer to JSON Schema, and to JavaScript.
    float: floats.map(lambda number: 0.5 if number.is_integer() else number),
    str: strings,
    list: st.lists(scalars, max_size=2),
    dict: st.dictionaries(strings, scalars, max_size=2),
}
_BAD_TEXTS: Final = (
    "", " ", "x", "0", "-1", "1.", ".5", "1e3", "NaN", "+1", "01", "true", "null", "YQ", "Y===", "2026-02-30",
    "20260131", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T24:00:00Z",
    "2026-01-31T12:00:00.5Z", "12:00", "24:00:00", "12:00:00Z", "12:00:00.5", "P", "PT", "P1W", "PT60S", "P1Y", "-PT0S",
    "00000000000000000000000000000000", "{00000000-0000-0000-0000-000000000000}",
    "A0000000-0000-0000-0000-000000000000",
)  # fmt: skip
_PROBES: Final = ("\n", " ", "!", "0", "9", "a", "z", "A", "-", "_", ".", "\u00e9", "\U0001f600")


def of_kind(shape: Shape) -> Iterator[Breach]:
    """Give what is of the wrong kind: ``null``, or an object for a string."""
    fitting = accepted_kinds(shape)
    if not fitting:
        return
    others = [strategy for kind, strategy in _OF_KIND.items() if kind not in fitting]
    if type(None) not in fitting:
        yield breach("null", st.none(), "null")
    if others:
        yield breach("wrong_type", st.one_of(others), "wrong_type")


def accepted_kinds(shape: Shape) -> set[type]:
    """Give the types of JSON values that are not refused for their type; empty where none is."""
    fitting = set(kinds(shape))
    if isinstance(shape, Choice):
        integral = any(type(option.wire) is float and option.wire.is_integer() for option in shape.options)
        return fitting | {int} if integral else fitting
    return fitting | {int} if float in fitting and isinstance(shape, (Number, OneOf)) else fitting


def of_scalar(shape: Shape, whole: bool = True) -> Iterator[Breach]:
    """Give what is of the right kind and wrong all the same. ``whole``: an integer may stand for a float."""
    if isinstance(shape, Text):
        yield from _of_text(shape)
    elif isinstance(shape, TextForm):
        yield from _of_form(shape)
    elif isinstance(shape, Integer):
        yield from of_integer(shape)
    elif isinstance(shape, Number):
        yield from _of_number(shape, whole)
    elif isinstance(shape, Choice):
        yield from _of_choice(shape, whole)


def of_key(shape: Integer) -> Iterator[Breach]:
    """Give the wrong keys of an object whose keys are integers."""
    bad = [text for text in _BAD_TEXTS if not passes(integer_key, text)] + [str(INT_MAX + 1)]
    yield breach("form", st.sampled_from(bad), "invalid")
    for each in of_integer(shape):
        yield Breach(each.violation, each.faults.map(lambda fault: evolve(fault, value=str(fault.value))))


def of_integer(shape: Integer) -> Iterator[Breach]:
    """Give integers beyond the bounds."""
    within = span(shape)
    if within.low > INT_MIN:
        yield late_breach("too_small", st.integers(INT_MIN, min(within.low - 1, INT_MAX)))
    if within.high < INT_MAX:
        yield late_breach("too_large", st.integers(max(within.high + 1, INT_MIN), INT_MAX))


def _of_number(shape: Number, whole: bool) -> Iterator[Breach]:
    if whole:
        odd = st.integers(0, 2**9 - 1).map(lambda number: FLOAT_EXACT + 2 * number + 1)
        yield breach("inexact", odd | odd.map(lambda number: -number), "invalid")
    for violation, beyond in _beyond(shape, Number()):
        try:
            yield late_breach(violation, floats_within(beyond))
        except NoValue:
            continue


def _beyond(shape: Any, unbound: Any) -> Iterator[tuple[str, Any]]:
    """Give shapes of the values below and above the bounds of ``shape``."""
    if shape.ge is not None:
        yield "too_small", evolve(unbound, lt=shape.ge)
    elif shape.gt is not None:
        yield "too_small", evolve(unbound, le=shape.gt)
    if shape.le is not None:
        yield "too_large", evolve(unbound, gt=shape.le)
    elif shape.lt is not None:
        yield "too_large", evolve(unbound, ge=shape.lt)


def _of_choice(shape: Choice, whole: bool) -> Iterator[Breach]:
    fitting = accepted_kinds(shape) if whole else set(kinds(shape))
    read = scalar_hook(shape)
    others = [_other(kind, read) for kind in _OF_KIND if kind in fitting and kind is not bool and read]
    if bool in fitting and read:
        others += [st.just(flag) for flag in (False, True) if not passes(read, flag)]
    if others:
        yield breach("choice", st.one_of(others), "choice")


def _other(kind: type, read: Hook) -> st.SearchStrategy[Any]:
    return _OF_KIND[kind].filter(lambda value: not passes(read, value))


def _of_form(shape: TextForm) -> Iterator[Breach]:
    read = scalar_hook(shape)
    if read is not None:
        bad = [text for text in _BAD_TEXTS if not passes(read, text)]
        any_bad = strings.map(lambda text: text + "!")
        yield breach("form", st.sampled_from(bad) | any_bad, "invalid")
    if shape.min_length:
        short = st.binary(max_size=shape.min_length - 1)
        yield late_breach("too_short", short.map(_base64))
    if shape.max_length is not None and shape.max_length < LARGEST:
        yield late_breach("too_long", tiled(st.binary(min_size=1, max_size=3), shape.max_length + 1).map(_base64))
    for violation, beyond in _beyond(shape, TextForm(shape.type, shape.format)):
        try:
            yield late_breach(violation, text_forms(beyond))
        except NoValue:
            continue


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _of_text(shape: Text) -> Iterator[Breach]:
    if is_simple(shape):
        yield from _of_length(shape)
    if shape.patterns:
        yield from _of_pattern(shape)


def _of_length(shape: Text) -> Iterator[Breach]:
    shape = evolve(shape, format="", trimmed=False, blank=False)
    if shape.min_length:
        try:
            short = texts(evolve(shape, min_length=None, max_length=shape.min_length - 1), "")
            yield late_breach("too_short", short)
        except NoValue:
            pass
    if shape.max_length is not None and shape.max_length < LARGEST:
        try:
            parts = texts(evolve(shape, min_length=1, max_length=3), "")
            texts(evolve(shape, min_length=shape.max_length + 1, max_length=shape.max_length + 3), "")
        except NoValue:  # the pattern itself counts characters
            return
        yield late_breach("too_long", tiled(parts, shape.max_length + 1))


def _of_pattern(shape: Text) -> Iterator[Breach]:
    least, most = shape.min_length or 0, shape.max_length
    sizes = {least, least + 1, least + 2} if most is None else {least, min(least + 1, most), min(least + 2, most)}
    probes = [probe * size for size in sorted(sizes) for probe in _PROBES]
    bad = [probe for probe in dict.fromkeys(probes) if not _is_matched(probe, shape)]
    if bad:
        text = st.text(characters, min_size=least, max_size=least + USUAL_LENGTH if most is None else most)
        # Where hardly any text is wrong, what was found to be wrong is drawn again.
        drawn = st.builds(lambda text, probe: probe if _is_matched(text, shape) else text, text, st.sampled_from(bad))
        yield late_breach("pattern", st.sampled_from(bad) | drawn)


def _is_matched(text: str, shape: Text) -> bool:
    return all(matches(text, pattern) for pattern in shape.patterns)
