"""The catalogue of errors has every message that wsdrf's code can raise to a developer, word for word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wsdrf
from wsdrf import exceptions

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "errors.md"
PACKAGE = Path(wsdrf.__file__).parent

RAISED = {
    "CommandError",
    "ConfigurationError",
    "DeclarationError",
    "ImproperlyConfigured",
    "ModuleNotFoundError",
    "NotConnected",
    "RuntimeError",
    "TypeError",
    "ValueError",
}
"""What is raised to developers. What is answered to clients is in the table of codes, and what generated conversations
find in the reference of invariants."""

ELSEWHERE = {
    # A generated client is a package of its own, with a page of its own.
    "wsdrf/clients/runtime": RAISED,
}


def template(node: ast.expr, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Give the texts that an expression can be, with an ellipsis for each value that is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(one.value if isinstance(one, ast.Constant) else "…" for one in node.values)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
        for inner in ast.walk(functions[node.func.id]):
            if isinstance(inner, ast.Return) and inner.value is not None:
                yield from template(inner.value, functions)


def templates(path: Path) -> Iterator[str]:
    """Give the text of each error that a module raises to developers."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    where = f"wsdrf/{path.relative_to(PACKAGE)}"
    elsewhere = next((kinds for start, kinds in ELSEWHERE.items() if where.startswith(start)), set())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name in RAISED - elsewhere:
            yield from template(node.args[0], functions)
        elif name == "error" and isinstance(node.func, ast.Attribute) and "method" in ast.unparse(node.func.value):
            yield from (f"… {text}" for text in template(node.args[0], functions))


MESSAGES = sorted({(text, path) for path in sorted(PACKAGE.rglob("*.py")) for text in templates(path) if " " in text})


@pytest.mark.parametrize(("text", "path"), MESSAGES, ids=lambda value: getattr(value, "stem", None))
def test_catalogue_has_the_message(text: str, path: Path) -> None:
    """Each message stands in the catalogue as it stands in the code, with an ellipsis for each value."""
    assert text in PAGE.read_text("utf-8"), path


def test_catalogue_has_no_message_that_is_gone() -> None:
    """Each message of the catalogue is one that the code can raise."""
    before, _, _ = PAGE.read_text("utf-8").partition("## What clients are answered")
    cells = [row.split(" | ")[0] for row in re.findall(r"^\| (`.*) \|$", before, re.MULTILINE)]
    shown = {part.strip("` ") for cell in cells for part in cell.split("<br>")}

    assert set() == shown - {text.strip("` ") for text, _ in MESSAGES}
    assert 150 < len(shown)


def test_catalogue_has_what_the_log_says() -> None:
    """Each message that is logged as a warning or worse stands in the table of the log, and no other."""
    _, _, table = PAGE.read_text("utf-8").partition("## What the log says")
    logged = {
        re.sub(r"%(\(\w+\))?[.\d]*[rs]", "…", call.args[0].value)
        for path in PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"warning", "error", "exception"}
        and ast.unparse(call.func.value).endswith(("log", "logger"))
        and isinstance(call.args[0], ast.Constant)
    }
    cells = [row.split(" | ")[0] for row in re.findall(r"^\| (`.*) \|$", table, re.MULTILINE)]

    assert logged == {part.strip("` ") for cell in cells for part in cell.split("<br>")}


def sentences(path: Path) -> Iterator[str]:
    """Give the sentences of a module, with an ellipsis for each value: no docstring, none that is raised or logged."""
    tree = ast.parse(path.read_text("utf-8"))
    others: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            others.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", None) in RAISED:
            others.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            others.update(node.values)
    for node in ast.walk(tree):
        if node not in others and isinstance(node, (ast.Constant, ast.JoinedStr)):
            text = next(template(node, {}), "").replace("{}", "…")
            if re.fullmatch(r"[A-Z][^\n]* [^\n]*\.", text):
                yield text


def test_catalogue_has_what_clients_read() -> None:
    """Each sentence that the code has for clients stands in their table, and no other."""
    rooms = ["access", "codec", "connection/handshake.py", "connection/watch.py", "dispatch.py", "exceptions.py"]
    paths = [path for room in rooms for path in (PACKAGE / room, *(PACKAGE / room).rglob("*.py")) if path.is_file()]
    _, _, after = PAGE.read_text("utf-8").partition("| the sentence | with the code |")
    table, _, _ = after.partition("\n\n")
    shown = [part.strip("` ") for row in re.findall(r"^\| (`.*) \|$", table, re.MULTILINE)
             for part in row.split(" | ")[0].split("<br>")]  # fmt: skip

    assert {text for path in paths for text in sentences(path)} == set(shown)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_catalogue_has_every_exception(name: str) -> None:
    """Each of wsdrf's own exceptions is named in the catalogue; one that answers a client with its code."""
    kind = getattr(exceptions, name)
    page = PAGE.read_text("utf-8")

    assert f"`{name}`" in page
    assert "code" not in vars(kind) or f"`{kind.code}`" in page
