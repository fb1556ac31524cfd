"""``manage.py wsdrf_routes``: every action, where it is, what it takes and gives, and what guards it."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.core.management import CommandError, call_command
from django.urls import path
from rest_framework.permissions import AllowAny, IsAuthenticated

from tests.conftest import IN_CI
from tests.unit.rights_site import Desk, Room
from wsdrf import Consumer, requires
from wsdrf.management import tables
from wsdrf.management.tables import Table, show


@requires(IsAuthenticated)
class Quiet(Consumer):
    permission_classes = [AllowAny]


class Choosing(Desk):
    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated()]


class Lost(Desk):
    pass


rooms, lost = path("rooms/<int:pk>/", Room.as_asgi()), path("lost/", Lost.as_asgi())
application = URLRouter([path("desk/", Desk.as_asgi()), rooms, path("quiet/", Quiet.as_asgi())])
odd = URLRouter([path("choosing/", Choosing.as_asgi()), path("ws/", AuthMiddlewareStack(URLRouter([lost])))])

TABLE = """\
path              consumer  action  payload  reply       guards                            throttles
/desk/            Desk      look    -        -           AllowAny                          -
/desk/            Desk      write   -        -           AllowAny, IsAuthenticated         -
/desk/            Desk      shut    -        -           AllowAny, IsAdminUser             -
/rooms/<int:pk>/  Room      look    -        -           IsOwner                           -
/rooms/<int:pk>/  Room      rename  -        -           IsOwner                           -
/rooms/<int:pk>/  Room      take    Pick     list[Pick]  IsOwner, IsOwner | IsAdminUser    10/m
/quiet/           Quiet     -       -        -           AllowAny, IsAuthenticated         -
"""


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = f"{__name__}.application"


def printed(*arguments: str, errors: StringIO | None = None) -> str:
    output = StringIO()
    call_command("wsdrf_routes", *arguments, stdout=output, stderr=errors or StringIO())
    return output.getvalue()


def rows(*arguments: str) -> list[str]:
    """Give consumer and action of each line."""
    return [".".join(line.split()[1:3]) for line in printed(*arguments).splitlines()[1:]]


def test_the_table_has_a_line_an_action() -> None:
    """In the order of routing, with all guards that are asked: the connection's, then the action's."""
    assert [line.split() for line in TABLE.splitlines()] == [line.split() for line in printed().splitlines()]


def test_columns_stand_below_each_other() -> None:
    """Each column begins at the same place in every line."""
    lines = printed().splitlines()

    assert {lines[0].index("guards")} == {line.index(word) for line in lines[1:4] for word in ["AllowAny"]}


def test_json_has_more() -> None:
    """The same facts and a few more, for programs."""
    (take,) = json.loads(printed("--action", "take", "--format", "json"))

    assert {
        "path": "/rooms/<int:pk>/",
        "consumer": "Room",
        "action": "take",
        "method": "GET",
        "handler": "Room.take",
        "payload": "Pick",
        "reply": ["list[Pick]"],
        "stream": False,
        "guards": ["IsOwner", "IsOwner | IsAdminUser"],
        "throttles": ["10/m"],
        "loads": ["group"],
    } == take
    assert 7 == len(json.loads(printed("--format", "json")))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--path", "/rooms/7/"], ["Room.look", "Room.rename", "Room.take"]),
        (["--path", "/rooms/<int:pk>/", "--action", "t*"], ["Room.take"]),
        (["--path", "/*", "--action", "look"], ["Desk.look", "Room.look"]),
        (["--consumer", "Des?", "--action", "*t*"], ["Desk.write", "Desk.shut"]),
        (["--consumer", "tests.unit.rights_site.Room", "--action", "look"], ["Room.look"]),
        (["--consumer", "*.Quiet"], ["Quiet.-"]),
    ],
)
def test_filters_take_values_and_patterns(arguments: list[str], expected: list[str]) -> None:
    """A path, a path that leads there, a consumer or an action; or a pattern for them."""
    assert expected == rows(*arguments)


@pytest.mark.parametrize("arguments", [["--path", "/rooms/x/"], ["--consumer", "desk"], ["--action", "Look"]])
def test_nothing_is_said_to_be_nothing(arguments: list[str]) -> None:
    """Where nothing fits, that is said beside the output, which stays empty."""
    errors = StringIO()

    assert "" == printed(*arguments, errors=errors)
    assert "There is no such action." in errors.getvalue()


def test_what_cannot_be_reached_is_named(settings: Any) -> None:
    """An unreachable consumer is no line of the table, and is told of, as is one that is not mounted at all."""
    settings.ASGI_APPLICATION = f"{__name__}.odd"
    errors = StringIO()

    assert "Lost" not in printed(errors=errors)
    assert "Lost at /ws/lost/ is never reached: 'ws/' must be the end of the path there" in errors.getvalue()
    assert "Quiet is made an application of, but no path was seen to lead to it." in errors.getvalue()


def test_what_is_no_consumer_of_wsdrf_is_named(settings: Any) -> None:
    """A path that leads elsewhere is told of, too."""
    settings.ASGI_APPLICATION = "tests.unit.test_commands_routes.stranger"
    errors = StringIO()
    printed(errors=errors)

    assert "answer at /else/ is no consumer of wsdrf, or hides one." in errors.getvalue()


async def answer(scope: Any, receive: Any, send: Any) -> None: ...


stranger = URLRouter([path("else/", answer)])


def test_guards_that_are_chosen_at_run_time_are_said_to_be(settings: Any) -> None:
    """Where get_permissions() decides, no class is claimed."""
    settings.ASGI_APPLICATION = f"{__name__}.odd"

    assert ["/choosing/", "Choosing", "look", "-", "-", "get_permissions()", "-"] == printed().splitlines()[1].split()


def test_a_project_without_an_application_is_told(settings: Any) -> None:
    """There is nothing to list before ASGI_APPLICATION is set."""
    settings.ASGI_APPLICATION = ""

    with pytest.raises(CommandError, match="Set ASGI_APPLICATION = "):
        printed()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_table_in_boxes(require_rich: None) -> None:
    """Where rich is installed and somebody looks, it draws; markup in a cell is text."""
    terminal = Terminal()
    show(Table("Title", ["a", "b"], [["[red]x", "yes"]], {"yes": "green"}), terminal)

    assert "[red]x" in terminal.getvalue()
    assert "│" in terminal.getvalue()


def test_a_terminal_without_rich_gets_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a convenience, and nothing needs it."""
    monkeypatch.setattr(tables, "HAS_RICH", False)
    terminal = Terminal()
    show(Table("", ["a", "bb"], [["", "1"], ["xyz", ""]]), terminal)

    assert "a    bb\n-    1\nxyz  -\n" == terminal.getvalue()


def test_markdown_escapes_its_sign() -> None:
    """A guard that is an expression does not break the table."""
    assert "## T\n\n| a |\n| --- |\n| x \\| y |" == Table("T", ["a"], [["x | y"]]).markdown()


@pytest.fixture
def require_rich() -> None:
    """Skip at home, and fail in CI, where rich is not installed."""
    if not tables.HAS_RICH:
        refuse = pytest.fail if IN_CI else pytest.skip
        refuse("rich is not installed. Install it with: pip install rich")
