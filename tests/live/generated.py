"""What the tests of generated clients share: to generate them, to change who is who, and a server that may be killed."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from tests.typescript.compiler import install

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


def python_client(folder: Path, name: str) -> Any:
    """Make the Python client of the live project in ``folder``, and give it, imported as ``name``."""
    (folder / "project").mkdir()
    in_project(folder / "project", GENERATE, str(folder / name), "python")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def typescript_client(folder: Path, require: Callable[[str, str], str]) -> Path:
    """Make the TypeScript client of the live project in ``folder``, and give the compiled module."""
    compiler = install(folder, require)
    (folder / "project").mkdir()
    in_project(folder / "project", GENERATE, str(folder / "client"), "typescript")
    (folder / "package.json").write_text('{"type": "module"}')
    assert "" == compiler.compile(folder / "client" / "index.ts", into=folder / "built")
    return folder / "built" / "index.js"


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
