"""``manage.py wsdrf_client typescript``: the module that it writes, and what the compiler makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.browser.server import manage
from tests.laws.client_zoo import portal_of_types
from tests.laws.zoo import ZOO
from tests.typescript.compiler import Compiler, install
from wsdrf.clients.files import write
from wsdrf.clients.runtime.closing import RETRIES
from wsdrf.clients.typescript import typescript_client

USE = """
import { CallError, RoomConsumerClient, type Member, type Said } from "./client/index.js";

export async function talk(url: string): Promise<number | null> {
  const client = new RoomConsumerClient(url, { params: { pk: 1 }, token: async () => "x", carrier: "message" });
  await client.connect({ signal: AbortSignal.timeout(1000) });
  const said: Said = await client.call("chat.say", { text: "x" });
  const members: Member[] = await client.call("room.members");
  for await (const line of client.stream("chat.history", { limit: 2 })) console.log(line.created, said, members);
  const stop = client.on("chat.deleted", (deleted) => console.log(deleted.line_id));
  client.on("close", (closing) => console.log(closing.code, closing.retry));
  stop();
  try {
    await client.call("chat.delete", { line_id: 1 }, { timeout: 10 });
  } catch (error) {
    return error instanceof CallError ? error.retryAfter : null;
  }
  client.close();
  return 1;
}
"""
MISUSE = """
import { RoomConsumerClient } from "./client/index.js";

const client = new RoomConsumerClient("wss://x", { params: { room: 1 } });
void client.call("chat.shout", { text: "x" });
void client.call("chat.say", { text: 1 });
void client.call("chat.say");
client.on("chat.nothing", () => undefined);
const text: Promise<string> = client.call("chat.say", { text: "x" });
"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Compiler:
    return install(tmp_path_factory.mktemp("compiler"), require)


def test_the_demos_client_is_strictly_typed(compiler: Compiler, tmp_path: Path) -> None:
    """The compiler is content with the demo's client and with its use, and with no misuse."""
    manage(tmp_path, "wsdrf_client", "typescript", "--output", str(tmp_path / "client"))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "use.ts").write_text(USE, "utf-8")
    (tmp_path / "misuse.ts").write_text(MISUSE, "utf-8")

    said = compiler.compile(tmp_path / "use.ts", tmp_path / "misuse.ts", into=tmp_path / "built")

    errors = re.findall(r"^(\S*?)([a-z]+)\.ts\((\d+),", said, re.MULTILINE)
    assert {"misuse"} == {name for _, name, _ in errors}
    assert ["4", "5", "6", "7", "8", "9"] == sorted({line for _, _, line in errors})


@pytest.mark.parametrize("camelize", [False, True])
def test_every_type_can_be_in_a_client(compiler: Compiler, tmp_path: Path, camelize: bool) -> None:
    """The compiler is content with a client of the whole zoo."""
    types = [specimen.type for specimen in ZOO]
    write(typescript_client([portal_of_types(types, camelize=camelize)]), tmp_path)

    assert "" == compiler.compile(tmp_path / "index.ts", into=tmp_path / "built")


def test_an_odd_site_has_a_client(compiler: Compiler, tmp_path: Path, settings: Any) -> None:
    """Names that clash are told apart, words of no identifier are quoted, and the compiler is content."""
    settings.ASGI_APPLICATION = "tests.unit.clients_site.application"
    call_command("wsdrf_client", "typescript", "--output", str(tmp_path))
    text = (tmp_path / "index.ts").read_text("utf-8")

    assert "" == compiler.compile(tmp_path / "index.ts", into=tmp_path / "built")
    assert '"two words": string;' in text
    assert 'export type Colour = "red" | "blue";' in text
    assert "export class TestsUnitClientsSiteRoomClient " in text
    assert "seenBy" in text
    assert '"greets": false' in text


def test_a_bundler_can_drop_what_is_not_used(compiler: Compiler, tmp_path: Path, settings: Any) -> None:
    """A module does nothing when it is imported: it only declares, and no value of it comes of a call but a symbol."""
    settings.ASGI_APPLICATION = "tests.unit.clients_site.application"
    call_command("wsdrf_client", "typescript", "--output", str(tmp_path))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    compiler.compile(tmp_path / "index.ts", into=tmp_path / "built")
    lines = [line for path in (tmp_path / "built").glob("*.js") for line in path.read_text("utf-8").splitlines()]

    statements = [line for line in lines if re.match(r"[^\s/}]", line)]
    assert {"import", "export", "const"} == {line.split()[0] for line in statements}
    made = [line.partition(" = ")[2] for line in statements if re.match(r"(export )?const ", line)]
    assert {'Symbol("complete");'} == {value for value in made if "(" in value}


def test_the_table_of_close_codes_is_the_references(tmp_path: Path) -> None:
    """It is written from the one table that there is."""
    written = re.findall(r"^  (\d{4}): \"([a-z -]+)\",$", typescript_client([])["closing.ts"], re.MULTILINE)

    assert {str(code): retry.value for code, retry in RETRIES.items()} == dict(written)


def test_the_same_project_gives_the_same_files(tmp_path: Path) -> None:
    """In every process; each file says what made it, and imports nothing but the others."""
    for seed in ("1", "2"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONHASHSEED", seed)
            manage(tmp_path, "wsdrf_client", "typescript", "--output", str(tmp_path / seed))
    first, second = ({path.name: path.read_text() for path in (tmp_path / seed).iterdir()} for seed in "12")

    assert first == second
    assert all(text.startswith("// Made by `manage.py wsdrf_client typescript`") for text in first.values())
    assert {"./closing.js", "./parts.js", "./runtime.js"} == {
        found for text in first.values() for found in re.findall(r'from "([^"]+)"', text)
    }
