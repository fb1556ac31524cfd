"""How the cost of one thing grows with the number of another: each curve should be flat, or straight and low."""

from __future__ import annotations

import asyncio

from endpoints import BARE, PLAIN, WSDRF
from harness import talk

from suites import Suite
from suites.broadcast import deliver

CURVES = {
    "routes": ((WSDRF,), (10, 100, 1000)),
    "guards": ((WSDRF,), (1, 3, 10)),
    "groups": ((WSDRF,), (1, 10, 99)),
    "B": ((BARE, WSDRF), (100, 1024, 10240)),
    "members": ((PLAIN, WSDRF), (10, 100, 1000)),
}
"""By what is counted: who is measured, and with how many."""


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one message, or of one delivery to a member."""
    name, _, rest = row.rpartition(", ")
    count, what = int(rest.split()[0]), rest.split()[1]
    if what == "members":
        return {"us": asyncio.run(deliver(name, count, 2000 if name == PLAIN else 20_000))}
    from endpoints import growing  # the runner imports this module, and has no Django

    return {"us": asyncio.run(talk(growing.MAKERS[what](name, count), 0.3 if quick else 0.5))}


def rows(quick: bool) -> list[str]:
    """Give every point of every curve; a quick run has the ends of those that must hold."""
    points = []
    for what, (names, counts) in CURVES.items():
        if quick and what in {"groups", "members"}:
            continue
        ends = (counts[0], counts[-1]) if quick else counts
        points += [f"{name}, {count} {what}" for count in ends for name in names]
    return points


def against(row: str) -> str:
    """Compare with the first point of the same curve."""
    name, _, rest = row.rpartition(", ")
    what = rest.split()[1]
    return f"{name}, {CURVES[what][1][0]} {what}"


SUITE = Suite(
    title="Growth: one message, with more of what a project may have; one delivery, with more members",
    columns={"us": "µs"},
    rows=rows,
    measure=measure,
    against=against,
    rounds=3,
    quick_rounds=1,
)
