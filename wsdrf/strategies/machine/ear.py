"""Hear what wsdrf logs as errors while an example runs."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from typing_extensions import override

LINES: Final = 12
"""Lines of a traceback that are shown."""


class Ear(logging.Handler):
    """Keeps the errors, and keeps them from being printed: each is part of a finding, or of none."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[logging.LogRecord] = []
        self._is_deaf = False
        self._logger = logging.getLogger("wsdrf")
        self._propagates = self._logger.propagate

    def open(self) -> None:
        """Listen."""
        self._propagates = self._logger.propagate
        self._logger.propagate = False
        self._logger.addHandler(self)

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagates
        super().close()

    @contextmanager
    def deaf(self) -> Generator[None, None, None]:
        """Hear nothing of what is only rehearsed."""
        before, self._is_deaf = self._is_deaf, True
        try:
            yield
        finally:
            self._is_deaf = before

    def tell(self) -> str:
        """Give what was heard last, with the end of its traceback; nothing where nothing was."""
        if not self.heard:
            return ""
        lines = logging.Formatter("%(name)s: %(message)s").format(self.heard[-1]).splitlines()
        shown = lines if len(lines) <= LINES else [lines[0], "...", *lines[-LINES:]]
        return "\n".join(shown)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if not self._is_deaf:
            self.heard.append(record)
