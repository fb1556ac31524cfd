"""Name what JSON Schema cannot say of a type, so that nothing is left out silently."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

KEYWORD: Final = "x-wsdrf-undescribed"
"""Where a schema lists what it leaves out at that place: a name of ``Undescribed``, mostly with what it is about."""


class Undescribed(Enum):
    """What is left out. ``docs/reference/schema.md`` says what each means."""

    INTEGER_FORM = "integer-form"
    EXACT_FLOAT = "exact-float"
    DISTINCT = "distinct"
    RANGE = "range"
    YEARS = "years"
    LENGTH = "length"
    PATTERN = "pattern"
    VALIDATOR = "validator"
    INIT = "init"
    FIELD = "field"
    CONVERSION = "conversion"
    DEFAULT = "default"


def leave_out(schema: dict[str, Any], what: Undescribed, about: str = "") -> None:
    """Say in ``schema`` what it does not describe."""
    said = f"{what.value}: {about}" if about else what.value
    listed = schema.setdefault(KEYWORD, [])
    if said not in listed:
        listed.append(said)
