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


def converse(examples: int) -> float:
    """Run a state machine over the endpoint; give how many calls a second reached the handler."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from endpoints.guarded import Chat, Guarded, Reply
    from hypothesis.stateful import run_state_machine_as_test
    from rest_framework.authentication import SessionAuthentication

    from wsdrf import on
    from wsdrf.strategies import state_machine

    answered = 0

    class Counted(Guarded):
        authentication_classes = [SessionAuthentication]

        @on("chat")
        async def chat(self, payload: Chat) -> Reply:
            nonlocal answered
            answered += 1
            return Reply(text=payload.text, room=payload.room, tags=payload.tags, n=len(payload.text))

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    machine = state_machine(Counted, {"anonymous": None, "ann": get_user_model().objects.get(username="ann")})
    started = time.process_time()
    run_state_machine_as_test(machine, settings=settings_of(examples, stateful_step_count=30))
    return answered / (time.process_time() - started)


def measure(row: str, quick: bool) -> dict[str, float]:
    """Give how many a second."""
    if row == "state machine":
        return {"rate": converse(10 if quick else 40)}
    return {"rate": draw(row, 200 if quick else 1000)}


SUITE = Suite(
    title="Generation: wsdrf.strategies",
    columns={"rate": "examples (state machine: calls answered) a second of CPU time"},
    rows=lambda quick: [*STRATEGIES, "state machine"],
    measure=measure,
    against=lambda row: None,
    rounds=3,
    quick_rounds=1,
)
