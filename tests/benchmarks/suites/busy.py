"""A message while something else keeps the threads busy: 50 ms of synchronous work at a time."""

from __future__ import annotations

import asyncio
import os
import statistics
import time

from asgiref.sync import sync_to_async
from endpoints import CHANX, DCRF_DRF, PLAIN, WSDRF, endpoint
from endpoints.common import Endpoint
from harness import Conversation, Socket

from suites import Suite

WORK_SECONDS = 0.05
DJANGO, OWN = "Django's thread busy", "its own pool busy"


async def latency(socket: Socket, seconds: float) -> float:
    """Make calls for so long; give the median time of one, in microseconds."""
    times = []
    conversation = Conversation(socket, socket.endpoint.frame, time.perf_counter)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        times += await conversation.hold(1)
        await asyncio.sleep(0)
    return statistics.median(times) * 1e6


async def work_in_django(stop: asyncio.Event) -> None:
    """Be requests of a synchronous view, one after the other, in the one thread that Django shares."""
    while not stop.is_set():
        await sync_to_async(time.sleep)(WORK_SECONDS)


async def work_in_pool(target: Endpoint, stop: asyncio.Event) -> None:
    """Be another connection, whose handlers are synchronous and take their time."""
    socket = Socket(target)
    await socket.enter()
    conversation = Conversation(socket, target.frame, time.perf_counter)
    while not stop.is_set():
        await conversation.hold(1)
    await socket.leave()


async def compare(name: str, kind: str, seconds: float) -> dict[str, float]:
    """Give the median latency idle and busy, in microseconds, and the ratio of the two."""
    socket = Socket(endpoint(name))
    await socket.enter()
    await latency(socket, 0.3)
    idle = await latency(socket, seconds)
    stop = asyncio.Event()
    if kind == OWN:
        threads = min(8, (os.cpu_count() or 1) + 4)
        workers = [asyncio.create_task(work_in_pool(endpoint(name, "slow"), stop)) for _ in range(threads)]
    else:
        workers = [asyncio.create_task(work_in_django(stop)) for _ in range(2)]
    await asyncio.sleep(2 * WORK_SECONDS)
    busy = await latency(socket, seconds)
    stop.set()
    await asyncio.gather(*workers)
    await socket.leave()
    return {"idle": idle, "busy": busy, "ratio": busy / idle}


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give the figures of one contender."""
    name, _, kind = row.rpartition(", ")
    return asyncio.run(compare(name, kind, 0.7 if quick else 1.5))


SUITE = Suite(
    title="Median latency while synchronous work of 50 ms keeps threads busy elsewhere",
    columns={"idle": "idle, µs", "busy": "busy, µs", "ratio": "busy / idle"},
    rows=lambda quick: [
        f"{PLAIN}, {DJANGO}",
        f"{CHANX}, {DJANGO}",
        f"{DCRF_DRF}, {DJANGO}",
        f"{WSDRF}, {DJANGO}",
        f"{WSDRF}, {OWN}",
    ],
    measure=measure,
    against=lambda row: None,
    rounds=3,
    quick_rounds=1,
)
