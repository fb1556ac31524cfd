"""Connect, authenticate, leave: what a connection costs that says nothing."""

from __future__ import annotations

import asyncio
import statistics
import time

from endpoints import CHANX, DCRF_DRF, DCRF_OWN, PLAIN, WSDRF, endpoint
from endpoints.common import Endpoint
from harness import PARTS, Socket
from project import Header, credentials

from suites import Suite

KINDS = ("anonymous", "session", "token", "jwt")


async def come_and_go(target: Endpoint, headers: tuple[Header, ...], count: int) -> float:
    """Open and close ``count`` connections, one after the other; give the CPU time of one, in microseconds."""
    parts = []
    for part in range(PARTS + 2):
        started = time.process_time()
        for _ in range(count // PARTS):
            socket = Socket(target, headers)
            await socket.enter()
            await socket.leave()
        if part >= 2:
            parts.append((time.process_time() - started) / (count // PARTS))
    return statistics.median(parts) * 1e6


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one connection."""
    name, _, kind = row.rpartition(", ")
    headers = credentials().headers(kind)
    return {"us": asyncio.run(come_and_go(endpoint(name, kind), headers, 200 if quick else 500))}


def rows(quick: bool) -> list[str]:
    """Give each kind of login on plain Channels and wsdrf, and sessions on the others; a quick run has sessions."""
    if quick:
        return [f"{name}, {kind}" for kind in ("anonymous", "session") for name in (PLAIN, WSDRF)]
    found = [f"{name}, {kind}" for kind in KINDS for name in (PLAIN, WSDRF)]
    return found + [f"{name}, session" for name in (CHANX, DCRF_OWN, DCRF_DRF)]


SUITE = Suite(
    title="Connect, authenticate, leave",
    columns={"us": "a connection, µs"},
    rows=rows,
    measure=measure,
    against=lambda row: f"{PLAIN}, {row.rpartition(', ')[2]}",
)
