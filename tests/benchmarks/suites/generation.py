"""How fast wsdrf.strategies draws, and how many calls a second a state machine makes."""

from __future__ import annotations

import time
from typing import Any

from suites import Suite

STRATEGIES = ("calls", "invalid_calls", "frames")


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


def converse(examples: int) -> dict[str, float]:
    """Run a state machine over the endpoint; give how many frames a second it sent, and how many its handler answered.

    Some are nearly right, some are hostile, some come from who may not: the handler sees the smaller part.
    """
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from endpoints.guarded import Chat, Guarded, Reply
    from hypothesis.stateful import run_state_machine_as_test
    from rest_framework.authentication import SessionAuthentication

    from wsdrf import on
    from wsdrf.strategies import state_machine

    sent = answered = 0

    class Counted(Guarded):
        authentication_classes = [SessionAuthentication]

        @on("chat")
        async def chat(self, payload: Chat) -> Reply:
            nonlocal answered
            answered += 1
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

    application = Counted.as_asgi()

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            nonlocal sent
            event = await receive()
            sent += event["type"] == "websocket.receive"
            return event

        await application(scope, counted, send)

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    roles = {"anonymous": None, "ann": get_user_model().objects.get(username="ann")}
    machine = state_machine(Counted, roles, application=counting)
    started = time.process_time()
    run_state_machine_as_test(machine, settings=settings_of(examples, stateful_step_count=30))
    took = time.process_time() - started
    return {"rate": sent / took, "answered": answered / took}


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give how many a second."""
    if row == "state machine":
        return converse(10 if quick else 40)
    return {"rate": draw(row, 200 if quick else 1000)}


SUITE = Suite(
    title="Generation: wsdrf.strategies",
    columns={
        "rate": "examples (state machine: frames sent) a second of CPU time",
        "answered": "of them answered by the handler",
    },
    rows=lambda quick: [*STRATEGIES, "state machine"],
    measure=measure,
    against=lambda row: None,
    rounds=3,
    quick_rounds=1,
)
