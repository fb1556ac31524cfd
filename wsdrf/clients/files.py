"""What a language gives back: files that are written together, and can be compared with those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from wsdrf.exceptions import ConfigurationError

MADE: Final = "Made by `manage.py wsdrf_client {language}`, which writes it anew: do not edit."


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write ``files``, by their paths in ``folder``, which is made where there is none.

    Raises ``ConfigurationError`` where a file is in the way that no client was ever written to, ``OSError`` where
    nothing can be written.
    """
    for path, text in files.items():
        target = folder / path
        if target.exists() and not _may_be_replaced(_read(target), text):
            raise ConfigurationError(f"{target} was not made by this command. Name another --output.")
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def outdated(files: Mapping[str, str], folder: Path) -> list[str]:
    """Name those of ``files`` that are not in ``folder`` as they should be."""
    return [path for path, text in files.items() if not (folder / path).is_file() or _read(folder / path) != text]


def _may_be_replaced(existing: str, text: str) -> bool:
    return existing == text or "Made by `manage.py wsdrf_client" in existing


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")  # a file of somebody else's may be anything
