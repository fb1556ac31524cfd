"""``manage.py wsdrf_matrix``: who may call what, for whom, in which format, and with which exit code."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from channels.routing import URLRouter
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.urls import path
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny

from tests.unit import rights_site
from tests.unit.rights_site import Desk, Room, people
from wsdrf import Consumer, on
from wsdrf.management.roles import read_roles

pytestmark = pytest.mark.django_db


class Ajar(Consumer):
    permission_classes = [AllowAny]

    @on("push")
    async def push(self) -> None: ...


application = URLRouter([path("desk/", Desk.as_asgi()), path("rooms/<int:pk>/", Room.as_asgi())])

TEXT = """\
Desk  /desk/
action     anonymous              ann                    eve
(connect)  yes                    yes                    yes
look       yes                    yes                    yes
write      401 not_authenticated  yes                    yes
shut       401 not_authenticated  403 permission_denied  yes
"""
MARKDOWN = """\
## Desk  /desk/

| action | ann |
| --- | --- |
| (connect) | yes |
| look | yes |
| write | yes |
| shut | 403 permission_denied |
"""


@pytest.fixture(autouse=True)
def site(settings: Any, db: None) -> dict[str, Any]:
    settings.ASGI_APPLICATION = f"{__name__}.application"
    return people()


def printed(*arguments: str, errors: StringIO | None = None) -> str:
    output = StringIO()
    call_command("wsdrf_matrix", *arguments, stdout=output, stderr=errors or StringIO())
    return output.getvalue()


def failed(*arguments: str) -> tuple[int, str]:
    """Give exit code and message of a command that fails."""
    with pytest.raises(CommandError) as caught:
        printed(*arguments)
    return caught.value.returncode, str(caught.value)


# -- the matrix --------------------------------------------------------------------------------------------------------


def test_text_has_a_row_an_action_and_a_column_a_role() -> None:
    """Connecting is the first row; a consumer whose path captures something is told of, and left out."""
    errors = StringIO()

    assert TEXT == printed("--as", "anonymous", "--as", "ann", "--as", "eve", errors=errors)
    assert "Room is left out: say where at /rooms/<int:pk>/ to connect, with --path." in errors.getvalue()


def test_anonymous_is_asked_where_nobody_is_named() -> None:
    """The first question is what everybody may."""
    assert ["action", "anonymous"] == printed().splitlines()[1].split()


def test_markdown() -> None:
    """For a page or a pull request."""
    assert MARKDOWN == printed("--as", "ann", "--format", "markdown")


def test_json_tells_why() -> None:
    """With status, code and detail of each refusal, and which actions depend on an object."""
    room = Group.objects.create(name="room")
    (matrix,) = json.loads(printed("--as", "ann", "--path", f"/rooms/{room.pk}/", "--format", "json"))

    assert ("Room", f"/rooms/{room.pk}/", ["ann"], ["take"]) == tuple(
        matrix[key] for key in ("consumer", "path", "roles", "by_object")
    )
    detail = "You do not have permission to perform this action."
    denied = {"is_allowed": False, "status_code": 403, "code": "permission_denied", "detail": detail}
    assert {"ann": denied} == matrix["actions"]["rename"]


def test_paths_say_where_to_connect() -> None:
    """Several of them give several tables, each with its own object."""
    first, second = (Group.objects.create(name=name) for name in ("first", "second"))
    User.objects.get(username="ann").groups.add(first)
    text = printed("--as", "ann", "--path", f"/rooms/{first.pk}/", "--path", f"/rooms/{second.pk}/?x=1")

    of_first, of_second = text.split("\n\n")
    assert (True, False) == ("rename     yes" in of_first, "rename     yes" in of_second)
    assert of_second.startswith(f"Room  /rooms/{second.pk}/?x=1\n")


def test_a_consumer_may_be_chosen() -> None:
    """By name; what is not there is an error."""
    assert printed() == printed("--consumer", "Desk")
    assert (1, "There is no consumer to ask.") == failed("--consumer", "Disk")
    code, text = failed("--path", "/nowhere/")
    assert (1, True) == (code, text.startswith("/nowhere/ leads to no consumer."))
    assert "/desk/ leads to no consumer" in failed("--path", "/desk/", "--consumer", "Room")[1]


def test_a_wrong_project_is_told(settings: Any) -> None:
    """No ASGI_APPLICATION, no matrix."""
    settings.ASGI_APPLICATION = ""

    assert "Set ASGI_APPLICATION" in failed()[1]


# -- roles -------------------------------------------------------------------------------------------------------------


def test_roles_are_users_tokens_and_nobody() -> None:
    """By name, by key, by token or header, with a label of one's own; a token is never a label."""
    ann, eve = (User.objects.get(username=name) for name in ("ann", "eve"))
    words = ["anonymous", "ann", f"user:{eve.pk}", f"staff=user:{eve.pk}", "token:a=", "token:b", "x=token:c=="]

    assert {
        "anonymous": None,
        "ann": ann,
        f"user:{eve.pk}": eve,
        "staff": eve,
        "token": "a=",
        "token 2": "b",
        "x": "c==",
        "header": "Token k",
        "header 2": "k ",
    } == read_roles([*words, "header:Token k", "header:k"])


def test_a_token_is_its_owner() -> None:
    """It goes the way that the consumer's carriers take it, and it is not printed."""
    key = Token.objects.create(user=User.objects.get(username="eve")).key
    text = printed("--as", f"token:{key}", "--as", f"header:Token {key}", "--as", "token:wrong")

    assert ["shut", "yes", "yes", "401", "authentication_failed"] == text.splitlines()[-1].split()
    assert key not in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["amm"], "There is no user 'amm'."),
        (["user:x"], "There is no user 'x'."),
        (["user:0"], "There is no user '0'."),
        (["ann", "ann"], "There are two roles 'ann'."),
    ],
)
def test_a_role_that_is_nobody_is_an_error(words: list[str], expected: str) -> None:
    """A matrix of somebody else would be worse than none."""
    assert expected in failed(*(part for word in words for part in ("--as", word)))[1]


# -- the exit code -----------------------------------------------------------------------------------------------------


def test_a_snapshot_is_written_and_then_held(tmp_path: Path) -> None:
    """The first run writes it, the next agrees."""
    file, errors = tmp_path / "rights.json", StringIO()
    printed("--as", "ann", "--snapshot", str(file), errors=errors)
    text = file.read_text("utf-8")

    assert f"{file} has been written." in errors.getvalue()
    assert {"ann": "403 permission_denied"} == json.loads(text)["Desk /desk/"]["shut"]
    assert printed("--as", "ann") == printed("--as", "ann", "--snapshot", str(file))
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("was", "expected", "line"),
    [
        ('{"ann": "401 x"}', 1, "+ Desk /desk/ write ann  401 x -> yes"),
        ("{}", 1, "+ Desk /desk/ write ann  unlisted -> yes"),
        ('{"ann": "yes", "bob": "yes"}', 2, "- Desk /desk/ write bob  yes -> gone"),
        ('{"ann": "yes", "bob": "403 x"}', 2, "~ Desk /desk/ write bob  403 x -> gone"),
    ],
)
def test_the_exit_code_tells_wider_from_different(was: str, expected: int, line: str, tmp_path: Path) -> None:
    """1 where somebody may more, 2 where the snapshot is out of date otherwise; the file stays until --update."""
    file = tmp_path / "rights.json"
    printed("--as", "ann", "--snapshot", str(file))
    right = file.read_text("utf-8")
    file.write_text(right.replace('"write": {"ann": "yes"}', f'"write": {was}'), "utf-8")

    code, text = failed("--as", "ann", "--snapshot", str(file))
    assert (expected, True) == (code, f"\n  {line}\n" in text)
    assert right != file.read_text("utf-8")
    printed("--as", "ann", "--snapshot", str(file), "--update")
    assert right == file.read_text("utf-8")


def test_a_file_that_is_no_snapshot_is_told_of(tmp_path: Path) -> None:
    """It is not overwritten, and a place that cannot be written to is named."""
    file = tmp_path / "rights.json"
    file.write_text("Dear diary", "utf-8")

    assert "is no snapshot of rights" in failed("--snapshot", str(file))[1]
    assert "cannot be written" in failed("--snapshot", str(tmp_path / "none" / "rights.json"))[1]
    assert "--update is for a --snapshot." == failed("--update")[1]


def test_what_nobody_guards_can_fail(settings: Any) -> None:
    """An action that everybody may call, without that being stated, exits with 1; also one that no path leads to."""
    code, text = failed("--fail-on-unguarded")
    assert (1, True) == (code, "Everybody may call 'look' of Desk, and nothing says that it is meant." in text)
    assert "'write' of Desk" not in text

    ajar = Ajar.as_asgi()
    assert "Everybody may call 'push' of Ajar" in failed("--fail-on-unguarded")[1]
    del ajar
    settings.ASGI_APPLICATION = "tests.asgi.application"
    assert "'look' of Desk" in failed("--fail-on-unguarded")[1]


def test_the_worse_exit_code_counts(tmp_path: Path) -> None:
    """An open action beside a snapshot that is out of date: both are told, and 1 it is."""
    file = tmp_path / "rights.json"
    file.write_text('{"Desk /desk/": {"gone": {"anonymous": "403 x"}}}', "utf-8")
    printed("--snapshot", str(file), "--update")
    file.write_text(file.read_text("utf-8").replace("401 not_authenticated", "401 other"), "utf-8")

    code, text = failed("--snapshot", str(file), "--fail-on-unguarded")
    assert (1, True, True) == (code, "Everybody may call 'look'" in text, "Otherwise different:" in text)
    assert 2 == failed("--snapshot", str(file))[0]


def test_no_handler_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guards are asked, and nothing else is done."""

    async def explode(self: Any) -> None:
        raise AssertionError("A handler ran.")

    monkeypatch.setattr(rights_site.Desk, "look", explode)

    assert TEXT == printed("--as", "anonymous", "--as", "ann", "--as", "eve")
