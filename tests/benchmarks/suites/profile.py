"""Where the microseconds of a message go: its steps, each timed by itself, on a connection that is at work on nothing.

What is taken by itself finds warm what it needs: the parts are a little quicker than within the whole, and what is
left between their sum and the whole says how much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from endpoints import WSDRF, endpoint
from harness import Socket

from suites import Suite

PARTS = (
    "reading the frame",
    "asking the guards",
    "structuring the payload",
    "the handler",
    "writing the reply",
    "handing it to the server",
)
WHOLE = "the whole message"
REST = "turns, contexts, limits"


def finish(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("The coroutine waits.")


async def connection_of(target: Any) -> tuple[Socket, Any]:
    """Open a connection; give its socket, and wsdrf's own object."""
    from wsdrf.connection.connection import Connection

    opened: list[Any] = []
    run = Connection.run

    async def noted(self: Any) -> None:
        opened.append(self)
        await run(self)

    Connection.run = noted  # type: ignore[method-assign]  # for this one connection, to get hold of it
    socket = Socket(target)
    await socket.enter()
    Connection.run = run  # type: ignore[method-assign]  # as above
    return socket, opened[0]


def steps_of(connection: Any, frame: str) -> dict[str, Callable[[], Any]]:
    """Give what takes each step of a message, with what the step before gave."""
    codec, dispatcher = connection.blueprint.codec, connection._dispatcher
    call = codec.decode(frame)
    step = connection.blueprint.steps[call.action]
    payload = step.structure(call.payload)
    result = finish(connection.consumer.chat(payload))
    reply = dispatcher.reply(step, call, result)
    return {
        WHOLE: lambda: connection._take({"type": "websocket.receive", "text": frame}),
        "reading the frame": lambda: codec.decode(frame),
        "asking the guards": lambda: connection.caller.permit_now(step.guard, call),
        "structuring the payload": lambda: step.structure(call.payload),
        "the handler": lambda: finish(connection.consumer.chat(payload)),
        "writing the reply": lambda: dispatcher.reply(step, call, result),
        "handing it to the server": lambda: connection._outbox.put(reply),
    }


def timed(step: Callable[[], Any], count: int) -> float:
    """Give the microseconds of one step: the best of many rounds, since nothing makes one quicker than it is."""
    rounds = []
    for _ in range(9):
        started = time.process_time()
        for _ in range(count):
            step()
        rounds.append((time.process_time() - started) / count)
    return min(rounds) * 1e6


async def profile(count: int) -> dict[str, float]:
    """Time each step of a message."""
    target = endpoint(WSDRF)
    socket, connection = await connection_of(target)
    socket.say(target.frame)  # a worker is there from the first call on
    await asyncio.sleep(0.05)
    server, connection._reader = connection._reader, asyncio.current_task()
    took = {name: timed(step, count) for name, step in steps_of(connection, target.frame).items()}
    connection._reader = server
    await socket.leave()
    took[REST] = took[WHOLE] - sum(took[part] for part in PARTS)
    return took


def measure(rows: list[str], rounds: int, quick: bool) -> dict[str, dict[str, list[float]]]:
    """Give the microseconds of each step, round after round."""
    figures: dict[str, dict[str, list[float]]] = {row: {"us": []} for row in rows}
    for _ in range(rounds):
        took = asyncio.run(profile(500 if quick else 3000))
        for row in rows:
            figures[row]["us"].append(took[row])
    return figures


SUITE = Suite(
    title="Where a message's time goes",
    columns={"us": "CPU time, µs"},
    rows=lambda quick: [*PARTS, REST, WHOLE],
    together=measure,
    against=lambda row: WHOLE,
    rounds=5,
    quick_rounds=2,
)
