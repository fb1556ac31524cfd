"""What the package says of itself: the versions that it runs on, and the types of every public name."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
PAGE = (ROOT / "docs" / "reference" / "versions.md").read_text("utf-8")
EXAMPLES = sorted((ROOT / "tests" / "typing").glob("*.py"))
PUBLIC = ("wsdrf", "wsdrf.asyncapi", "wsdrf.exceptions", "wsdrf.strategies", "wsdrf.telemetry", "wsdrf.testing")
WRONG = re.compile(r"# type: ignore\[[a-z, -]+\]  # pyright: ignore\[\w+(, \w+)*\]  # \w.*")
"""The comment on a line that both type checkers must refuse: each complains of one that it does not need."""


def listed(name: str) -> list[str]:
    """Give the strings of the list ``name`` in pyproject.toml."""
    block = re.search(rf"^{name} = \[(.*?)\]$", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert block, name
    return re.findall(r'"([^"]+)"', block[1])


def test_lowest_versions_are_those_of_the_page() -> None:
    """The page says of each dependency, and of Python, the lowest version that can be installed."""
    claimed = dict(one.split(">=") for one in listed("dependencies"))
    rows = re.findall(r"^\| `?([\w-]+)`? \| ([\d.]+) \| [\d.]+ \|$", PAGE, re.MULTILINE)

    assert {"Python": "3.10", **claimed} == dict(rows)


def test_classifiers_are_what_is_tried() -> None:
    """The classifiers name the Pythons of ``nox -s matrix``, the first and the last as the page does."""
    classified = [
        one.rpartition(" ")[2] for one in listed("classifiers") if re.fullmatch(r"Programming .* :: 3\.\d+", one)
    ]
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    tried = re.search(r"^PYTHONS = \((.*)\)$", noxfile, re.MULTILINE)

    assert tried
    assert classified == re.findall(r'"([\d.]+)"', tried[1])
    assert f"| Python | {classified[0]} | {classified[-1]} |" in PAGE


def test_releases_of_django_are_what_is_tried() -> None:
    """The classifiers name Django's releases: the lowest and the newest of the page, and what is tried between them."""
    classified = [
        one.rpartition(" ")[2] for one in listed("classifiers") if re.fullmatch(r"Framework :: Django :: .*", one)
    ]
    tried = re.search(r"^VERSIONS = \((.*)\)$", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE)
    row = re.search(r"^\| `django` \| (\d+\.\d+) \| (\d+\.\d+)[\d.]* \|$", PAGE, re.MULTILINE)

    assert tried
    assert row
    assert classified == [row[1], *re.findall(r'"django-([\d.]+)"', tried[1]), row[2]]


def test_extras_are_those_of_the_page() -> None:
    """Each extra has its row."""
    extras = re.search(r"^\[project\.optional-dependencies\]\n((?:\w+ = .*\n)+)", PYPROJECT, re.MULTILINE)

    assert extras
    assert re.findall(r"^(\w+) =", extras[1], re.MULTILINE) == re.findall(
        r"^\| `(\w+)` \| [^|]+ \|$", PAGE, re.MULTILINE
    )


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_shown_to_type_checkers(module: str) -> None:
    """Each name of a public module is used in ``tests/typing``, and imported as a user does it."""
    imported = {
        alias.name
        for path in EXAMPLES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }

    assert set(importlib.import_module(module).__all__) == imported


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_wrong_uses_are_wrong_to_both_checkers(path: Path) -> None:
    """Each file shows wrong uses, and on each stand the errors of mypy and of pyright, and why it is wrong."""
    marked = [
        line.partition("# ")[1] + line.partition("# ")[2]
        for line in path.read_text("utf-8").splitlines()
        if "ignore[" in line
    ]

    assert marked
    assert [] == [comment for comment in marked if not WRONG.fullmatch(comment)]
