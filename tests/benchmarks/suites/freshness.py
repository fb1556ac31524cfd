"""What it costs that credentials are looked at again: a message under ``revalidate_after``."""

from __future__ import annotations

import asyncio

from endpoints import WSDRF, endpoint
from harness import talk
from project import credentials

from suites import Suite

ROWS = [f"{kind}, revalidate_after={age}" for kind in ("session", "token") for age in (None, 5, 0)]


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one message."""
    headers = credentials().headers(row.partition(",")[0])
    return {"us": asyncio.run(talk(endpoint(WSDRF, row), 0.3 if quick else 0.6, headers))}


SUITE = Suite(
    title="Freshness: a message of wsdrf, by how old its login may be",
    columns={"us": "a message, µs"},
    rows=lambda quick: ROWS,
    measure=measure,
    against=lambda row: f"{row.partition(',')[0]}, revalidate_after=None",
    rounds=3,
    quick_rounds=1,
)
