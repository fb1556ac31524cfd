"""The client that the demo ships: what is checked in is what the command and the compiler make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.server import CHAT, manage
from tests.typescript.compiler import install

CLIENT = CHAT / "rooms" / "static" / "rooms" / "client"
AGAIN = "See examples/chat/README.md for the two commands that make it anew."


def test_the_demos_client_is_current(tmp_path: Path) -> None:
    """The TypeScript that is checked in is what the command writes today."""
    manage(tmp_path, "wsdrf_client", "typescript", "--output", str(CLIENT), "--check")


def test_the_demos_client_is_compiled(tmp_path: Path, require: Callable[[str, str], str]) -> None:
    """The JavaScript and the declarations that are checked in are what the compiler makes of it, and nothing else is."""
    compiler = install(tmp_path, require)

    said = compiler.run("--project", str(CHAT / "tsconfig.json"), "--outDir", str(tmp_path / "built"))

    assert "" == said
    built = {path.name: path.read_text("utf-8") for path in (tmp_path / "built").iterdir()}
    shipped = {path.name: path.read_text("utf-8") for path in CLIENT.iterdir()}
    sources = {name for name in shipped if name.endswith(".ts") and not name.endswith(".d.ts")}
    assert built == {name: text for name, text in shipped.items() if name not in sources}, AGAIN


@pytest.mark.parametrize("path", sorted(CLIENT.glob("*.js")), ids=lambda path: path.name)
def test_the_compiled_client_imports_only_itself(path: Path) -> None:
    """A browser needs nothing but these files: each import is of one that is there."""
    imports = [
        line.rpartition(" from ")[2].strip('";') for line in path.read_text("utf-8").splitlines() if " from " in line
    ]

    assert all((CLIENT / name).is_file() for name in imports if name.startswith("./"))
    assert [] == [name for name in imports if name.endswith(".js") and not name.startswith("./")]
