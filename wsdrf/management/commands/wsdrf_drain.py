"""Ask clients to leave, a few at a time, before a server is restarted."""

from __future__ import annotations

import math
from typing import Any, Final

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsdrf.connection.revocation import drain

ALONE: Final = (
    "No layer in CHANNEL_LAYERS crosses processes, so no server hears of this. Configure Redis, and see that "
    "DJANGO_SETTINGS_MODULE is the server's."
)


class Command(BaseCommand):
    """Close every connection with 4503, each at a random moment, so that not all clients come back at once."""

    help = "Close every websocket with 4503 (come back later), spread over some seconds, before a restart."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long, and where."""
        parser.add_argument("--seconds", type=float, default=30.0, help="how long to spread it over (30)")
        parser.add_argument("--host", help="the host name of the one machine to drain (all of them)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the word. Raises ``CommandError`` for a time that is none, and for a channel layer that fails."""
        seconds, host = options["seconds"], options["host"]
        if not math.isfinite(seconds) or seconds < 0:
            raise CommandError("--seconds takes a number of seconds, 0 or more.")
        try:
            drain(seconds, host)
        except Exception as error:  # a layer raises what its own client does
            raise CommandError(f"The channel layer failed, so not all servers have heard of this: {error}") from error
        if not _crosses_processes():
            self.stderr.write(ALONE)
            return
        where = f" of {host}" if host else ""
        self.stdout.write(f"Connections{where} are closed with 4503 within {seconds:g} seconds.")


def _crosses_processes() -> bool:
    layers = (get_channel_layer(alias) for alias in getattr(settings, "CHANNEL_LAYERS", {}))
    return any(layer is not None and not isinstance(layer, InMemoryChannelLayer) for layer in layers)
