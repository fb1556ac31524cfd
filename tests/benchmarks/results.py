"""What a run has found, and what is worked out of it."""

from __future__ import annotations

import json
import statistics
from typing import Any

from attrs import asdict, frozen


@frozen
class Spread:
    """A median, and the lowest and highest of the rounds."""

    median: float
    low: float
    high: float


def spread(figures: list[float]) -> Spread:
    """Sum rounds up."""
    return Spread(statistics.median(figures), min(figures), max(figures))


@frozen
class Results:
    """The figures of a run: by suite, row and column, one a round."""

    machine: dict[str, Any]
    versions: dict[str, str]
    quick: bool
    suites: dict[str, dict[str, dict[str, list[float]]]]

    def as_json(self) -> str:
        """Write everything down."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def figures(self, suite: str, row: str, column: str) -> list[float] | None:
        """Give the rounds of one figure, or nothing where it was not measured."""
        return self.suites.get(suite, {}).get(row, {}).get(column)

    def ratio(self, suite: str, column: str, row: str, to: str) -> Spread | None:
        """Give the ratio of two rows: each round with itself, so that what slows a round slows both."""
        upper, lower = self.figures(suite, row, column), self.figures(suite, to, column)
        return ratio(upper, lower) if upper and lower else None


def ratio(upper: list[float], lower: list[float]) -> Spread:
    """Give the ratio of figures measured in the same rounds."""
    return spread([one / other for one, other in zip(upper, lower, strict=False)])
