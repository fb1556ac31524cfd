"""How many calls a second generated conversations make of a consumer, in one process."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from hypothesis import settings

from wsdrf.consumer import Consumer
from wsdrf.strategies import state_machine
from wsdrf.strategies.machine import talk
from wsdrf.strategies.machine.case import converse, usual_settings


def calls_per_second(consumer: type[Consumer], roles: dict[str, Any], examples: int = 100) -> float:
    """Give the frames sent a second, generation, guards' rehearsals and all checks included."""
    sent = 0
    send = talk._send

    async def counted(scene: Any, ready: Any) -> None:
        nonlocal sent
        sent += 1
        await send(scene, ready)

    talk._send = counted
    try:
        machine = state_machine(consumer, roles)
        started = perf_counter()
        converse(machine, settings(usual_settings(), max_examples=examples, database=None))
        return sent / (perf_counter() - started)
    finally:
        talk._send = send
