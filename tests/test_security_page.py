"""The pages on security and deployment say what is so: each test that they name exists, each default is the code's."""

from __future__ import annotations

import ast
import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.test_docs import blocks
from tests.test_reference import read_default, rows
from wsdrf.options import CLASS_NAMES, Options, Rate
from wsdrf.testing import WebsocketCommunicator

ROOT = Path(__file__).parent.parent
SECURITY = (ROOT / "docs" / "explanation" / "security.md").read_text("utf-8")
DEPLOY = (ROOT / "docs" / "howto" / "deploy.md").read_text("utf-8")
WIRE = (ROOT / "docs" / "reference" / "wire.md").read_text("utf-8")

TEST = re.compile(r"`(tests/[^`\s]+\.py::[^`\s]+)`")
THREAT = re.compile(r"^#### (?P<title>.+)\n(?P<text>(?:(?!^#).*\n)+)", re.MULTILINE)
DEFAULT = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>[^|]+) \|", re.MULTILINE)
SOMEBODY_ELSES = re.compile(r"^(Yours|The deployment's): ", re.MULTILINE)
CODE = re.compile(r"^\| (?P<codes>\d{4}(?:, \d{4})*) \|(?P<cells>.*)\|$", re.MULTILINE)

# Said in words, for it depends on the machine or is made where it is used.
IN_WORDS = {"credential_carriers", "sync_threads"}


@cache
def names_in(path: str) -> frozenset[str]:
    """Give the names of all tests in a file, ``Class::test`` for methods, and those that pytest finds as classes."""
    file = ROOT / path
    tree = ast.parse(file.read_text("utf-8")) if file.is_file() else ast.Module([], [])
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}::{one.name}" for one in methods}
        elif isinstance(node, ast.Assign):  # TestLives = Lives.TestCase, of hypothesis
            found |= {one.id for one in node.targets if isinstance(one, ast.Name) and one.id.startswith("Test")}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith(("test_", "Test")))


def missing(page: str) -> list[str]:
    """Give the tests that a page names and nobody has written."""
    named = [name.partition("::") for name in TEST.findall(page)]
    return [path + mark + test for path, mark, test in named if test not in names_in(path)]


def unproved(page: str) -> list[str]:
    """Give the threats of a page that have neither a test nor anybody else whose business they are."""
    return [
        match["title"]
        for match in THREAT.finditer(page)
        if not (re.search(r"^Proof:\s", match["text"], re.MULTILINE) and TEST.search(match["text"]))
        and not SOMEBODY_ELSES.search(match["text"])
    ]


def test_each_test_that_is_named_exists() -> None:
    """Whoever looks for the proof of a promise finds it under the name that the page gives."""
    assert [] == missing(SECURITY)
    assert 100 < len(set(TEST.findall(SECURITY)))


def test_each_threat_has_its_proof() -> None:
    """Under each threat stands a test, or whose business it is."""
    assert [] == unproved(SECURITY)
    assert 40 < len(THREAT.findall(SECURITY))


def test_a_page_that_has_gone_wrong_is_noticed() -> None:
    """A test that was renamed, a file that was moved, a threat that nobody answers: each is found."""
    page = "#### A\n\nWords.\n\nProof: `tests/test_docs.py::test_x`, `tests/no.py::test_y`.\n\n#### B\n\nWords.\n"

    assert ["tests/test_docs.py::test_x", "tests/no.py::test_y"] == missing(page)
    assert ["B"] == unproved(page)


def test_the_defaults_are_those_of_the_code() -> None:
    """Each default on the page is the one in the code and in the reference, and each limit is on the page."""
    page = {match["name"]: match["default"] for match in DEFAULT.finditer(SECURITY)}
    reference = {name: cells[-2] for name, cells in rows("options.md").items()}

    assert {name: reference[name] for name in page} == page
    assert {name: getattr(Options(), name) for name in page if name not in IN_WORDS} == {
        name: as_option(default) for name, default in page.items() if name not in IN_WORDS
    }
    limits = {name for name in CLASS_NAMES if name.startswith("max_") or name.endswith(("_timeout", "_after"))}
    assert set() == limits - set(page)


def as_option(default: str) -> Any:
    """Read the default of a table as the options hold it."""
    value = read_default(default)
    is_rate = isinstance(value, str) and "/" in value
    return Rate.parse(value) if is_rate else value


def test_each_close_code_of_the_protocol_is_on_the_deployment_page() -> None:
    """Both tables have the same codes of wsdrf's own, and what a client does on each is the same."""
    reference = {match["codes"]: match["cells"].split("|")[1].strip() for match in CODE.finditer(WIRE)}
    words = {
        "never": "stays away",
        "after login": "comes back with other",
        "with back-off": "comes back, with back-off",
    }
    own: dict[str, str] = {}
    for match in CODE.finditer(DEPLOY):
        who, *_, does = (cell.strip() for cell in match["cells"].split("|"))
        if who == "wsdrf":
            own |= dict.fromkeys(match["codes"].split(", "), does)

    assert set(reference) == set(own)
    assert [] == [code for code, does in own.items() if not does.startswith(words[reference[code]])]


async def test_the_last_route_refuses_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """The routes of the deployment page refuse a path that nobody has, log nothing, and let the others through."""
    (routes,) = (block.text for block in blocks(DEPLOY) if block.language == "python" and "URLRouter" in block.text)
    namespace: dict[str, Any] = {"__name__": "routes"}
    exec(routes, namespace)
    caplog.set_level(logging.DEBUG)
    caplog.clear()

    answers = {}
    for path in ("/", "/ws/", "/ws/chat", "/wp-login.php", "/ws/chat/"):
        socket = WebsocketCommunicator(namespace["application"], path, expect_authentication=False)
        answers[path] = (await socket.connect())[0]
        await socket.disconnect()

    assert ["/ws/chat/"] == [path for path, is_accepted in answers.items() if is_accepted]
    assert [] == [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
