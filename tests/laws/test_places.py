"""However many server processes there are: a user never has more connections than are allowed, and loses no place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import places
from tests.laws.places import ENDS, FAILURES, LIMIT


class Remote:
    """A process of ``tests.laws.places``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def tell(self, command: str) -> Any:
        self.ask(command)
        return self.answer()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Remote]]:
    """Start two processes that share a cache."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.laws.places_settings",
        "WSDRF_TEST_DATABASE": str(tmp_path_factory.mktemp("places") / "places.sqlite3"),
    }
    program = f"import django; django.setup(); from {places.__name__} import run; run()"
    folder = Path(__file__).parents[2]
    with ExitStack() as ending:
        remotes = []
        for _ in range(2):
            process = subprocess.Popen(
                [sys.executable, "-c", program],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            ending.enter_context(process)
            ending.callback(process.terminate)
            remotes.append(Remote(process))
            assert [0, 0] == remotes[-1].tell("reset")
        yield remotes


steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["open 1", "open 1", "open 2", "race 3"])
        | st.sampled_from(ENDS).map("end {}".format)
        | st.sampled_from(FAILURES).map("fail {}".format),
    ),
    max_size=12,
)


@given(steps=steps)
def test_places(servers, steps):
    """Who asks is let in exactly while there is a place, in two processes at once too; each end gives its place back."""
    counts = [remote.tell("reset")[1] for remote in servers]
    for number, command in [*steps, (0, "race 3")]:
        left = LIMIT - sum(counts)
        verb, _, argument = command.partition(" ")
        if verb == "race":
            for remote in servers:
                remote.ask(f"open {argument}")
            answers = [remote.answer() for remote in servers]
            assert left == sum(let_in for let_in, _ in answers)
            counts = [count for _, count in answers]
            continue
        expected = change(verb, argument, left, counts[number])
        told, counts[number] = servers[number].tell(command)
        assert expected == told


def change(verb: str, argument: str, left: int, own: int) -> int:
    """Give how many connections a process must have more after a command, where ``left`` are free and ``own`` its."""
    if verb == "open":
        return min(left, int(argument))
    if verb == "end":
        return -own if argument == "thrown out" else -min(own, 1)
    return 0
