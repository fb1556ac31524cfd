"""The same message, with a guard that reads the database: one hop to a thread."""

from __future__ import annotations

import asyncio

from endpoints import DCRF_DRF, PLAIN, WSDRF, endpoint
from harness import talk

from suites import Suite


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one message."""
    return {"us": asyncio.run(talk(endpoint(row, "database"), 0.4 if quick else 0.8))}


SUITE = Suite(
    title="A message whose guard reads the database",
    columns={"us": "a message, µs"},
    rows=lambda quick: [PLAIN, DCRF_DRF, WSDRF],
    measure=measure,
    against=lambda row: PLAIN,
)
