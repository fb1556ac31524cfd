"""``manage.py wsdrf_fuzz`` in this process: what it finds, prints, saves and replays, and its exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from attrs import frozen
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.management import CommandError, call_command
from rest_framework.authtoken.models import Token

from tests.unit import fuzz_site
from tests.unit.fuzz_site import Faulty
from wsdrf.management.commands import wsdrf_fuzz
from wsdrf.management.fuzz.steps import read_record

pytestmark = pytest.mark.django_db

SHORT = ("--time", "30", "--examples", "4", "--seed", "1")
THREE = {"json": {"action": "count", "payload": {"to": 3}}}


@frozen
class Done:
    """What a command printed, what it says is wrong, and its exit code."""

    output: str
    errors: str = ""
    code: int = 0

    def row(self, action: str, role: str) -> list[str]:
        """Give how often the calls of a row were answered, refused, invalid, and errors."""
        rows = [line.split() for line in self.output.splitlines()]
        (found,) = (row[2:] for row in rows if row[:2] == [action, role])
        return found


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = f"{fuzz_site.__name__}.application"


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def fuzz(tmp_path: Path) -> Callable[..., Done]:
    """Give what runs the command, with a folder for what it saves."""

    def run(*arguments: str) -> Done:
        output, errors = StringIO(), StringIO()
        try:
            call_command("wsdrf_fuzz", *arguments, "--save", str(tmp_path), stdout=output, stderr=errors)
        except CommandError as error:
            return Done(output.getvalue(), f"{errors.getvalue()}{error}", error.returncode)
        return Done(output.getvalue(), errors.getvalue())

    return run


def found(folder: Path) -> Path:
    """Give the one file that was saved."""
    (file,) = folder.glob("*.json")
    return file


# -- what is right -----------------------------------------------------------------------------------------------------


def test_nothing_is_found_where_all_is_right(fuzz: Callable[..., Done], ann: User, tmp_path: Path) -> None:
    """The summary has a row for each action and role, with connecting before and what is no call behind them."""
    done = fuzz("/right/", "--as", "ann", "--as", "anonymous", *SHORT)

    assert (0, "") == (done.code, done.errors)
    title, header, *rows = done.output.splitlines()
    assert "Right  /right/  4 conversations, seed 1" == title
    assert ["action", "role", "answered", "refused", "invalid", "errors"] == header.split()
    actions = [action for action in ("(connect)", "say", "clear", "(no", "(no") for _ in range(2)][:8]
    assert actions == [row.split()[0] for row in rows]
    assert ["-", "-"] == done.row("say", "anonymous")[:1] + done.row("clear", "ann")[:1]
    assert 0 < int(done.row("say", "ann")[0])
    assert 0 < int(done.row("(connect)", "anonymous")[1])
    assert [] == list(tmp_path.iterdir())


def test_nothing_is_left_behind(fuzz: Callable[..., Done], ann: User) -> None:
    """What handlers write is rolled back, and who takes part is as before."""
    done = fuzz("/right/", "--as", "ann", *SHORT)

    assert (0, 0) == (done.code, Group.objects.count())
    ann.refresh_from_db()
    assert ann.is_active
    assert [] == mail.outbox


def test_the_same_seed_holds_the_same_conversations(fuzz: Callable[..., Done], ann: User) -> None:
    """What is printed, the counts included, is the same."""
    first, second = (fuzz("/right/", "--as", "ann", *SHORT).output for _ in range(2))

    assert first == second


def test_who_is_let_in_is_tried_first(fuzz: Callable[..., Done], ann: User) -> None:
    """Nobody's being named first costs no time: most of it goes to those who may connect."""
    done = fuzz("/right/", "--as", "anonymous", "--as", "ann", *SHORT)

    assert ["anonymous", "ann"] == [line.split()[1] for line in done.output.splitlines()[2:4]]
    assert int(done.row("(connect)", "ann")[0]) > int(done.row("(connect)", "anonymous")[1])


def test_time_ends_the_run(fuzz: Callable[..., Done], ann: User) -> None:
    """Without a number of conversations, the time is what ends it, be it short."""
    done = fuzz("/right/", "--as", "ann", "--time", "0.5")

    assert 0 == done.code
    assert re.search(r"^Right  /right/  \d+ conversations, seed \d+$", done.output, re.MULTILINE)


# -- what is not -------------------------------------------------------------------------------------------------------


def test_a_fault_is_found_shrunk_printed_and_saved(fuzz: Callable[..., Done], tmp_path: Path) -> None:
    """The exit code is 1; the conversation is the shortest, with a test to paste and a file to replay."""
    done = fuzz("/faulty/", "--time", "60", "--seed", "1")

    assert 1 == done.code
    assert "1 of 1 consumer fails." in done.errors
    assert "InternalError: " in done.output
    assert "ZeroDivisionError" in done.output
    assert "async def test_faulty():" in done.output
    file = found(tmp_path)
    assert f"manage.py wsdrf_fuzz --replay {file}" in done.output
    saved = json.loads(file.read_text("utf-8"))
    assert ["tests.unit.fuzz_site.Faulty", "/faulty/", None] == list(saved["place"].values())
    connect, *rest = saved["steps"]
    assert {"do": "connect_as", "role": "anonymous", "early": []} == connect
    assert "'to': 3" in saved["test"]
    assert 2 >= len(rest)


def test_the_printed_test_fails_until_it_is_mended(
    fuzz: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to be pasted needs nothing else, fails as long as the fault is there, and no longer."""
    fuzz("/faulty/", "--time", "60", "--seed", "1")
    names: dict[str, Any] = {}
    exec(json.loads(found(tmp_path).read_text("utf-8"))["test"], names)

    with pytest.raises(AssertionError):
        async_to_sync(names["test_faulty"])()
    monkeypatch.setattr(Faulty, "divisor", -1)
    async_to_sync(names["test_faulty"])()


def test_a_failure_is_replayed(fuzz: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails still, with exit code 1, until it is mended."""
    fuzz("/faulty/", "--time", "60", "--seed", "1")
    file = str(found(tmp_path))
    still = fuzz("--replay", file)
    monkeypatch.setattr(Faulty, "divisor", -1)
    mended = fuzz("--replay", file)

    assert (1, "It still fails.") == (still.code, still.errors)
    assert "ZeroDivisionError" in still.output
    assert (0, "It does not fail any more.\n") == (mended.code, mended.output)


def test_a_failure_of_another_kind_is_told(fuzz: Callable[..., Done], tmp_path: Path) -> None:
    """A conversation that was saved for one finding, and now leads to another, fails, and says so."""
    fuzz("/faulty/", "--time", "60", "--seed", "1")
    file = found(tmp_path)
    file.write_text(file.read_text("utf-8").replace('"finding": "InternalError"', '"finding": "Forbidden"'), "utf-8")

    assert (1, "It fails otherwise now: InternalError.") == (
        fuzz("--replay", str(file)).code,
        fuzz("--replay", str(file)).errors,
    )


def test_no_secret_is_printed_or_saved(fuzz: Callable[..., Done], ann: User, tmp_path: Path) -> None:
    """A token goes to the consumer, here in a first message, and nowhere else; to replay, it is asked for again."""
    token = Token.objects.create(user=ann).key
    done = fuzz("/greeting/", "--as", f"token:{token}", "--time", "60")
    file = found(tmp_path)
    asked = fuzz("--replay", str(file))
    still = fuzz("--replay", str(file), "--as", f"token:{token}")

    assert (1, True) == (done.code, "LookupError: no greeting" in done.output)
    assert "{'action': 'authenticate', 'token': '...'}" in done.output
    assert token not in done.output + file.read_text("utf-8") + still.output
    assert (2, "Secrets are not saved. Say who 'token' is, with --as LABEL=token:TOKEN.") == (asked.code, asked.errors)
    assert 1 == still.code


def test_roles_are_named_in_the_printed_test(fuzz: Callable[..., Done], ann: User, tmp_path: Path) -> None:
    """A user of the project is found by name; the label is what the conversation calls them."""
    done = fuzz("/faulty/", "--as", "friend=ann", "--time", "60")

    assert 1 == done.code
    assert "get_by_natural_key('ann')" in done.output
    assert {"friend": "friend=ann"} == json.loads(found(tmp_path).read_text("utf-8"))["roles"]
    assert 1 == fuzz("--replay", str(found(tmp_path))).code


# -- what to try -------------------------------------------------------------------------------------------------------


def test_every_consumer_is_tried_that_can_be(fuzz: Callable[..., Done], ann: User) -> None:
    """In order of routing; one whose path captures something, or without actions, is named and left out."""
    done = fuzz("--as", "ann", "--time", "60", "--examples", "12", "--seed", "1")

    titles = [line.split()[0] for line in done.output.splitlines() if "conversations, seed" in line]
    assert ["Right", "Faulty", "Greeting"] == titles
    assert "Idle is left out: it has no actions." in done.errors
    assert "Room is left out: say where at /rooms/<int:pk>/ to connect." in done.errors
    assert (1, True) == (done.code, "2 of 3 consumers fail." in done.errors)


def test_a_path_leads_to_a_consumer(fuzz: Callable[..., Done], ann: User) -> None:
    """With what it captures, and more than one of them."""
    done = fuzz("/rooms/1/", "/rooms/2/", "--as", "ann", "--time", "30", "--examples", "1")

    assert ["/rooms/1/", "/rooms/2/"] == re.findall(r"^Room  (\S+)", done.output, re.MULTILINE)
    assert 0 == done.code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/nowhere/",), "/nowhere/ leads to no consumer. See `manage.py wsdrf_routes` for what there is."),
        (("/idle/",), "Idle has no actions, so nothing can be called. Mark a method with @on."),
        (("--as", "stranger"), "There is no user 'stranger'."),
        (("--time", "0"), "--time takes a number of seconds above 0."),
        (("--patience", "nan"), "--patience takes a number of seconds above 0."),
        (("--shrink", "-1"), "--shrink takes a number of seconds above 0."),
        (("--examples", "0"), "--examples takes a number above 0."),
        (("--url", "http://127.0.0.1/"), "--url takes an address of ws:// or wss://."),
        (("/right/", "--url", "ws://127.0.0.1/"), "--url says where to connect, so give no path beside it."),
    ],
)
def test_wrong_use_is_exit_code_2(fuzz: Callable[..., Done], arguments: tuple[str, ...], said: str) -> None:
    """It says what is wrong, and nothing is tried."""
    done = fuzz(*arguments)

    assert (2, said, "") == (done.code, done.errors.splitlines()[-1], done.output)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"steps": [{"do": "teardown"}], "place": {}}', '{"steps": [{"do": "say"}]}'],
)
def test_a_file_that_is_no_conversation(fuzz: Callable[..., Done], tmp_path: Path, content: str) -> None:
    """Whatever it holds, it is told of, and nothing of it is done."""
    file = tmp_path / "file.json"
    file.write_text(content, "utf-8")
    done = fuzz("--replay", str(file))

    assert (2, f"{file} holds no conversation that wsdrf_fuzz has saved.") == (done.code, done.errors)


def test_a_file_that_is_not_there(fuzz: Callable[..., Done], tmp_path: Path) -> None:
    """The system's own words, and exit code 2."""
    done = fuzz("--replay", str(tmp_path / "none.json"))

    assert (2, True) == (done.code, "none.json" in done.errors)


def test_a_project_without_an_application(fuzz: Callable[..., Done], settings: Any) -> None:
    """What is missing in the settings is told."""
    settings.ASGI_APPLICATION = None
    done = fuzz("--time", "1")

    assert (2, True) == (done.code, "The settings name no ASGI_APPLICATION" in done.errors)


@pytest.mark.parametrize("library", ["hypothesis", "websockets"])
def test_what_is_not_installed_is_told(
    fuzz: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """With the line that installs it."""
    find = wsdrf_fuzz.find_spec
    monkeypatch.setattr(wsdrf_fuzz, "find_spec", lambda name: None if name == library else find(name))
    done = fuzz("--url", "ws://127.0.0.1:1/right/", "--noinput")

    assert (2, wsdrf_fuzz.NEEDED[library]) == (done.code, done.errors)


@pytest.mark.parametrize("answer", ["no", None])
def test_a_server_is_asked_about_first(
    fuzz: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    """Whoever does not say yes, or cannot be asked, has nothing called."""

    def reply(_: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", reply)
    done = fuzz("--url", "ws://127.0.0.1:1/right/?key=hidden")

    assert (2, True) == (done.code, "Nothing was called." in done.errors)
    assert "by the server at ws://127.0.0.1:1/right/, for everybody" in done.errors


def test_a_server_that_is_not_there(fuzz: Callable[..., Done], ann: User) -> None:
    """Nobody answers: that is no fault of a consumer's."""
    done = fuzz("--url", "ws://127.0.0.1:1/right/", "--noinput", "--as", "ann", "--time", "5")

    assert (2, True) == (done.code, "Nobody answers at ws://127.0.0.1:1/right/" in done.errors)


def test_a_user_who_can_show_nothing_to_a_server(fuzz: Callable[..., Done], ann: User) -> None:
    """Where no session is read, only a token tells a server who somebody is."""
    done = fuzz("--url", "ws://127.0.0.1:1/faulty/", "--noinput", "--as", "ann", "--time", "5")

    assert (2, True) == (done.code, "Faulty reads no sessions" in done.errors)


def test_records_are_read_as_they_were_written(fuzz: Callable[..., Done], tmp_path: Path) -> None:
    """Saved again, one that was read has the same name and the same content."""
    fuzz("/faulty/", "--time", "60", "--seed", "1")
    file = found(tmp_path)

    again = read_record(file).save(tmp_path / "again")

    assert (file.name, file.read_text("utf-8")) == (again.name, again.read_text("utf-8"))
