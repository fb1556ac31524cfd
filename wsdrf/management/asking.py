"""Ask, before a command calls what cannot be undone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError


def confirm(question: str, output: Any) -> None:
    """Put ``question`` to whoever is at the terminal; ``output`` is Django's.

    Raises ``CommandError`` unless the answer is ``yes``, and where nobody is there to give one.
    """
    output.write(question)
    try:
        is_meant = input("Type 'yes' to go on: ") == "yes"
    except EOFError:
        is_meant = False
    if not is_meant:
        raise CommandError("Nothing was called. Where nobody can be asked, say --noinput.")
