"""Generated clients of both languages go to one address, and from it Django reads what they were given."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from attrs import frozen
from channels.routing import URLRouter
from django.urls import path, re_path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.permissions import AllowAny

from tests.laws.client_zoo import imported
from tests.typescript.compiler import HERE, install
from wsdrf import Consumer
from wsdrf.asyncapi import describe_mounts
from wsdrf.clients.files import write
from wsdrf.clients.plan import plan_clients
from wsdrf.clients.python import python_client
from wsdrf.clients.typescript import typescript_client
from wsdrf.connection.mounts import mounts

SITE = "wss://example.com"


class Page(Consumer):
    permission_classes = [AllowAny]


class Shelf(Consumer):
    permission_classes = [AllowAny]


class Box(Consumer):
    permission_classes = [AllowAny]


class Odd(Consumer):
    permission_classes = [AllowAny]


class Twice(Consumer):
    permission_classes = [AllowAny]


application = URLRouter(
    [
        path("pages/<str:name>/<int:number>/<größe>/", Page.as_asgi()),
        path("shelves/<slug:name>/<path:rest>", Shelf.as_asgi()),
        re_path(r"^boxes/([0-9]+)/(?P<name>x(?P<inner>[^/]*))/(a|b)/$", Box.as_asgi()),
        path("{pk}/C#/why?/100%/a b/é/<str:pk>/", Odd.as_asgi()),
        path("twice/<int:pk>/", URLRouter([path("again/<str:pk>/", Twice.as_asgi())])),
    ]
)
MOUNTS = {mount.name: mount for mount in mounts(application)}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["C#", "why?", "a/b", "50%"])
segments = texts.map(lambda text: re.sub(r"[/\n]", "", text) or "-")  # what Django's converters capture
paths = st.lists(segments, min_size=1).map("/".join)
numbers = st.integers(0, 2**53 - 1)


@frozen
class Clients:
    """The clients of ``MOUNTS``: a package in Python, and a process of Node that has the others."""

    package: Any
    folder: Path
    node: subprocess.Popen[str]

    def addresses(self, name: str, params: dict[str, Any]) -> tuple[str, str]:
        """Give where a client in Python goes, and where one in TypeScript."""
        assert self.node.stdin is not None
        assert self.node.stdout is not None
        self.node.stdin.write(json.dumps([f"{name}Client", params]) + "\n")
        self.node.stdin.flush()
        address = import_module(f"{self.package.__name__}.runtime.options").address
        face = getattr(self.package, f"{name}Client").FACE
        return address("https://example.com/", face, params), json.loads(self.node.stdout.readline())

    def path(self, name: str, params: dict[str, Any]) -> str:
        """Give the path of the one address where both go."""
        in_python, in_typescript = self.addresses(name, params)
        assert in_python == in_typescript
        assert in_python.startswith(SITE)
        return in_python.removeprefix(SITE)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Iterator[Clients]:
    folder = tmp_path_factory.mktemp("addresses")
    portals = plan_clients(MOUNTS.values())
    package = imported(python_client(portals), folder, "addresses_client")
    command = ["node", str(HERE / "address.mjs"), str(_compiled(typescript_client(portals), folder, require))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        yield Clients(package, folder, node)


def _compiled(files: dict[str, str], folder: Path, require: Callable[[str, str], str]) -> Path:
    write(files, folder / "client")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "compiler").mkdir()
    compiler = install(folder / "compiler", require)
    assert "" == compiler.compile(folder / "client" / "index.ts", into=folder / "built")
    return folder / "built" / "index.js"


@given(name=texts, number=numbers, size=texts)
def test_a_parameter_is_one_segment(clients: Clients, name: str, number: int, size: str) -> None:
    """Whatever stands in a parameter stays in its segment of the path: both clients encode it, and in the same way."""
    found = clients.path("Page", {"name": name, "number": number, "größe": size})

    assert ["", "pages", name, str(number), size, ""] == [unquote(segment) for segment in found.split("/")]
    assert "?" not in found
    assert "#" not in found


@given(name=texts, rest=texts)
def test_what_is_a_path_keeps_its_slashes(clients: Clients, name: str, rest: str) -> None:
    """A parameter of Django's converter ``path`` is as many segments as it says, and no other one is."""
    found = clients.path("Shelf", {"name": name, "rest": rest})

    assert ["", "shelves", name, *rest.split("/")] == [unquote(segment) for segment in found.split("/")]


@given(name=segments, number=numbers, rest=paths)
def test_django_reads_what_was_given(clients: Clients, name: str, number: int, rest: str) -> None:
    """The address, decoded as a server does, leads to the consumer, with the parameters that the client was given."""
    page = {"name": name, "number": number, "größe": name}
    shelf = {"name": "a-1", "rest": rest}

    assert page == MOUNTS["Page"].match(unquote(clients.path("Page", page)))
    assert shelf == MOUNTS["Shelf"].match(unquote(clients.path("Shelf", shelf)))


@given(number=numbers, inner=segments, last=st.sampled_from("ab"))
def test_what_has_no_name_is_given_too(clients: Clients, number: int, inner: str, last: str) -> None:
    """A group without a name is a parameter of the clients, as in the AsyncAPI document, and one inside another is none."""
    params = {"group_0": number, "name": f"x{inner}", "group_2": last}
    found = unquote(clients.path("Box", params))

    assert f"/boxes/{number}/x{inner}/{last}/" == found
    assert {"name": f"x{inner}", "inner": inner} == MOUNTS["Box"].match(found)


@given(pk=segments)
def test_signs_in_a_pattern_stand_for_themselves(clients: Clients, pk: str) -> None:
    """Braces of a pattern are no parameters, and what means something in an address is encoded there too."""
    assert {"pk": pk} == MOUNTS["Odd"].match(unquote(clients.path("Odd", {"pk": pk})))


def test_clients_have_the_parameters_of_the_document(clients: Clients) -> None:
    """Each parameter of a channel of AsyncAPI is one of both clients, once, under the same name."""
    channels = {
        one["title"]: list(one.get("parameters", ())) for one in describe_mounts(MOUNTS.values())["channels"].values()
    }
    source = (clients.folder / "client" / "index.ts").read_text("utf-8")
    written = dict(re.findall(r"export type (\w+)Params = \{ (.*) \};", source))

    assert channels == {name: list(getattr(clients.package, f"{name}Params").__annotations__) for name in MOUNTS}
    assert channels == {name: [_name(part) for part in written[name].split("; ")] for name in MOUNTS}
    assert ["group_0", "name", "group_2"] == channels["Box"]


def _name(part: str) -> str:
    name = part.partition(": ")[0]
    return json.loads(name) if name.startswith('"') else name


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [("C#", "C%23"), ("why?", "why%3F"), ("a/b", "a%2Fb"), ("it's (a) *!", "it's%20(a)%20*!")],
)
def test_signs_of_an_address_are_encoded(clients: Clients, given_name: str, expected: str) -> None:
    """What ends a path in an address, or divides it, is written in hexadecimal; what needs not is left."""
    assert f"/shelves/{expected}/a/b%23" == clients.path("Shelf", {"name": given_name, "rest": "a/b#"})
