"""The project whose explorer is tried, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

import wsdrf
from tests.browser.server import START_SECONDS, end, free_port, wait_for

TREE = Path(__file__).resolve().parents[2]


@frozen
class Hall:
    """Where it is, in which environment, and the token of everybody in its database."""

    url: str
    environment: Mapping[str, str]
    tokens: Mapping[str, str]


@contextmanager
def serve_hall(folder: Path) -> Iterator[Hall]:
    """Start it with a database of its own, give it once it answers, and end it by its own id."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.browser.site.settings",
        "WSDRF_TEST_DATABASE": str(folder / "hall.sqlite3"),
        "PYTHONPATH": os.pathsep.join([str(TREE), str(Path(wsdrf.__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    prepared = subprocess.run(
        [sys.executable, "-m", "tests.browser.site.prepare"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert 0 == prepared.returncode, prepared.stderr
    port = free_port()
    url, log = f"http://127.0.0.1:{port}/", folder / "server.log"
    command = [sys.executable, "-m", "uvicorn", "tests.browser.site.asgi:application", "--port", str(port)]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for(f"{url}leave/", server, log)
            yield Hall(url, environment, json.loads(prepared.stdout))
        finally:
            end(server)
