"""Hooks for values without parts: each checks the exact JSON type and never converts one into another."""

from __future__ import annotations

from typing import Any

from wsdrf.codec.texts import TEXT_CODECS
from wsdrf.codec.wrong import Hook, unfit, wrong
from wsdrf.envelope import INT_MAX, INT_MIN
from wsdrf.schema import Choice, TextForm
from wsdrf.schema.traits import NAMES, kinds

# The second parameter is cattrs' way to call a hook; nothing here needs it.


def anything(value: Any, _: Any) -> Any:
    """Take any JSON value as it is."""
    return value


def null(value: Any, _: Any) -> None:
    """Take ``null``."""
    if value is not None:
        raise wrong("wrong_type", "Expected null.")


def boolean(value: Any, _: Any) -> bool:
    """Take ``true`` and ``false``, not 1 and 0."""
    if type(value) is not bool:
        raise unfit(value, "a boolean")
    return value


def integer(value: Any, _: Any) -> int:
    """Take an integer, not ``true`` and not 1.0."""
    if type(value) is not int:
        raise unfit(value, "an integer")
    return value


def number(value: Any, _: Any) -> float:
    """Take a number that a ``float`` can hold: an integer only where none of it is lost."""
    if type(value) is float:
        return value
    if type(value) is not int:
        raise unfit(value, "a number")
    if (exact := float(value)) != value:
        raise wrong("invalid", "Expected a number that a 64-bit float holds exactly.")
    return exact


def text(value: Any, _: Any) -> str:
    """Take a string."""
    if type(value) is not str:
        raise unfit(value, "a string")
    return value


def text_form(shape: TextForm) -> Hook:
    """Make the hook that reads one form of text, and only the writing that it would be given back in."""
    codec = TEXT_CODECS[shape.format]
    read, write, exact = codec.read, codec.write, codec.exact
    detail = f"Expected {codec.expected}."

    def hook(value: Any, _: Any) -> Any:
        if type(value) is not str:
            raise unfit(value, "a string")
        try:
            typed = read(value)
            if exact or write(typed) == value:
                return typed
        except (ValueError, TypeError, ArithmeticError):
            raise wrong("invalid", detail) from None
        raise wrong("invalid", detail)

    return hook


def integer_key(value: str, _: Any) -> int:
    """Take an object's key that writes a 64-bit integer in its shortest form."""
    digits = value.removeprefix("-")
    if (
        len(value) > 20
        or not digits.isdecimal()
        or str(found := int(value)) != value
        or not INT_MIN <= found <= INT_MAX
    ):
        raise wrong("invalid", "Expected a key that is an integer.")
    return found


def choice(shape: Choice) -> Hook:
    """Make the hook that takes one of a few values; ``1``, ``1.0`` and ``true`` are three values."""
    values = {(type(option.wire), option.wire): option.value for option in shape.options}
    for option in shape.options:
        if type(option.wire) is float and option.wire.is_integer():
            # JSON does not tell 1.0 from 1, so a client may write either.
            values.setdefault((int, int(option.wire)), option.value)
    types = {kind for kind, _ in values}
    expected = " or ".join(NAMES[kind] for kind in kinds(shape)) or "nothing"

    def hook(value: Any, _: Any) -> Any:
        kind = type(value)
        if kind not in types:
            raise unfit(value, expected)
        try:
            return values[kind, value]
        except KeyError:
            raise wrong("choice", "Not one of the allowed values.") from None

    return hook
