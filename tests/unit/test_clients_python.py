"""``manage.py wsdrf_client python``: the package that it writes, and what type checkers and Python make of it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.browser.server import manage
from tests.laws.client_zoo import portal_of_types
from tests.laws.zoo import ZOO
from wsdrf.clients.files import write
from wsdrf.clients.python import RUNTIME, python_client


def generated(folder: Path, *arguments: str) -> str:
    errors = StringIO()
    call_command("wsdrf_client", "python", "--output", str(folder), *arguments, stderr=errors)
    return errors.getvalue()


def checked(*arguments: str, folder: Path) -> str:
    """Give what ``mypy --strict`` says, nothing where it is content."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = "tests.unit.clients_site.application"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Give the client of the odd site, imported."""
    folder = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.ASGI_APPLICATION", "tests.unit.clients_site.application")
        generated(folder / "odd_client")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("odd_client")
    finally:
        sys.path.remove(str(folder))


USE = """
from chat_client import CallError, Deleted, History, Member, RoomConsumerClient, Said, Say

async def talk(url: str) -> None:
    async with RoomConsumerClient(url, {"pk": 1}, token="x", carrier="subprotocol") as client:
        said: Said = await client.call("chat.say", Say(text="x"))
        members: list[Member] = await client.call("room.members")
        async for line in client.stream("chat.history", History(limit=2)):
            print(line.created.year, said, members)
        client.on(Deleted, lambda deleted: print(deleted.line_id))
        client.on("close", lambda closing: print(closing.code))
"""
MISUSE = """
from chat_client import RoomConsumerClient, Say

async def talk(url: str) -> None:
    client = RoomConsumerClient(url, {"room": 1})
    await client.call("chat.shout", Say(text="x"))
    await client.call("chat.say", Say(text=1))
    text: str = await client.call("chat.say", Say(text="x"))
"""


def test_the_demos_client_is_strictly_typed(tmp_path: Path) -> None:
    """The checker is content with the demo's client and with its use, and with no misuse."""
    manage(tmp_path, "wsdrf_client", "python", "--output", str(tmp_path / "chat_client"))
    (tmp_path / "use.py").write_text(USE, "utf-8")
    (tmp_path / "misuse.py").write_text(MISUSE, "utf-8")

    said = checked("chat_client", "use.py", "misuse.py", folder=tmp_path)

    assert {"misuse.py"} == {line.partition(":")[0] for line in said.splitlines() if " error: " in line}
    codes = {line.rpartition("[")[2].rstrip("]") for line in said.splitlines() if " error: " in line}
    assert {"typeddict-unknown-key", "typeddict-item", "call-overload", "arg-type", "assignment"} >= codes
    assert {"5", "6", "7", "8"} == {line.split(":")[1] for line in said.splitlines() if " error: " in line}


def test_every_type_can_be_in_a_client(tmp_path: Path) -> None:
    """The checker is content with a client of the whole zoo, in snake_case and in camelCase."""
    types = [specimen.type for specimen in ZOO]
    for name, camelize in (("snake", False), ("camel", True)):
        write(python_client([portal_of_types(types, camelize=camelize)]), tmp_path / name)

    assert "" == checked("snake", "camel", folder=tmp_path)


def test_an_odd_site_has_a_client(tmp_path: Path) -> None:
    """Names that clash are told apart, words of Python get an underscore, and mypy is content."""
    generated(tmp_path / "odd_client")

    assert "" == checked("odd_client", folder=tmp_path)


def test_clients_are_named_after_their_consumers(package: ModuleType) -> None:
    """With the module's name where two classes share theirs, and a number where one stands at two paths."""
    clients = {name for name in package.__all__ if name.endswith(("Client", "Client2"))}

    assert {
        "OddClient",
        "CamelClient",
        "SilentClient",
        "SilentClient2",
        "TestsUnitClientsSiteRoomClient",
        "TestsUnitRightsSiteRoomClient",
        "Client2",  # a message called Client
    } == clients


def test_what_the_consumer_says_is_carried_over(package: ModuleType) -> None:
    """Docstrings, path, carriers, scheme, whether there is a greeting, and names in camelCase on the wire."""
    face, camel = package.OddClient.FACE, package.CamelClient.FACE
    happened = camel.operations["camel.turn"].payload

    assert "Is odd." == package.OddClient.__doc__
    assert ("/odd/{key}/{class}/", ("subprotocol",), "Token", True) == (
        face.path,
        face.carriers,
        face.scheme,
        face.greets,
    )
    assert ("/camel/{number}/{group_1}/", False) == (camel.path, camel.greets)
    assert ["number", "group_1"] == list(package.CamelParams.__annotations__)
    thing = {"day": "2026-01-31", "numbers": [1], "seenBy": ["me"]}
    assert ["me"] == happened.read({"firstThing": thing}).first_thing.seen_by
    assert {"odd.happened", "odd.heard"} == set(face.events)
    assert (
        'Has "quotes", a \\ backslash, and an end. "Quoted".'
        == type(happened.read({"firstThing": thing}).first_thing).__doc__
    )


def test_defaults_are_the_servers(package: ModuleType) -> None:
    """What a client need not say is as the server has it; what only the server knows is absent, and is not sent."""
    face = package.OddClient.FACE
    form = face.operations["odd.things"].payload
    thing = form.read({"day": "2026-01-31", "numbers": []})

    assert (package.Colour.BLUE, (), package.ABSENT) == (thing.colour, thing.days, thing.seen_by)
    assert {"day", "numbers", "colour", "days", "since"} == set(form.write(thing))
    assert "2026-01-31" == form.write(thing)["since"]
    awkward = face.operations["odd.awkward"].payload.read(
        {"class": 1, "two words": "x", "list": [2], "date": "2026-01-31"}
    )
    assert (1, "x", [2]) == (awkward.class_, awkward.two_words, awkward.list_)


def test_the_client_needs_neither_django_nor_wsdrf(tmp_path: Path) -> None:
    """It runs on websockets and attrs alone."""
    generated(tmp_path / "odd_client")
    look = (
        "import sys; sys.path.insert(0, '.'); import odd_client; "
        "print(sorted({'attr', 'cattrs', 'django', 'rest_framework', 'channels', 'typing_extensions', 'wsdrf'} "
        "& {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )

    assert "['attr']\n" == done.stdout


def test_the_same_project_gives_the_same_files(tmp_path: Path) -> None:
    """In every process, whatever the seed of its hashes; each file says what made it."""
    for seed in ("1", "2"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONHASHSEED", seed)
            manage(tmp_path, "wsdrf_client", "python", "--output", str(tmp_path / seed))
    first, second = (
        {path.name: path.read_text() for path in (tmp_path / seed).rglob("*") if path.is_file()} for seed in "12"
    )

    assert first == second
    assert all(text.startswith("# Made by `manage.py wsdrf_client python`") for text in first.values() if text)
    assert {path.name for path in RUNTIME.glob("*.py")} <= set(first)


def test_check_tells_what_is_out_of_date(tmp_path: Path) -> None:
    """``--check`` writes nothing, passes where the files are as they would be, and names those that are not."""
    with pytest.raises(CommandError, match=r"messages\.py"):
        generated(tmp_path, "--check")
    assert [] == list(tmp_path.iterdir())

    generated(tmp_path)
    generated(tmp_path, "--check")
    (tmp_path / "messages.py").write_text("")

    with pytest.raises(CommandError, match=r"^messages\.py in "):
        generated(tmp_path, "--check")


@pytest.mark.parametrize(
    ("name", "content"), [("messages.py", b"mine = 1\n"), ("messages.py", b"\xff\xfe"), ("py.typed", b"partial\n")]
)
def test_files_of_others_are_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that this command did not make is not overwritten, whatever is in it, and nothing else is written."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CommandError, match=re.escape(name)):
        generated(tmp_path, "--check")
    with pytest.raises(CommandError, match=rf"{re.escape(name)} was not made by this command"):
        generated(tmp_path)

    assert {name: content} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_what_is_as_it_would_be_is_in_nobodys_way(tmp_path: Path) -> None:
    """An empty py.typed may be there before, because it stays as it is."""
    (tmp_path / "py.typed").touch()

    generated(tmp_path)
    generated(tmp_path, "--check")


@pytest.mark.parametrize("place", ["taken", "taken/client", "client", "n" * 300])
def test_where_nothing_can_be_written_is_told(tmp_path: Path, place: str) -> None:
    """A file where a folder has to be, a folder where a file has to be, a name that is too long: each is an error."""
    (tmp_path / "taken").touch()
    (tmp_path / "client" / "messages.py").mkdir(parents=True)

    with pytest.raises(CommandError, match=rf"{place}.* cannot be used: .*\. Name another --output\.$"):
        generated(tmp_path / place)
    with pytest.raises(CommandError):
        generated(tmp_path / place, "--check")


def test_consumers_can_be_chosen(tmp_path: Path) -> None:
    """By name and by path; what no client can reach is told, and to choose nothing is an error."""
    generated(tmp_path, "--consumer", "Odd")

    assert "SilentClient" not in (tmp_path / "clients.py").read_text()
    with pytest.raises(CommandError, match="no such consumer"):
        generated(tmp_path, "--path", "/nowhere/")
