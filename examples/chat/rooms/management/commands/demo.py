"""``manage.py demo``: make the database, seed it, say who may sign in, and serve."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from rooms.seed import PASSWORD, USERS, seed

APPLICATION = "config.asgi:application"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NEEDS = {"uvicorn": ("uvicorn", "websockets"), "daphne": ("daphne",)}


class Command(BaseCommand):
    """Run the demo from an empty machine; run it again and it goes on where it was."""

    help = "Migrate, seed, print the address and the users, and serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
        parser.add_argument("--server", choices=sorted(NEEDS), default="uvicorn", help="default: %(default)s")
        parser.add_argument("--no-serve", action="store_true", help="stop before serving")

    def handle(self, *args: Any, host: str, port: int, server: str, no_serve: bool, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        seed()
        self._introduce(host, port)
        if not no_serve:
            self._serve(server, host, port)

    def _introduce(self, host: str, port: int) -> None:
        address = f"[{host}]" if ":" in host else host
        self.stdout.write(f"\n  http://{address}:{port}/\n\n")
        for user in USERS:
            self.stdout.write(f"  {user.username:<8} {user.about}")
        self.stdout.write(f"\n  Everybody's password is {PASSWORD}\n\n")
        if host not in LOOPBACK:
            self.stderr.write("Others can reach this address, and the password is public. Do not leave it running.\n")

    def _serve(self, server: str, host: str, port: int) -> None:
        """Become the server: the same command that you would type, in this very process."""
        if missing := [name for name in NEEDS[server] if find_spec(name) is None]:
            raise CommandError(f"{server} cannot serve without {', '.join(missing)}: pip install {' '.join(missing)}")
        if host not in LOOPBACK:
            os.environ.setdefault("CHAT_ALLOWED_HOSTS", "*" if host in ("0.0.0.0", "::") else f"{host},localhost")
        bind = "--host" if server == "uvicorn" else "--bind"
        self.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", server, bind, host, "--port", str(port), APPLICATION])
