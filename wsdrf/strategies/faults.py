"""Values with exactly one thing wrong, and what the codec says of it."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st

LARGEST: Final = 10_000
"""Characters or bytes beyond which nothing is made too long: the frame itself would be refused."""

MOST_ITEMS: Final = 100
"""Items beyond which nothing is made too long."""


@frozen
class Fault:
    """A JSON value with one thing wrong: ``loc`` is the path from the value to it, ``code`` the field error's.

    ``late`` says that a validator of attrs finds it, once the value is structured, and not its structure.
    """

    value: Any
    code: str
    loc: tuple[str | int, ...] = ()
    late: bool = False

    def inside(self, value: Any, *loc: str | int) -> Fault:
        """Give the fault of ``value``, in which this one stands at ``loc``."""
        return evolve(self, value=value, loc=(*loc, *self.loc))


@frozen
class Breach:
    """One way to be wrong, by name, and the strategy of values that are wrong in it."""

    violation: str
    faults: st.SearchStrategy[Fault]


def breach(violation: str, values: st.SearchStrategy[Any], code: str, *loc: str | int) -> Breach:
    """Make the breach of what the structure of a value shows."""
    return Breach(violation, values.map(lambda value: Fault(value, code, loc)))


def late_breach(violation: str, values: st.SearchStrategy[Any]) -> Breach:
    """Make the breach of what a validator finds; its code is the violation's name."""
    return Breach(violation, values.map(lambda value: Fault(value, violation, late=True)))


def tiled(parts: st.SearchStrategy[Any], size: int) -> st.SearchStrategy[Any]:
    """Draw a sequence of ``size`` items, or a few more, as a short one over and over: cheap, and easy to read."""
    return st.builds(lambda part, extra: (part * (size + extra))[: size + extra], parts, st.integers(0, 2))
