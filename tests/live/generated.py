"""What the tests of generated clients share: to generate them, to change who is who, and a server that may be killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.live.servers import (
    END_SECONDS,
    START_SECONDS,
    TREE,
    Fleet,
    Server,
    accepts,
    environment,
    eventually,
    free_port,
)

GENERATE = """
import sys, django
from django.conf import settings
django.setup()
settings.ASGI_APPLICATION = "tests.live.app.asgi.application"
from django.core.management import call_command
call_command("wsdrf_client", sys.argv[2], "--output", sys.argv[1])
"""
PERSON = """
import sys, django
django.setup()
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token
user, _ = User.objects.get_or_create(username=sys.argv[1])
Token.objects.filter(user=user).delete()
Token.objects.create(user=user, key=sys.argv[2])
"""


def in_project(folder: Path, program: str, *arguments: str) -> None:
    """Run ``program`` in a process of the project whose database is in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=TREE,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert 0 == done.returncode, done.stderr


class Mortal:
    """A server that a test may kill and start again, at one port."""

    def __init__(self, fleet: Fleet, server: Server, folder: Path) -> None:
        shutil.copy(server.folder / "live.sqlite3", folder)
        self.port = free_port()
        self._command = [sys.executable, "-m", *(part.format(port=self.port) for part in server.kind.command)]
        self._folder, self._environment = folder, fleet.environment(folder)
        self.start()

    def start(self) -> None:
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                self._command, cwd=TREE, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )
        eventually(lambda: accepts(self.port), START_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(END_SECONDS)
