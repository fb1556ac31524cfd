"""Finding consumers: through routers and middleware, at the paths and with the kwargs that Channels' own routing gives."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path, re_path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.permissions import AllowAny

from tests.asgi import application as project
from wsdrf import Consumer, on
from wsdrf.connection.mounts import Stranger, application_of_project, built, mounts, survey
from wsdrf.connection.paths import Leg, Parameter, Prefix, simplify
from wsdrf.exceptions import ConfigurationError


class Room(Consumer):
    permission_classes = [AllowAny]

    @on("who", method="GET")
    async def who(self) -> None: ...


class Lobby(Room):
    pass


class Foreign(AsyncWebsocketConsumer):
    pass


room, lobby = Room.as_asgi(), Lobby.as_asgi()


def found(application: Any) -> list[tuple[str, str]]:
    """Give path and consumer of everything that can be reached."""
    return [(mount.path, mount.name) for mount in mounts(application)]


# -- middleware of every make ------------------------------------------------------------------------------------------


class Attribute:
    def __init__(self, following: Any) -> None:
        self.following = following

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.following(scope, receive, send)


class Slotted:
    __slots__ = ("_next", "unset")

    def __init__(self, following: Any) -> None:
        self._next = following

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self._next(scope, receive, send)


def closure(following: Any) -> Any:
    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await following(scope, receive, send)

    return middleware


def plain(following: Any) -> Any:
    return lambda scope, receive, send: following(dict(scope), receive, send)


def wrapped(following: Any) -> Any:
    @functools.wraps(following)
    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await following(scope, receive, send)

    return middleware


async def four(following: Any, scope: Any, receive: Any, send: Any) -> Any:
    return await following(scope, receive, send)


class Serving(Attribute):
    async def serve(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.following(scope, receive, send)


MIDDLEWARE = {
    "channels": AuthMiddlewareStack,
    "origin": AllowedHostsOriginValidator,
    "attribute": Attribute,
    "slots": Slotted,
    "closure": closure,
    "lambda": plain,
    "wraps": wrapped,
    "partial": lambda following: functools.partial(four, following),
    "keyword": lambda following: functools.partial(four, following=following),
    "method": lambda following: Serving(following).serve,
}


@pytest.mark.parametrize("name", MIDDLEWARE)
def test_middleware_is_looked_through(name: str) -> None:
    """Wherever it keeps the next application: around the router, around one consumer, and around itself."""
    around = MIDDLEWARE[name]

    assert [("/ws/", "Room")] == found(around(around(URLRouter([path("ws/", around(room))]))))


async def by_type(scope: Any, receive: Any, send: Any) -> None:
    await {"http": django, "websocket": routed}[scope["type"]](scope, receive, send)


django = get_asgi_application()
routed = URLRouter([path("a/", room), path("b/", lobby)])


def test_a_function_that_names_its_applications_is_looked_through() -> None:
    """The globals that an application uses are followed; that one of them serves HTTP is nobody's concern."""
    seen = survey(by_type)

    assert [("/a/", "Room"), ("/b/", "Lobby")] == [(mount.path, mount.name) for mount in seen.mounts]
    assert () == seen.strangers


# -- paths -------------------------------------------------------------------------------------------------------------


def test_nested_routers_make_one_path() -> None:
    """Routes and regular expressions, one inside the other, read as one path with its parameters."""
    inner = URLRouter([re_path(r"^lines/(?P<line>[0-9]{1,3})/(?:all/)?$", lobby), path("<uuid:key>/<slug>/", room)])
    application = ProtocolTypeRouter(
        {"http": get_asgi_application(), "websocket": URLRouter([path("ws/<int:pk>/", inner)])}
    )
    lines, keyed = mounts(application)

    assert ("/ws/<int:pk>/lines/<line>/all/", "/ws/<int:pk>/<uuid:key>/<slug>/") == (lines.path, keyed.path)
    assert (Parameter("pk", "int"), Parameter("line", None)) == lines.parameters
    assert ("int", "uuid", "str") == tuple(parameter.converter for parameter in keyed.parameters)
    assert (Lobby, Consumer, lobby) == (lines.consumer_class, lines.root, lines.application)
    assert {"pk": 7, "line": "12"} == lines.match("/ws/7/lines/12/")
    assert [None, None] == [lines.match("/ws/7/lines/1234/"), lines.match("/ws/x/lines/12/")]


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"^rooms/(?P<pk>[0-9]+)/$", "rooms/<pk>/"),
        (r"\Arooms/(?P<pk>[)(\]]+)\.json\Z", "rooms/<pk>.json"),
        (r"^(?P<year>(?:19|20)\d\d)/(\d+)/(?:x/)?$", "<year>/<>/x/"),
        (r"^(?=a)a/\d+\-b$", r"a/\d-b"),
        (r"^(?P<a>x", "<a>"),
        (r"\(a\)/", "(a)/"),
        ("", ""),
    ],
)
def test_regular_expression_is_read_as_a_path(regex: str, expected: str) -> None:
    """Groups become their names; anchors, quantifiers and escapes go."""
    assert expected == simplify(regex)


pieces = st.sampled_from(["a/", "<int:pk>/", "<slug:name>/", "<path:rest>", "b"])
routes = st.lists(pieces, unique=True, max_size=2).map("".join).map(lambda route: (path, route))
regexes = st.sampled_from([r"^a/", r"(?P<pk>[0-9]+)/", r"^(?P<name>[a-z]+)?/?$", r"b", r"^([0-9])/", ""])
ways = st.lists(st.one_of(routes, regexes.map(lambda regex: (re_path, regex))), min_size=1, max_size=3)
tails = st.text("ab1/-", max_size=8)


class Recording:
    """Be an application that keeps what the routers made of the path."""

    def __init__(self) -> None:
        self.kwargs: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.kwargs = scope["url_route"]["kwargs"]


@given(ways, tails)
def test_match_is_what_channels_routes(ways: list[tuple[Any, str]], asked: str) -> None:
    """For any nest of routers and any path, the kwargs are those that Channels' own routers pass on."""
    recorded = Recording()
    theirs, ours = recorded, room
    for number, (make, route) in enumerate(reversed(ways)):
        defaults = {"n": number}
        theirs = URLRouter([make(route, theirs, defaults)])
        ours = URLRouter([make(route, ours, defaults)])
    try:
        async_to_sync(theirs)({"type": "websocket", "path": f"/{asked}"}, None, None)
    except ValueError:  # no route found
        assert recorded.kwargs is None
    (mount,) = survey(ours).mounts
    assert recorded.kwargs == mount.match(f"/{asked}")


# -- what cannot be reached --------------------------------------------------------------------------------------------


def test_middleware_between_routers_is_an_obstacle() -> None:
    """Channels prolongs a path only into a router that stands in path() itself: the consumer is shown, as unreachable."""
    application = URLRouter([path("ws/", AuthMiddlewareStack(URLRouter([path("a/", room), path("", lobby)])))])
    unreached, reached = survey(application).mounts

    assert [("/ws/", "Lobby")] == found(application)
    assert ("/ws/a/", "/ws/") == (unreached.path, reached.path)
    assert unreached.obstacle.startswith("'ws/' must be the end of the path there")
    with pytest.raises(ValueError, match="No route found"):
        async_to_sync(application)({"type": "websocket", "path": "/ws/a/", "headers": []}, None, None)


@pytest.mark.parametrize("first", [lobby, Foreign.as_asgi()])
def test_a_second_consumer_at_a_path_is_never_reached(first: Any) -> None:
    """What stands there before it is named."""
    seen = survey(URLRouter([path("a/", first), path("a/", room)]))

    name = "Lobby" if first is lobby else "Foreign"
    assert f"{name} stands at the same path before it." == seen.mounts[-1].obstacle


@pytest.mark.parametrize("route", [path("/a/", room), re_path(r"^/a/$", room), re_path(r"\A/a/", room)])
def test_a_pattern_that_begins_with_a_slash_is_never_reached(route: Any) -> None:
    """Channels matches a path without its first slash, so the consumer is shown, as unreachable."""
    application = URLRouter([route])
    (mount,) = survey(application).mounts

    assert mount.obstacle.startswith("Its pattern begins with '/'")
    with pytest.raises(ValueError, match="No route found"):
        async_to_sync(application)({"type": "websocket", "path": "/a/", "headers": []}, None, None)


def test_strangers_are_named() -> None:
    """A consumer of Channels, and an application that shows nothing of itself, are told of by path and name."""

    async def sealed(scope: Any, receive: Any, send: Any) -> None: ...

    seen = survey(URLRouter([path("a/", Foreign.as_asgi()), path("b/", AuthMiddlewareStack(sealed)), path("c/", room)]))

    assert ["/c/"] == [mount.path for mount in seen.mounts]
    assert (Stranger("/a/", "Foreign"), "/b/") == (seen.strangers[0], seen.strangers[1].path)


def test_http_alone_has_no_consumers() -> None:
    """A project without websockets has nothing to find."""
    assert [] == mounts(ProtocolTypeRouter({"http": get_asgi_application()}))


def test_circles_end() -> None:
    """Middleware that holds itself is looked through once."""
    circle = Attribute(None)
    circle.following = closure(circle)

    assert () == survey(circle).mounts


def test_a_consumer_that_no_path_leads_to_is_known() -> None:
    """It was made an application of, and is not below this one."""

    class Forgotten(Room):
        pass

    application = Forgotten.as_asgi()

    assert Consumer is built()[Forgotten]
    assert Forgotten in survey(URLRouter([path("a/", room)])).unmounted
    assert Forgotten not in survey(URLRouter([path("a/", application)])).unmounted


class FromAnotherFramework:
    """A router as others write them: routes with a path and an application."""

    def __init__(self, *routes: Any) -> None:
        self.routes = routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Entry:
    def __init__(self, path: str, app: Any = None, methods: Any = None) -> None:
        self.path = path
        self.app = app
        self.methods = methods


def test_mounts_of_other_frameworks_are_prefixes() -> None:
    """A router below a prefix keeps its parameters; a route of HTTP is passed over."""
    page = Entry("/page", HttpResponse, methods={"GET"})
    application = FromAnotherFramework(page, Entry("/live", URLRouter([path("rooms/<int:pk>/", room)])))
    (mount,) = mounts(application)

    assert () == survey(application).strangers
    assert "/live/rooms/<int:pk>/" == mount.path
    assert {"pk": 3} == mount.match("/live/rooms/3/")
    assert [None, None] == [mount.match("/dead/rooms/3/"), Leg(Prefix("/live")).pattern.match("liv")]
    assert () == Leg(Prefix("/live")).parameters


# -- the project -------------------------------------------------------------------------------------------------------


def test_the_project_names_its_application() -> None:
    """It is what ASGI_APPLICATION says, or an error that says what to do."""
    assert project is application_of_project()
    with override_settings(ASGI_APPLICATION=""), pytest.raises(ConfigurationError, match="Set ASGI_APPLICATION = "):
        application_of_project()


@pytest.mark.parametrize("path", ["tests.asgi.aplication", "tests.agsi.application", "application"])
def test_a_wrong_name_of_the_application_is_told(path: str) -> None:
    """A module that is not there, or has no such application, is a fault of the setting."""
    with (
        override_settings(ASGI_APPLICATION=path),
        pytest.raises(ConfigurationError, match=r"cannot be imported: .*\. Name a module and the application in it"),
    ):
        application_of_project()


@pytest.mark.parametrize(
    "line",
    ["from wsdrf import no_such", "import wsdrf.no_such", "import importlib; importlib.import_module('no.such')"],
)
def test_a_wrong_import_further_inside_is_told_with_its_place(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that fails in a module of the project is told with file and line, and not taken for a wrong setting."""
    (tmp_path / "inner_of_project.py").write_text(f"\n{line}\n")
    (tmp_path / "asgi_of_project.py").write_text("import inner_of_project\n")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        override_settings(ASGI_APPLICATION="asgi_of_project.application"),
        pytest.raises(ConfigurationError, match=r"cannot be imported: .* See .*inner_of_project\.py:2\.$"),
    ):
        application_of_project()


def test_any_other_error_further_inside_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong attribute in a module of the project is not taken for an application that the module lacks."""
    (tmp_path / "faulty_of_project.py").write_text("from wsdrf import Consumer\nConsumer.as_view()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        override_settings(ASGI_APPLICATION="faulty_of_project.application"),
        pytest.raises(AttributeError, match="as_view"),
    ):
        application_of_project()


def test_a_mount_can_be_printed() -> None:
    """In an error or a log it is short."""
    (mount,) = mounts(URLRouter([path("a/", room)]))

    assert f"Mount(path='/a/', consumer_class={Room!r}, parameters=(), obstacle='')" == repr(mount)
