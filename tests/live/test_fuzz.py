"""``wsdrf_fuzz --url`` against real servers: nothing is found where all is right, and a fault is found from outside."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from attrs import frozen

from tests.live.servers import KINDS, Fleet, Kind, People, Server

pytestmark = pytest.mark.live

FEW = ("--examples", "8", "--seed", "5")
"""A number and no time: machines are slow now and then."""

APPLICATION = "tests.live.app.fuzzed:application"
FUZZED = {
    name: Kind(
        f"{name}-fuzzed",
        tuple(APPLICATION if ":" in part and "application" in part else part for part in KINDS[name].command),
    )
    for name in ("uvicorn", "daphne")
}


@frozen
class Done:
    """What a command printed, and its exit code."""

    code: int
    output: str

    def row(self, action: str, role: str) -> list[str]:
        """Give how often the calls of a row were answered, refused, invalid, and errors."""
        rows = [line.split() for line in self.output.splitlines()]
        (found,) = (row[2:] for row in rows if row[:2] == [action, role])
        return found


@pytest.fixture(params=FUZZED)
def site(request: pytest.FixtureRequest, fleet: Fleet) -> Server:
    """Give each server in turn, with the consumers that are fuzzed."""
    return fleet.server(FUZZED[request.param])


@pytest.fixture
def fuzz(fleet: Fleet, site: Server, tmp_path: Path) -> Callable[..., Done]:
    """Give what runs the command, with the database of that server."""

    def run(*arguments: str) -> Done:
        settings = {"DJANGO_SETTINGS_MODULE": "tests.live.app.fuzzed_settings"}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "django", "wsdrf_fuzz", *arguments],
            cwd=tmp_path,
            env={**fleet.environment(site.folder), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    return run


def test_nothing_is_found_where_all_is_right(fuzz: Callable[..., Done], people: People, site: Server) -> None:
    """Calls right, wrong and hostile, of a session, a token and nobody, over the server's own library."""
    url = f"ws://127.0.0.1:{site.port}/ws/board/"
    who = ["--as", "alice", "--as", f"bob=token:{people.bob.token}", "--as", "anonymous"]
    mark = site.mark()
    done = fuzz("--url", url, "--noinput", *who, *FEW)

    assert 0 == done.code, done.output
    assert f"Board  {url}  " in done.output
    for role in ("alice", "bob"):
        assert "-" != done.row("(connect)", role)[0], done.output
    assert "-" == done.row("(connect)", "anonymous")[0]
    assert people.bob.token not in done.output
    assert "'levelname': 'ERROR'" not in site.output(mark)


def test_a_fault_is_found_and_replayed(fuzz: Callable[..., Done], people: People, site: Server, tmp_path: Path) -> None:
    """From outside, over a socket; the shortest conversation is saved, fails again, and holds no token."""
    url = f"ws://127.0.0.1:{site.port}/ws/faulty/"
    who = ["--as", f"token:{people.bob.token}", "--as", "anonymous"]
    done = fuzz("--url", url, "--noinput", *who, "--time", "60", "--shrink", "2")

    assert 1 == done.code, done.output
    assert "InternalError: " in done.output
    (file,) = (tmp_path / ".wsdrf-fuzz").glob("Faulty-InternalError-*.json")
    assert people.bob.token not in done.output + file.read_text("utf-8")
    again = fuzz("--replay", str(file), "--noinput", "--as", f"token:{people.bob.token}")
    assert (1, True) == (again.code, "CommandError: It still fails." in again.output)


def test_a_session_is_ended_with_the_run(fuzz: Callable[..., Done], site: Server) -> None:
    """The session by which a user of the project comes to the server is gone afterwards."""
    database = site.folder / "live.sqlite3"

    def sessions() -> int:
        with closing(sqlite3.connect(database)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM django_session").fetchone()
        return int(count)

    before = sessions()
    done = fuzz("--url", f"ws://127.0.0.1:{site.port}/ws/board/", "--noinput", "--as", "alice", "--examples", "1")

    assert (0, before) == (done.code, sessions()), done.output
