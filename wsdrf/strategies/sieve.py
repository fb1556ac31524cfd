"""Keep what a predicate accepts, and say so by name where hardly anything is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from attrs import define
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

Value = TypeVar("Value")

TRIES: Final = 20
"""How often a value is drawn anew before the whole example is given up."""

_ENOUGH: Final = 10 * TRIES
_HARDLY: Final = 100


class NoValue(Exception):
    """Say that a shape has no value at all; no error by itself, since a union may have other members."""


@define(eq=False)
class Odds:
    """How often a strategy was asked, and how often its value would do; ``plight`` is the error where it hardly does.

    Once hopeless it stays so, and the error comes only where an example would be given up: hypothesis replays what
    failed, and has to meet the same draws and the same failure.
    """

    plight: str
    asked: int = 0
    found: int = 0
    hopeless: bool = False

    def note(self, accepted: bool) -> bool:
        """Count one value, and give ``accepted`` back."""
        self.asked += 1
        self.found += accepted
        return accepted

    def give_up(self) -> NoReturn:
        """Give the example up; raise ``Unsatisfiable`` where the next ones will hardly fare better."""
        self.hopeless = self.hopeless or (self.asked >= _ENOUGH and self.found * _HARDLY < self.asked)
        if self.hopeless:
            raise Unsatisfiable(self.plight)
        reject()


def sieve(
    strategy: st.SearchStrategy[Value], accepts: Callable[[Value], bool], plight: str
) -> st.SearchStrategy[Value]:
    """Draw from ``strategy`` what ``accepts`` says yes to. ``plight`` is the message of ``Unsatisfiable``."""
    return _sieved(strategy, accepts, Odds(plight))


@st.composite
def _sieved(draw: st.DrawFn, strategy: st.SearchStrategy[Value], accepts: Callable[[Value], bool], odds: Odds) -> Value:
    for _ in range(TRIES):
        value = draw(strategy)
        if odds.note(accepts(value)):
            return value
    return odds.give_up()
