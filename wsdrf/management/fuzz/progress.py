"""Show that a run goes on: a line at a terminal, with rich where that is installed, and nothing elsewhere."""

from __future__ import annotations

from importlib import import_module
from time import monotonic
from typing import Any, Final

from wsdrf.management.tables import HAS_RICH

EVERY: Final = 0.2
"""Seconds between two looks of the line."""

CLEAR: Final = "\r\x1b[K"


class Progress:
    """The line of one run of ``seconds``, on ``output``, Django's."""

    def __init__(self, output: Any, seconds: float) -> None:
        self._output = output
        self._seconds = seconds
        self._start = self._next = monotonic()
        self._bar: Any = _bar(output) if output.isatty() and HAS_RICH else None
        self._task: Any = None if self._bar is None else self._bar.add_task("", total=seconds)

    def show(self, name: str, conversations: int, answers: int) -> None:
        """Say what has been done for ``name``, unless that was said just now."""
        now = monotonic()
        if not self._output.isatty() or now < self._next:
            return
        self._next = now + EVERY
        told = f"{name}: {conversations} conversations, {answers} answers"
        passed = min(now - self._start, self._seconds)
        if self._bar is None:
            self._output.write(f"{CLEAR}{told}, {self._seconds - passed:.0f} s left", ending="")
            self._output.flush()
        else:
            self._bar.start()
            self._bar.update(self._task, completed=passed, description=told, refresh=True)

    def end(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
        elif self._output.isatty():
            self._output.write(CLEAR, ending="")


def _bar(output: Any) -> Any:
    rich: Any = import_module("rich.progress")
    console = import_module("rich.console").Console(file=output)
    # It refreshes when it is told to: a thread of its own would look like one of the project's.
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.TimeRemainingColumn())
    return rich.Progress(*columns, console=console, auto_refresh=False, transient=True, redirect_stdout=False)
