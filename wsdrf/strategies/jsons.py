"""JSON of any shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from wsdrf.envelope import ABSENT, INT_MAX, INT_MIN
from wsdrf.strategies.texts import characters

_LEVELS: Final = 3
_WIDTH: Final = 3

strings: Final = st.text(characters, max_size=12)
integers: Final = st.integers(INT_MIN, INT_MAX)
floats: Final = st.floats(allow_nan=False, allow_infinity=False)

scalars: Final[st.SearchStrategy[Any]] = st.one_of(st.none(), st.booleans(), integers, strings, floats)
"""Any JSON value without parts."""


def _nested(levels: int) -> st.SearchStrategy[Any]:
    if not levels:
        return scalars
    inner = _nested(levels - 1)
    return st.one_of(scalars, st.lists(inner, max_size=_WIDTH), st.dictionaries(strings, inner, max_size=_WIDTH))


json_values: Final[st.SearchStrategy[Any]] = _nested(_LEVELS)
"""Any JSON value that wsdrf reads, nested a few levels deep."""


def objects(
    required: Mapping[str, st.SearchStrategy[Any]], optional: Mapping[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects of the ``required`` keys, and of ``optional`` ones, each of which shrinks to not being there."""
    if not optional:
        return st.fixed_dictionaries(dict(required))
    maybe = {key: st.just(ABSENT) | values for key, values in optional.items()}
    return st.fixed_dictionaries({**required, **maybe}).map(_given)


def _given(drawn: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in drawn.items() if value is not ABSENT}
