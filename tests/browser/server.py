"""The demo as a process of its own, on a free port, with a database of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import wsdrf

CHAT = Path(__file__).resolve().parents[2] / "examples" / "chat"
START_SECONDS = 60


def environment(folder: Path) -> dict[str, str]:
    """Give the demo's environment: the wsdrf under test, and a database in ``folder``."""
    return os.environ | {
        "CHAT_DATABASE": str(folder / "chat.sqlite3"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(Path(wsdrf.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def manage(folder: Path, *command: str) -> str:
    """Run ``manage.py`` with ``command`` to its end, and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *command],
        cwd=CHAT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[str]:
    """Start ``manage.py demo`` with ``options``, give its address once it answers, and end it by its own id."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    log = folder / "server.log"
    command = [sys.executable, "manage.py", "demo", "--port", str(port), *options]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, cwd=CHAT, env=environment(folder), stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for(url, server, log)
            yield url
        finally:
            end(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when ``url`` answers; fail with what the server printed when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The demo does not answer at {url}:\n{log.read_text()}", pytrace=False)
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, TimeoutError):
        return False
    return True


def end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
