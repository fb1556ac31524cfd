"""What a process pays once: importing wsdrf, and building its applications, in CPU time."""

from __future__ import annotations

import importlib
import time
from typing import Any

from suites import Suite

ACTIONS = 1000
DEPENDENCIES = (
    "attrs",
    "cattrs",
    "cattrs.preconf.json",
    "msgspec",
    "channels.consumer",
    "channels.layers",
    "channels.db",
    "channels.generic.websocket",
    "rest_framework.generics",
    "rest_framework.permissions",
    "rest_framework.views",
)
"""What wsdrf stands on, imported before the clock runs."""


def import_wsdrf() -> float:
    """Import everything that a module with a consumer imports; give the CPU seconds."""
    for name in DEPENDENCIES:
        importlib.import_module(name)
    started = time.process_time()
    module: Any = importlib.import_module("wsdrf")
    _ = [getattr(module, name) for name in module.__all__]
    return time.process_time() - started


def declare_messages() -> tuple[float, list[type]]:
    """Declare so many message classes; give the CPU seconds, most of which attrs takes, and the classes."""
    from wsdrf import message

    started = time.process_time()
    fields = {"text": str, "room": int, "tags": list[str]}
    classes = [
        message(f"said.{number}")(type(f"Said{number}", (), {"__annotations__": fields})) for number in range(ACTIONS)
    ]
    return time.process_time() - started, classes


def build() -> float:
    """Build a consumer of so many actions, each with its own payload and guard; give the CPU seconds."""
    from rest_framework.permissions import IsAuthenticated

    from wsdrf import Consumer, on, requires

    def declare(number: int, payload: type) -> Any:
        async def handle(self: Any, payload: Any) -> Any:
            return payload

        handle.__name__ = handle.__qualname__ = f"handle_{number}"
        handle.__annotations__ = {"payload": payload, "return": payload}
        return on(f"say.{number}")(requires(IsAuthenticated)(handle))

    _, payloads = declare_messages()
    started = time.process_time()
    body = {f"handle_{number}": declare(number, payload) for number, payload in enumerate(payloads)}
    type(Consumer)("Large", (Consumer,), body).as_asgi()
    return time.process_time() - started


MEASURES = {
    "import wsdrf": import_wsdrf,
    "1 000 message classes": lambda: declare_messages()[0],
    "1 000 actions": build,
}
SUITE = Suite(
    title="What a process pays once",
    columns={"ms": "CPU time, ms"},
    rows=lambda quick: list(MEASURES),
    measure=lambda row, quick: {"ms": MEASURES[row]() * 1e3},
    against=lambda row: None,
    environment=lambda row: {"WSDRF_BENCH_APP": "no"},
    rounds=5,
    quick_rounds=3,
)
