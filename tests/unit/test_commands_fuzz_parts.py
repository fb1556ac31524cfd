"""What ``wsdrf_fuzz`` is made of: conversations on file, outcomes, the line of progress, and tests without secrets."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fuzz_site import Faulty, Right
from wsdrf.management.fuzz import progress
from wsdrf.management.fuzz.progress import Progress
from wsdrf.management.fuzz.script import conceal, with_roles
from wsdrf.management.fuzz.steps import Place, Record, Step, read_record
from wsdrf.management.fuzz.tally import OUTCOMES, Tally, outcome_of
from wsdrf.strategies import calls, frames, invalid_calls
from wsdrf.strategies.machine.machine import utter
from wsdrf.strategies.machine.plan import Utterance

utterances = st.one_of(
    calls(Right).map(utter),
    invalid_calls(Faulty).map(utter),
    frames().map(utter),
    st.builds(Utterance, st.just({"action": "cancel"}), cancels=st.integers() | st.text("ab")),
)
seats = st.integers(0, 3)
steps = st.one_of(
    st.builds(lambda role, early: Step("connect_as", {"role": role, "early": early}), st.text(), st.lists(utterances)),
    st.builds(lambda batch: Step("say", {"batch": batch}), st.lists(st.tuples(seats, utterances), max_size=3)),
    st.builds(lambda seat, frame: Step("hang_up_after", {"seat": seat, "frame": frame}), seats, calls(Right)),
    st.builds(lambda seat, number: Step("lose", {"seat": seat, "number": number}), seats, seats),
)


@given(said=st.lists(steps, max_size=5))
def test_what_is_saved_is_read_again(said: list[Step]) -> None:
    """For every conversation: text, bytes, calls right and wrong, cancels."""
    record = Record(Place("a.B", "/b/"), "Forbidden", "problem", "test", 3, said, {"ann": "ann", "token": None})

    with TemporaryDirectory() as folder:
        assert record == read_record(record.save(Path(folder) / "new"))


def error(status: int, code: str) -> dict[str, Any]:
    return {"action": "error", "payload": {"status_code": status, "code": code, "detail": ""}}


@pytest.mark.parametrize(
    ("outcome", "frame"),
    [
        ("answered", {"action": "said", "payload": {}}),
        ("answered", {"action": "complete", "payload": None}),
        ("answered", {"action": "authentication", "payload": {"status_code": 200}}),
        ("refused", {"action": "authentication", "payload": {"status_code": 401}}),
        ("refused", error(403, "permission_denied")),
        ("refused", error(429, "throttled")),
        ("refused", error(503, "busy")),
        ("invalid", error(400, "invalid")),
        ("invalid", error(400, "parse_error")),
        ("errors", error(500, "error")),
        ("errors", error(504, "timeout")),
    ],
)
def test_outcomes(outcome: str, frame: dict[str, Any]) -> None:
    """Each last frame of a call is one of four outcomes."""
    assert outcome == outcome_of(frame)


def test_nothing_is_counted_once_it_is_closed() -> None:
    """What shrinks a failure is no part of the summary."""
    tally = Tally()
    tally.note("say", "ann", "answered")
    tally.is_closed = True
    tally.note("say", "ann", "answered")

    assert (1, ["say", "ann", "1", "", "", ""]) == (tally.total, tally.table("", ["say"], ["ann"]).rows[1])
    assert OUTCOMES == tuple(tally.table("", [], []).columns[2:])


class Terminal(StringIO):
    """Where somebody looks, with the words of Django's output."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str, ending: str = "") -> int:
        return super().write(text + ending)


@pytest.mark.parametrize("has_rich", [True, False])
def test_a_terminal_has_a_line_of_progress(monkeypatch: pytest.MonkeyPatch, has_rich: bool) -> None:
    """It tells what has been done, some times a second, with rich and without, and is taken away in the end."""
    began, *looks = 100.0, 100.0, 100.1, 100.3
    clock = iter([began, *looks])
    monkeypatch.setattr(progress, "HAS_RICH", has_rich)
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock))
    terminal = Terminal()
    line = Progress(terminal, 60)
    for conversations in range(3, 3 + len(looks)):
        line.show("Right", conversations, 17)
    line.end()

    assert ["3", "5"] == list(dict.fromkeys(re.findall(r"Right: (\d) conversations, 17 answers", terminal.getvalue())))
    assert terminal.getvalue().endswith("\x1b[2K" if has_rich else progress.CLEAR)


def test_nobody_looks_no_line() -> None:
    """A file, or a pipe, gets nothing."""
    output = StringIO()
    progress = Progress(output, 60)
    progress.show("Right", 3, 17)
    progress.end()

    assert "" == output.getvalue()


def test_secrets_are_dots() -> None:
    """Wherever they stand."""
    secrets = {"one": "s3cret", "two": "Token 0x0", "nothing": ""}

    assert "a ... b ... c ..." == conceal("a s3cret b Token 0x0 c 0x0", secrets)


def test_a_test_names_its_roles() -> None:
    """As the command line did; a test without roles says nothing of them."""
    mark = "# `roles` are those that state_machine() was given."
    words = {"ann": "ann", "eve": "user:3", "token": None, "anonymous": "anonymous"}
    named = with_roles(f"from asgiref.sync import sync_to_async\n\n{mark}\nuse = roles['ann']", words)
    names: dict[str, Any] = {}
    exec(named.partition("use =")[0], names)

    assert ["ann", "eve", "token"] == list(names["roles"])
    assert "..." == names["roles"]["token"]
    assert "pass\n" == with_roles(f"{mark}\npass\n", words)
