"""Shrink a conversation that fails in as little time as may be: whole steps first, then what is said in them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

from hypothesis import core, stateful
from hypothesis.internal.conjecture import engine, shrinker


@contextmanager
def shrinking_for(seconds: float) -> Generator[None, None, None]:
    """Have hypothesis stop after ``seconds`` where it would go on for five minutes, and leave out whole steps first.

    It has no setting for that; a version that does not have these names takes its own time, and its own words.
    """
    own: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (engine, "MAX_SHRINKING_SECONDS", lambda _: seconds),
        (engine, "report", lambda _: lambda *_: None),
        (core, "report", lambda tell: partial(_tell, seconds, tell)),
        (shrinker.Shrinker, "initial_coarse_reduction", _after_dropping),
    ]
    known = [(owner, name, getattr(owner, name), change) for owner, name, change in own if hasattr(owner, name)]
    for owner, name, before, change in known:
        setattr(owner, name, change(before))
    try:
        yield
    finally:
        for owner, name, before, _ in known:
            setattr(owner, name, before)


def _tell(seconds: float, tell: Callable[[str], None], text: str) -> None:
    if "too long to shrink" in text:
        text = f"Looked for a shorter conversation for {seconds:g} s. Pass shrink_for={10 * seconds:g} to look longer."
    tell(text)


def _after_dropping(reduce: Callable[[Any], None]) -> Callable[[Any], None]:
    def drop_and_reduce(shrinker: Any) -> None:
        if hasattr(stateful, "STATE_MACHINE_RUN_LABEL") and hasattr(shrinker, "consider_new_nodes"):
            _drop_steps(shrinker)
        reduce(shrinker)

    return drop_and_reduce


def _drop_steps(shrinker: Any) -> None:
    """Leave out what fails as well without it: half of the conversation, a quarter, and so on to single steps."""
    size = len(_steps(shrinker)) // 2
    while size:
        end = len(_steps(shrinker)) - 1  # the last step is the one that fails
        while end > 0:
            steps, nodes = _steps(shrinker), shrinker.nodes
            start = max(0, end - size)
            shrinker.consider_new_nodes(nodes[: steps[start].start] + nodes[steps[end - 1].end :])
            end = min(start, len(_steps(shrinker)) - 1)
        size //= 2


def _steps(shrinker: Any) -> list[Any]:
    return [span for span in shrinker.spans if span.label == stateful.STATE_MACHINE_RUN_LABEL]
