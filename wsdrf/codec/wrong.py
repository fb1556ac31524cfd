"""What is wrong with a value: field errors on their way up to the payload."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final

from wsdrf.envelope import FieldError

MAX_ERRORS: Final = 10
"""How many errors one answer lists at most."""

MAX_LOC_LENGTH: Final = 256
"""How many characters the parts of one ``loc`` have together at most; what is beyond is cut off."""

FAULTS: Final = (ValueError, TypeError, KeyError, AssertionError)
"""What a validator or ``__post_init__`` raises to say that a value is wrong. Anything else is no verdict."""

Hook = Callable[..., Any]
"""Reading: takes plain data and, as cattrs has it, a type that is ignored; gives the typed value or raises ``Wrong``.

Writing: takes a typed value, gives plain data.
"""


class Wrong(ValueError):
    """Carry field errors whose ``loc`` starts at the value at hand."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__()
        self.errors = errors


def wrong(code: str, detail: str, *loc: str | int) -> Wrong:
    """Make a ``Wrong`` of one error."""
    return Wrong(FieldError(loc, code, detail))


def unfit(value: Any, expected: str, *loc: str | int) -> Wrong:
    """Say that ``value`` is of the wrong JSON type; ``expected`` names the right one, as in ``a string``."""
    if value is None:
        return wrong("null", "This field may not be null.", *loc)
    return wrong("wrong_type", f"Expected {expected}.", *loc)


def missing(*loc: str | int) -> FieldError:
    """Say that a required field is not there."""
    return FieldError(loc, "required", "This field is required.")


def unknown(*loc: str | int) -> FieldError:
    """Say that there is no such field."""
    return FieldError(loc, "unknown", "Unknown field.")


def counted(number: int, unit: str) -> str:
    """Write how many of a ``unit``, as in ``1 item`` and ``2 items``."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def under(part: str | int, errors: tuple[FieldError, ...]) -> list[FieldError]:
    """Put ``part`` before each ``loc``."""
    return [FieldError((part, *error.loc), error.code, error.detail) for error in errors]


def bounded(errors: Iterable[FieldError], root: str) -> tuple[FieldError, ...]:
    """Finish errors for the client: the first few, each ``loc`` from ``root`` on and of bounded length."""
    few = islice(errors, MAX_ERRORS)
    return tuple(FieldError(_cut((root, *error.loc)), error.code, error.detail) for error in few)


def _cut(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    room = MAX_LOC_LENGTH
    kept: list[str | int] = []
    for part in loc:
        if room <= 0:
            break
        kept.append(part[:room] if isinstance(part, str) else part)
        room -= len(str(part))
    return tuple(kept)
