"""Take the steps of a coroutine by hand: most are over after the first, and need neither a task nor a timer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import coroutine
from typing import Any


@coroutine
def rest(waiting: Any, send: Callable[[Any], Any], throw: Callable[[BaseException], Any]) -> Generator[Any, Any, Any]:
    """Go on with a coroutine whose last step gave ``waiting``, and give its result.

    ``send`` and ``throw`` are the coroutine's own, or take its steps somewhere else.
    """
    while True:
        try:
            value = yield waiting
        except BaseException as error:  # cancellation included: the coroutine is to hear of it
            advance, argument = throw, error
        else:
            advance, argument = send, value
        try:
            waiting = advance(argument)
        except StopIteration as stop:
            return stop.value
