"""Real ASGI servers as processes of their own, on free ports, each with its own database and log."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import field, frozen

import wsdrf

TREE: Final = Path(__file__).resolve().parents[2]
APPLICATION: Final = "tests.live.app.asgi:application"
START_SECONDS: Final = 60
END_SECONDS: Final = 15
LOGS: Final = ("output.log", "records.log")


@frozen
class Kind:
    """A server program, and in what it differs from the others.

    ``has_denial``: a refused handshake can carry a status other than 403 and a body. ``feels_back_pressure``: it lets
    a sender wait for a client that does not read. ``takes_early_frames``: frames may come before it has answered the
    handshake; if not, it answers 400. ``reads_latin_1``: headers need not be ASCII; if not, it answers 500 by itself.
    ``ends_applications``: it waits for the application's connections before its process ends.
    """

    name: str
    command: tuple[str, ...]
    has_denial: bool = True
    feels_back_pressure: bool = True
    takes_early_frames: bool = True
    reads_latin_1: bool = True
    ends_applications: bool = True


def _uvicorn(implementation: str, *options: str, loop: str = "asyncio") -> tuple[str, ...]:
    where = ("--host", "127.0.0.1", "--port", "{port}")
    return ("uvicorn", APPLICATION, *where, "--ws", implementation, "--loop", loop, *options)


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("uvicorn", _uvicorn("websockets-sansio")),
        Kind("uvicorn-uvloop", _uvicorn("websockets-sansio", loop="uvloop")),
        Kind("uvicorn-wsproto", _uvicorn("wsproto", "--log-level", "debug")),
        Kind("uvicorn-websockets", _uvicorn("websockets"), reads_latin_1=False),
        Kind(
            "daphne",
            ("daphne", "-v", "2", "-b", "127.0.0.1", "-p", "{port}", APPLICATION),
            has_denial=False,
            feels_back_pressure=False,
            ends_applications=False,
        ),
        Kind(
            "hypercorn",
            ("hypercorn", "--workers", "0", "--access-logfile", "-", "-b", "127.0.0.1:{port}", APPLICATION),
            takes_early_frames=False,
        ),
    )
}


@frozen
class Person:
    """Somebody in the database, with the credentials that let them in."""

    name: str
    session: str = field(repr=False)
    token: str = field(repr=False)


@frozen
class People:
    """Who is in the database of each server."""

    alice: Person
    bob: Person


@frozen
class Server:
    """A server that runs."""

    kind: Kind
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def origin(self) -> str:
        """Give the origin of the site itself."""
        return f"http://127.0.0.1:{self.port}"

    def mark(self) -> tuple[int, ...]:
        """Give how much there is in the logs by now."""
        return tuple((self.folder / name).stat().st_size for name in LOGS)

    def output(self, since: tuple[int, ...] = (0, 0)) -> str:
        """Give everything that the process has printed, and every record that it has logged, after a ``mark``."""
        texts = [(self.folder / name).read_bytes()[start:] for name, start in zip(LOGS, since, strict=True)]
        return b"\n".join(texts).decode(errors="replace")

    @property
    def resident_bytes(self) -> int:
        """Give how much memory the process has. Source: ``man 5 proc``."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def open_files(self, name: str) -> list[str]:
        """Give the descriptors by which the process holds the file ``name`` open. Source: ``man 5 proc``."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        return [one.name for one in folder.iterdir() if one.is_symlink() and one.readlink().name == name]

    def events(self, key: str, event: str | None = None) -> list[dict[str, Any]]:
        """Give what the project's code did for the connections of ``key``, in its order."""
        return [one for one in self.witnessed() if one["key"] == key and event in {None, one["event"]}]

    def witnessed(self) -> list[dict[str, Any]]:
        """Give what was written down, of all connections, in its order."""
        file = self.folder / "witness.log"
        # Past the last end of a line is what is being written.
        lines = file.read_text().rpartition("\n")[0].splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def end(self) -> int:
        """End the process by its id, and give its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Fleet:
    """The servers of a test run, each started when it is first asked for and ended with the run.

    ``variables`` are added to the environment of each process.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._variables = variables or {}
        self._servers: dict[str, Server] = {}
        self.people = self._prepare()

    def server(self, kind: Kind) -> Server:
        """Give a server of that kind that runs."""
        server = self._servers.get(kind.name)
        if server is None or server.process.poll() is not None:
            server = self._servers[kind.name] = self._start(kind)
        return server

    def end(self) -> None:
        """End them all."""
        for server in self._servers.values():
            server.end()

    def environment(self, folder: Path) -> Mapping[str, str]:
        """Give the environment of a process that writes to ``folder``."""
        return {**environment(folder), **self._variables}

    def _prepare(self) -> People:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.live.app.prepare"],
            cwd=TREE,
            env=self.environment(self._folder),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return People(**{name: Person(**facts) for name, facts in json.loads(done.stdout).items()})

    def _start(self, kind: Kind) -> Server:
        folder = self._folder / f"{kind.name}-{len(list(self._folder.iterdir()))}"
        folder.mkdir()
        shutil.copy(self._folder / "live.sqlite3", folder)
        port = free_port()
        program = [sys.executable, "-m", *(part.format(port=port) for part in kind.command)]
        with (folder / "output.log").open("wb") as output:
            process = subprocess.Popen(
                program, cwd=TREE, env=self.environment(folder), stdout=output, stderr=subprocess.STDOUT
            )
        server = Server(kind, port, folder, process)
        try:
            eventually(lambda: process.poll() is not None or accepts(port), START_SECONDS)
        except BaseException:
            server.end()
            raise
        if process.poll() is not None:
            pytest.fail(f"{kind.name} does not start:\n{(folder / LOGS[0]).read_text()}", pytrace=False)
        return server


def environment(folder: Path) -> Mapping[str, str]:
    """Give the environment of the project: the ``wsdrf`` under test, and ``folder`` for what it writes."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.live.app.settings",
        "WSDRF_LIVE_FOLDER": str(folder),
        "PYTHONPATH": os.pathsep.join([str(TREE), str(Path(wsdrf.__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def eventually(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return once ``condition`` holds; fail when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Not so within {seconds} s.")
        time.sleep(0.01)


def started(folder: Path) -> Iterator[Fleet]:
    """Give a fleet, and end it whatever happens."""
    fleet = Fleet(folder)
    try:
        yield fleet
    finally:
        fleet.end()
