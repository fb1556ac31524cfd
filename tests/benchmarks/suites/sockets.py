"""Over real sockets: messages a second, latency, and the server's CPU time of a message.

All servers run at once, on one core where there are two, and the load on another; they are pressed in turn, a fraction
of a second each, round after round, so that a busy moment of the machine meets them all.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from endpoints import BARE, CHANX, DCRF_DRF, FASTAPI, LITESTAR, PLAIN, SOCKETIO, WSDRF, endpoint
from load import Load, connect

from suites import Figures, Suite

SERVE = Path(__file__).parent.parent / "serve.py"
MANY = 1000


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of all threads of a process so far. Source: the kernel's ``sched-stats``."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def press(load: Load, pid: int, seconds: float) -> dict[str, float]:
    """Give messages a second, median and 99th percentile latency and server CPU of a message, in microseconds."""
    # Who was silent for a while has credentials looked at again, once in five seconds: not all in this fraction of one.
    await load.last(0.2)
    before = cpu_seconds(pid)
    took = await load.last(seconds)
    spent = cpu_seconds(pid) - before
    times = sorted(load.times)
    return {
        "rate": load.counted / took,
        "median": statistics.median(times) * 1e6,
        "p99": times[int(len(times) * 0.99)] * 1e6,
        "cpu": spent / len(times) * 1e6,
    }


async def press_in_turn(servers: dict[str, tuple[int, int]], rounds: int, quick: bool) -> Figures:
    """Press each server with each number of connections, round after round."""
    found: Figures = {}
    for connections in (1, 50) if quick else (1, 50, MANY):
        rows = [row for row in servers if connections < MANY or row in CROWDED]
        loads = {
            row: Load(await connect(endpoint(row.partition(", ")[2]), servers[row][0], connections)) for row in rows
        }
        for number in range(rounds + 1):
            for row in rows:
                figures = await press(loads[row], servers[row][1], 0.2 if quick or connections == 1 else 0.4)
                for column, figure in figures.items() if number else ():  # the first round is for warming up
                    found.setdefault(row, {}).setdefault(f"{column}{connections}", []).append(figure)
        for load in loads.values():
            load.end()
        await asyncio.sleep(0.5)
    return found


@contextmanager
def served(row: str, core: str) -> Iterator[subprocess.Popen[str]]:
    """Have a server of its own for a row while the suite lasts."""
    server, _, name = row.partition(", ")
    command = [sys.executable, "-W", "ignore", str(SERVE), server, name, core]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def port_of(row: str, process: subprocess.Popen[str]) -> int:
    """Wait until a server has said where it listens."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"the server of {row} did not start")
    return int(line)


def measure(rows: list[str], rounds: int, quick: bool) -> Figures:
    """Start the servers, press them, and end them."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    core = str(cores[0]) if len(cores) > 1 else ""
    with ExitStack() as stack:
        processes = {row: stack.enter_context(served(row, core)) for row in rows}
        servers = {row: (port_of(row, process), process.pid) for row, process in processes.items()}
        if core:
            os.sched_setaffinity(0, {cores[1]})
        return asyncio.run(press_in_turn(servers, rounds, quick))


PEERS = (BARE, PLAIN, CHANX, DCRF_DRF, FASTAPI, LITESTAR, SOCKETIO, WSDRF)
COMPARED = (BARE, PLAIN, WSDRF)
"""Those that are measured on each server, and with many connections."""
CROWDED = tuple(f"uvicorn, {name}" for name in COMPARED)
SUITE = Suite(
    title="Over real sockets, one call in flight on each connection",
    columns={
        f"{column}{connections}": f"{heading}, {connections} connection{'s' if connections > 1 else ''}"
        for connections in (1, 50, 1000)
        for column, heading in {
            "rate": "messages/s",
            "median": "median, µs",
            "p99": "99th percentile, µs",
            "cpu": "server CPU a message, µs",
        }.items()
    },
    rows=lambda quick: [
        *(f"uvicorn, {name}" for name in PEERS),
        *(f"{server}, {name}" for server in ("uvicorn on asyncio", "daphne") for name in COMPARED),
    ],
    together=measure,
    plain=("median", "p99"),
    against=lambda row: f"{row.partition(', ')[0]}, {PLAIN}",
    rounds=7,
    quick_rounds=3,
)
