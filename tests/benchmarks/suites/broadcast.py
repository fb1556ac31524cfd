"""One member speaks, every member hears it: CPU time of the process for each delivery."""

from __future__ import annotations

import asyncio
import os
import statistics
import time

from endpoints import CHANNELS, PLAIN, WSDRF, endpoint
from harness import Socket

from suites import Suite

DELIVERIES = 20_000
"""Deliveries to measure, at least; and so many broadcasts as that takes, at least three."""


class Room:
    """Members of a room, all in this process."""

    def __init__(self, members: list[Socket]) -> None:
        self.members, self.missing = members, 0
        for member in members:
            member.wanted, member.heard = member.endpoint.said, self.hear

    def hear(self) -> None:
        """Count a delivery."""
        self.missing -= 1
        if not self.missing:
            self.done.set_result(None)

    async def speak(self) -> float:
        """Have the first member speak, and wait until everybody has heard; give the CPU seconds of one delivery."""
        self.missing = len(self.members)
        self.done = asyncio.get_running_loop().create_future()
        started = time.process_time()
        self.members[0].say(self.members[0].endpoint.say)
        await asyncio.wait_for(self.done, 120)
        return (time.process_time() - started) / len(self.members)


async def deliver(name: str, size: int, least: int = DELIVERIES) -> float:
    """Give the microseconds of one delivery, in a room of ``size`` members."""
    members = [Socket(endpoint(name, "room")) for _ in range(size)]
    for member in members:
        await member.enter()
    room = Room(members)
    await room.speak()
    times = [await room.speak() for _ in range(max(3, least // size))]
    # All at once: a room of thousands that is left one by one takes a while with a layer that counts.
    for member in members:
        member.closing = True
        member.running.cancel()
    await asyncio.gather(*(member.running for member in members), return_exceptions=True)
    return statistics.median(times) * 1e6


def rows(quick: bool) -> list[str]:
    """Give the rooms. Plain Channels with 5 000 members takes seconds for each broadcast, so only a full run has it."""
    found = [f"{name}, 500 members" for name in ((PLAIN, WSDRF) if quick else CHANNELS)]
    found += [f"{name}, 5000 members" for name in ([WSDRF] if quick else [PLAIN, WSDRF])]
    if os.environ.get("WSDRF_BENCH_REDIS"):
        found += [f"{name}, 500 members, Redis" for name in (PLAIN, WSDRF)]
    return found


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the microseconds of one delivery."""
    name, _, rest = row.removesuffix(", Redis").rpartition(", ")
    size = int(rest.split()[0])
    slow = name != WSDRF
    least = 3 * size if slow and (quick or size > 500) else DELIVERIES // (4 if slow else 1)
    return {"us": asyncio.run(deliver(name, size, least))}


def layer(row: str) -> dict[str, str]:
    """Tell the process of a row which layer it has."""
    return {"WSDRF_BENCH_LAYER": "redis"} if row.endswith("Redis") else {}


def against(row: str) -> str:
    """Compare with plain Channels in a room of the same kind."""
    room = [part for part in row.split(", ") if part.endswith("members") or part == "Redis"]
    return ", ".join([PLAIN, *room])


SUITE = Suite(
    title="A broadcast, for each member that hears it",
    columns={"us": "a delivery, µs"},
    rows=rows,
    measure=measure,
    against=against,
    environment=layer,
    rounds=3,
    quick_rounds=2,
)
