"""The matrix of rights in a test: who may call what, against what is expected or what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import TestCase, override_settings
from rest_framework.authtoken.models import Token
from rest_framework.permissions import IsAuthenticated

from tests.unit.rights_site import Desk, Room, people
from wsdrf import AuthorizationHeader, Consumer, FirstMessage, QueryParameter, Subprotocol
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import WebsocketTestCase, aassert_permission_matrix, assert_permission_matrix
from wsdrf.testing.snapshot import Change, compare, explain, read, write

RIGHTS = {
    "(connect)": ["nobody", "ann", "eve"],
    "look": ["nobody", "ann", "eve"],
    "write": ["ann", "eve"],
    "shut": ["eve"],
}
SNAPSHOT = """\
{
  "Desk": {
    "(connect)": {"nobody": "yes", "ann": "yes", "eve": "yes"},
    "look": {"nobody": "yes", "ann": "yes", "eve": "yes"},
    "write": {"nobody": "401 not_authenticated", "ann": "yes", "eve": "yes"},
    "shut": {"nobody": "401 not_authenticated", "ann": "403 permission_denied", "eve": "yes"}
  }
}
"""


@pytest.fixture
def roles(db: None) -> dict[str, Any]:
    return people()


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = "tests.unit.rights_site.application"


def message_of(*args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_permission_matrix(*args, **options)
    return str(caught.value)


class InATransaction(TestCase):
    """Django's own test case, whose rows only its own connection sees."""

    @override_settings(ASGI_APPLICATION="tests.unit.rights_site.application")
    def test_rights_of_rows_that_are_not_committed(self) -> None:
        """The guards see the test's transaction."""
        roles = people()
        room = Group.objects.create(name="room")
        roles["ann"].groups.add(room)

        expected = {"(connect)": roles, "look": roles, "rename": ["ann"], "take": roles}
        assert_permission_matrix(Room, roles, f"/rooms/{room.pk}/", expected=expected)


class InALoop(WebsocketTestCase):
    """A test case whose methods are ``async def``."""

    @override_settings(ASGI_APPLICATION="tests.unit.rights_site.application")
    async def test_rights(self) -> None:
        """The same, awaited."""
        roles = {"nobody": None, "ann": await User.objects.acreate(username="ann")}

        rights = {action: set(names) - {"eve"} for action, names in RIGHTS.items()}
        await aassert_permission_matrix(Desk, roles, expected=rights)


def test_rights_that_are_as_expected_pass(roles: dict[str, Any]) -> None:
    """Each action, and connecting, has the names of those who may."""
    assert_permission_matrix(Desk, roles, expected=RIGHTS)


def test_each_right_that_differs_is_told(roles: dict[str, Any]) -> None:
    """Wider, narrower, forgotten and invented: a line a right."""
    expected = {**RIGHTS, "write": [], "shut": ["ann", "eve"], "fly": ["ann"]}
    del expected["look"]

    assert (
        "Desk: not the rights that it should give.\n"
        "Wider:\n"
        "  + Desk look nobody  unlisted -> yes\n"
        "  + Desk look ann     unlisted -> yes\n"
        "  + Desk look eve     unlisted -> yes\n"
        "  + Desk write ann    no -> yes\n"
        "  + Desk write eve    no -> yes\n"
        "Narrower:\n"
        "  - Desk shut ann     yes -> 403 permission_denied\n"
        "  - Desk fly ann      yes -> gone\n"
        "Otherwise different:\n"
        "  ~ Desk fly nobody   no -> gone\n"
        "  ~ Desk fly eve      no -> gone"
    ) == message_of(Desk, roles, expected=expected)


def test_a_name_that_is_no_role_is_a_mistake(roles: dict[str, Any]) -> None:
    """A test that expects something of somebody unknown would pass for nothing."""
    with pytest.raises(ValueError, match="expected names amm, who are not among the roles"):
        assert_permission_matrix(Desk, roles, expected={**RIGHTS, "shut": ["amm"]})


@pytest.mark.parametrize("given", [{}, {"expected": RIGHTS, "snapshot": Path("rights.json")}])
def test_there_is_one_thing_to_compare_with(given: dict[str, Any], roles: dict[str, Any]) -> None:
    """Neither, or both, is a mistake."""
    with pytest.raises(TypeError, match="and not both"):
        assert_permission_matrix(Desk, roles, **given)


# -- snapshots ---------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_written_once_and_then_held(roles: dict[str, Any], tmp_path: Path) -> None:
    """The first time fails, so that somebody looks; then it is what must not change."""
    file = tmp_path / "rights.json"

    assert "has been written. Look at it, commit it" in message_of(Desk, roles, snapshot=file)
    assert SNAPSHOT == file.read_text("utf-8")
    assert_permission_matrix(Desk, roles, snapshot=file)


def test_a_right_that_widens_fails(roles: dict[str, Any], tmp_path: Path) -> None:
    """What somebody might not before is told with what they were answered."""
    file = tmp_path / "rights.json"
    file.write_text(SNAPSHOT.replace('"403 permission_denied", "eve": "yes"', '"yes", "eve": "403 permission_denied"'))

    assert (
        "Desk: not the rights that it should give.\n"
        "Wider:\n"
        "  + Desk shut eve  403 permission_denied -> yes\n"
        "Narrower:\n"
        "  - Desk shut ann  yes -> 403 permission_denied"
    ) == message_of(Desk, roles, snapshot=file)


@pytest.mark.parametrize("text", ["", "[]", '{"Desk": 1}', '{"Desk": {"look": []}}', "{"])
def test_a_file_that_is_no_snapshot_is_told_of(text: str, tmp_path: Path) -> None:
    """Something else by that name is not overwritten."""
    file = tmp_path / "rights.json"
    file.write_text(text)

    with pytest.raises(ConfigurationError, match="is no snapshot of rights"):
        read(file)


def test_what_is_new_or_gone_is_a_change(tmp_path: Path) -> None:
    """A new right, even of a new action, is wider; one that is gone is narrower; what was refused is neither."""
    file = tmp_path / "rights.json"
    before = {"Désk": {"look": {"ann": "yes", "bob": "403 x"}}}
    write(file, before)
    after = {"Désk": {"look": {"ann": "yes"}, "new": {"ann": "yes", "bob": "404 y"}}}

    assert before == read(file)
    assert "Désk" in file.read_text("utf-8")
    changes = compare(before, after)
    new, refused, gone = changes
    assert (Change("Désk", "new", "ann", None, "yes"), True, False) == (new, new.widens, new.narrows)
    assert ["404 y", None] == [refused.after, gone.after]
    assert (False, False) == (refused.widens, gone.narrows)
    assert [] == compare(after, after)
    assert "" == explain([])


def test_a_right_that_depends_on_an_object_stands_between(roles: dict[str, Any], tmp_path: Path) -> None:
    """It is more than a refusal and less than a right, and a snapshot tells them apart."""
    file, room = tmp_path / "rights.json", Group.objects.create(name="room")
    message_of(Room, roles, f"/rooms/{room.pk}/", snapshot=file)
    rights = read(file)

    assert dict.fromkeys(roles, "by object") == rights["Room"]["take"]
    assert dict.fromkeys(roles, "yes") == rights["Room"]["look"]
    refused, some, all_ = ({"Room": {"take": {"ann": word}}} for word in ("403 x", "by object", "yes"))
    wider = [*compare(refused, some), *compare(some, all_), *compare({}, some)]
    assert [(True, False)] * 3 == [(change.widens, change.narrows) for change in wider]
    assert [True] == [change.narrows for change in compare(all_, some)]


# -- roles -------------------------------------------------------------------------------------------------------------


def carried(*carriers: Any) -> Any:
    return type(Consumer)("Carried", (Desk,), {"credential_carriers": carriers})


@pytest.mark.parametrize(
    "carriers",
    [(Subprotocol(),), (QueryParameter("key"),), (FirstMessage(),), (AuthorizationHeader(), FirstMessage())],
)
def test_a_token_travels_as_the_consumer_takes_it(carriers: Any, roles: dict[str, Any]) -> None:
    """By whichever carrier there is, a token stands for its owner, and a wrong one for nobody."""
    shut = type(Consumer)("Shut", (carried(*carriers),), {"permission_classes": [IsAuthenticated]})
    tokens = {"ann": Token.objects.create(user=roles["ann"]).key, "wrong": "wrong"}

    expected = {"(connect)": ["ann"], "look": ["ann"], "write": ["ann"], "shut": []}
    assert_permission_matrix(shut, tokens, expected=expected)


def test_a_header_is_a_role_too(roles: dict[str, Any]) -> None:
    """A text with a space in it is the whole Authorization header."""
    header = f"Token {Token.objects.create(user=roles['eve']).key}"

    everything = {action: ["eve"] for action in RIGHTS}
    assert_permission_matrix(Desk, {"eve": header}, expected=everything)
    nothing = {**everything, "write": [], "shut": []}
    assert_permission_matrix(carried(Subprotocol()), {"eve": header}, expected=nothing)


def test_a_role_may_be_made_when_it_is_asked(roles: dict[str, Any], tmp_path: Path) -> None:
    """By a function, ``async`` or not; one that makes Django's nobody makes nobody."""

    async def eve() -> Any:
        return await User.objects.aget(username="eve")

    made = {"nobody": AnonymousUser, "ann": lambda: User.objects.get(username="ann"), "eve": eve}
    file = tmp_path / "rights.json"
    file.write_text(SNAPSHOT, "utf-8")
    assert_permission_matrix(Desk, made, snapshot=file)


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_path_that_captures_something_has_to_be_given(roles: dict[str, Any]) -> None:
    """And it has to lead to the consumer; a query does not matter."""
    with pytest.raises(ConfigurationError, match="Room is at /rooms/<int:pk>/, and nobody knows with what in it"):
        assert_permission_matrix(Room, roles, expected={})
    with pytest.raises(ConfigurationError, match="/desk/ does not lead to Room, which is at /rooms/<int:pk>/"):
        assert_permission_matrix(Room, roles, "/desk/", expected={})
    with pytest.raises(ConfigurationError, match="does not lead to Carried, which is nowhere below ASGI_APPLICATION"):
        assert_permission_matrix(carried(), roles, "/desk/", expected={})
    nothing = {"(connect)": [], "look": [], "rename": [], "take": []}
    assert_permission_matrix(Room, roles, "/rooms/0/?page=2", expected=nothing)


@pytest.mark.parametrize(
    ("hosts", "debug"),
    [(["example.com"], False), ([".example.com"], False), (["*"], False), ([], True)],
)
def test_the_host_is_one_of_the_projects(hosts: list[str], debug: bool, roles: dict[str, Any], settings: Any) -> None:
    """Outside of a test run, the name of the test server is not allowed."""
    settings.ALLOWED_HOSTS, settings.DEBUG = hosts, debug

    assert_permission_matrix(Desk, roles, expected=RIGHTS)


def test_without_a_host_nobody_is_let_in(roles: dict[str, Any], settings: Any) -> None:
    """A project that answers to no name answers nobody: the matrix says so."""
    settings.ALLOWED_HOSTS = []

    assert_permission_matrix(Desk, roles, expected=dict.fromkeys(RIGHTS, ()))
