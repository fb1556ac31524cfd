"""A checked message of somebody who is signed in, and its answer: CPU time of the process."""

from __future__ import annotations

import asyncio

from endpoints import MODULES, PLAIN, endpoint
from harness import talk

from suites import Suite


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one message, the harness among them."""
    return {"us": asyncio.run(talk(endpoint(row), 0.3 if quick else 0.6))}


SUITE = Suite(
    title="A message: checked, guarded, answered",
    columns={"us": "a message, µs"},
    rows=lambda quick: list(MODULES),
    measure=measure,
    against=lambda row: PLAIN,
)
