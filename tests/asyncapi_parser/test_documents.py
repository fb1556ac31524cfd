"""The official AsyncAPI parser has nothing to say against wsdrf's documents."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests import node
from tests.browser.server import manage
from tests.laws import asyncapi_zoo
from wsdrf.asyncapi import describe_mounts, write_json
from wsdrf.connection.mounts import mounts

HERE = Path(__file__).parent
# A newer version of AsyncAPI asks for nothing that these documents lack, and fewer tools read it.
ACCEPTED = {"asyncapi-latest-version"}

pytestmark = pytest.mark.timeout(300)


@frozen
class Parser:
    """The parser, installed in ``folder``."""

    folder: Path

    def read(self, *files: Path) -> list[dict[str, Any]]:
        """Give what it has to say of each file."""
        done = subprocess.run(
            ["node", "check.mjs", *map(str, files)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert 0 == done.returncode, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Parser:
    """Install the parser, exactly the versions of the lock file, in a folder of this run."""
    folder = tmp_path_factory.mktemp("asyncapi_parser")
    shutil.copy2(HERE / "check.mjs", folder / "check.mjs")
    node.install(HERE, folder, require)
    return Parser(folder)


def complaints(found: dict[str, Any]) -> list[str]:
    """Give errors, and warnings that are not accepted."""
    return [
        f"{one['code']} at {one['path']}: {one['message']}"
        for one in found["diagnostics"]
        if one["isError"] or one["code"] not in ACCEPTED
    ]


def test_parser_reads_the_demo(parser: Parser, tmp_path: Path) -> None:
    """The demo's document, in YAML and in JSON, is valid, and the parser finds every action of its room."""
    files = [tmp_path / "demo.yaml", tmp_path / "demo.json"]
    for file in files:
        manage(tmp_path, "wsdrf_asyncapi", "--file", str(file))

    for found in parser.read(*files):
        assert [] == complaints(found)
        assert found["isParsed"]
        assert {"RoomConsumer.chat.say", "RoomConsumer.send.room.kicked"} < set(found["operations"])


def test_parser_reads_the_zoo(parser: Parser, tmp_path: Path) -> None:
    """The document of every type that wsdrf knows, of names that clash and of paths of all kinds, is valid."""
    document = describe_mounts(mounts(asyncapi_zoo.application))
    file = tmp_path / "zoo.json"
    file.write_text(write_json(document), "utf-8")

    (found,) = parser.read(file)

    assert [] == complaints(found)
    assert set(document["operations"]) == set(found["operations"])


def _without_channel(document: dict[str, Any]) -> None:
    document["channels"].clear()


def _with_stray_message(document: dict[str, Any]) -> None:
    operation = document["operations"]["Empty.ping"]
    operation["messages"] = [{"$ref": "#/components/messages/pong"}]


def _without_parameter(document: dict[str, Any]) -> None:
    del document["channels"]["tests.laws.asyncapi_zoo.Talk"]["parameters"]["pk"]


def _with_bad_schema(document: dict[str, Any]) -> None:
    document["components"]["messages"]["ping"]["payload"]["type"] = "thing"


@pytest.mark.parametrize("harm", [_without_channel, _with_stray_message, _without_parameter, _with_bad_schema])
def test_parser_notices_what_is_wrong(harm: Callable[[dict[str, Any]], None], parser: Parser, tmp_path: Path) -> None:
    """A reference that leads nowhere, a message of no channel, a lost parameter and a wrong schema are complained of."""
    document = describe_mounts([mount for mount in mounts(asyncapi_zoo.application) if mount.name in {"Talk", "Empty"}])
    harm(document)
    file = tmp_path / "harmed.json"
    file.write_text(write_json(document), "utf-8")

    (found,) = parser.read(file)

    assert complaints(found)
