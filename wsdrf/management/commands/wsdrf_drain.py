"""Ask clients to leave, a few at a time, before a server is restarted."""

from __future__ import annotations

import math
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsdrf.connection.revocation import drain


class Command(BaseCommand):
    """Close every connection with 4503, each at a random moment, so that not all clients come back at once."""

    help = "Close every websocket with 4503 (come back later), spread over some seconds, before a restart."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long, and where."""
        parser.add_argument("--seconds", type=float, default=30.0, help="how long to spread it over (30)")
        parser.add_argument("--host", help="the host name of the one machine to drain (all of them)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the word. Raises ``CommandError`` for a time that is none."""
        seconds = options["seconds"]
        if not math.isfinite(seconds) or seconds < 0:
            raise CommandError("--seconds takes a number of seconds, 0 or more.")
        drain(seconds, options["host"])
        self.stdout.write(f"Connections are closed with 4503 within {seconds:g} seconds.")
