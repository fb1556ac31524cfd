"""The source of the explorer's page: what it is served as is what stands in the tree, so a compiler can hold it to its types."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from tests.test_architecture import MAX_FILE_LINES
from tests.typescript.compiler import STRICT, install

FOLDER = Path(str(files("wsdrf"))) / "static" / "wsdrf" / "explorer"
SCRIPTS = sorted(FOLDER.glob("*.js"))

# What would turn a text into markup or a program, reach another host, or keep something in the browser.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment"
    r"|https?://|localStorage|sessionStorage|indexedDB|document\.cookie"
)


@pytest.mark.timeout(300)
def test_types(tmp_path: Path, require: Callable[[str, str], str]) -> None:
    """The compiler is content with the scripts, as strict as it can be, by the types in their comments."""
    compiler = install(tmp_path, require)
    settings = ["--noEmit", "--allowJs", "--checkJs", "--target", "es2022", "--module", "nodenext"]

    assert "" == compiler.run(*STRICT, *settings, "--lib", "es2022,dom,dom.iterable", *map(str, SCRIPTS))


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.name for one in SCRIPTS])
def test_each_script(script: Path) -> None:
    """A script is as short as any file, says first what it is for, imports its neighbours alone, and does nothing forbidden."""
    text = script.read_text("utf-8")

    assert text.startswith("// ")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    assert [] == [line for line in text.splitlines() if FORBIDDEN.search(line)]
    names = re.findall(r'(?:from |import\()"([^"]+)"', text)
    assert [] == [name for name in names if name.removeprefix("./") not in {one.name for one in SCRIPTS}]


def test_the_style() -> None:
    """The sheet asks for nothing but itself."""
    text = (FOLDER / "explorer.css").read_text("utf-8")

    assert [] == re.findall(r"@import|url\(", text)
    assert len(text.splitlines()) <= MAX_FILE_LINES
