"""What is measured: a module for each question, each with a ``SUITE``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from attrs import frozen

NAMES = (
    "message",
    "profile",
    "database",
    "connect",
    "broadcast",
    "memory",
    "sockets",
    "busy",
    "freshness",
    "growth",
    "building",
    "generation",
)

Figures = dict[str, dict[str, list[float]]]
"""By row and column, one figure a round."""


@frozen
class Suite:
    """One question.

    ``rows`` gives the names of what is compared, for a quick run or a full one; ``measure`` takes one of them, in a
    process of its own, and gives its figures by column. ``against`` is the row that ratios are made with.
    """

    title: str
    columns: dict[str, str]
    rows: Callable[[bool], list[str]]
    against: Callable[[str], str | None]
    measure: Callable[[str, bool], dict[str, float]] | None = None
    plain: tuple[str, ...] = ()
    """Columns, by how they begin, of which no ratio is worth a column."""
    rounds: int = 5
    quick_rounds: int = 2
    together: Callable[[list[str], int, bool], Figures] | None = None
    """Measures all rows in one process, that many rounds, where they can only be measured so."""
    environment: Callable[[str], dict[str, str]] = lambda row: {}
    """What a row's process finds in its environment."""


def load(name: str) -> Suite:
    """Give the suite of that name."""
    suite: Suite = import_module(f"suites.{name}").SUITE
    return suite
