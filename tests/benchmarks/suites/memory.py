"""What an idle connection holds: resident memory of the process, for each of many connections."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

from endpoints import MODULES, PLAIN, endpoint
from harness import Socket

from suites import Suite

WARM_UP = 50


def resident() -> int:
    """Give the resident bytes of this process. Source: ``man 5 proc``."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def hold(name: str, count: int) -> float:
    """Open ``count`` connections; give the KiB that each holds, the harness's own among them."""
    sockets = [Socket(endpoint(name)) for _ in range(WARM_UP)]
    for socket in sockets:
        await socket.enter()
    before = resident()
    for _ in range(count):
        socket = Socket(endpoint(name))
        sockets.append(socket)
        await socket.enter()
    await asyncio.sleep(0.2)
    held = resident() - before
    for socket in sockets:
        socket.closing = True
        socket.running.cancel()
    await asyncio.gather(*(socket.running for socket in sockets), return_exceptions=True)
    return held / count / 1024


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the KiB of one connection."""
    return {"kib": asyncio.run(hold(row, 1000 if quick else 10_000))}


SUITE = Suite(
    title="An idle connection",
    columns={"kib": "memory, KiB"},
    rows=lambda quick: list(MODULES),
    measure=measure,
    against=lambda row: PLAIN,
    rounds=1,
    quick_rounds=1,
)
