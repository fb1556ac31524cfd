"""How fast wsdrf.strategies draws, and how many calls a second a state machine makes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from suites import Suite

STRATEGIES = ("calls", "invalid_calls", "frames")
OPEN = "state machine, a consumer that is open to all"
STORED = "state machine, sessions, a guard that reads and a handler that writes to the database"
MACHINES = (OPEN, STORED)


def settings_of(examples: int, **more: Any) -> Any:
    """Give hypothesis's settings for a measurement: the same examples each time, none kept."""
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


def draw(name: str, examples: int) -> float:
    """Draw so many examples; give how many a second there were."""
    from endpoints.guarded import Room
    from hypothesis import given

    from wsdrf import strategies

    strategy = strategies.frames() if name == "frames" else getattr(strategies, name)(Room)
    drawn = 0

    def note(example: Any) -> None:
        nonlocal drawn
        drawn += 1

    started = time.process_time()
    settings_of(examples)(given(strategy)(note))()
    return drawn / (time.process_time() - started)


def consumers(note: Callable[[], None]) -> dict[str, Any]:
    """Give the consumers to converse with, by row; each handler calls ``note``."""
    from django.contrib.auth import get_user_model
    from endpoints.guarded import Chat, Guarded, IsKnown, Reply
    from rest_framework.authentication import SessionAuthentication
    from rest_framework.permissions import AllowAny, IsAuthenticated

    from wsdrf import on, requires

    class Plain(Guarded):
        authentication_classes: ClassVar[list[Any]] = []
        permission_classes = [AllowAny]

        @on("chat")
        @requires(AllowAny)
        async def talk(self, payload: Chat) -> Reply:
            note()
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

        chat = None

    class Stored(Guarded):
        authentication_classes = [SessionAuthentication]
        permission_classes = [IsAuthenticated]

        @on("chat")
        @requires(IsKnown)
        def chat(self, payload: Chat) -> Reply:
            note()
            get_user_model().objects.filter(pk=self.user.pk).update(last_name=str(payload.room))
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

    return {OPEN: Plain, STORED: Stored}


def converse(row: str, examples: int) -> dict[str, float]:
    """Run a state machine over an endpoint; give how many frames a second it sent, and how many its handler answered.

    Some are nearly right, some are hostile, some come from who may not: the handler sees the smaller part.
    """
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from hypothesis.stateful import run_state_machine_as_test

    from wsdrf.strategies import state_machine

    counts: Counter[str] = Counter()
    consumer = consumers(lambda: counts.update(["answered"]))[row]
    application = consumer.as_asgi()

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            event = await receive()
            counts[event["type"]] += 1
            return event

        await application(scope, counted, send)

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    roles = {"anonymous": None, "ann": get_user_model().objects.get(username="ann")}
    machine = state_machine(consumer, roles, application=counting)
    started, at = time.process_time(), time.monotonic()
    run_state_machine_as_test(machine, settings=settings_of(examples, stateful_step_count=30))
    took, clock = time.process_time() - started, time.monotonic() - at
    sent = counts["websocket.receive"]
    return {
        "rate": sent / took,
        "clock": sent / clock,
        "answered": counts["answered"] / took,
        "connects": counts["websocket.connect"] / took,
    }


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give how many a second."""
    if row in MACHINES:
        return converse(row, 20 if quick else 100)
    return {"rate": draw(row, 200 if quick else 1000)}


SUITE = Suite(
    title="Generation: wsdrf.strategies",
    columns={
        "rate": "examples (state machine: frames sent) a second of CPU time",
        "clock": "a second by the clock",
        "answered": "of them answered by the handler, a second of CPU time",
        "connects": "connects beside them",
    },
    rows=lambda quick: [*STRATEGIES, *MACHINES],
    measure=measure,
    against=lambda row: None,
    rounds=3,
    quick_rounds=1,
)
