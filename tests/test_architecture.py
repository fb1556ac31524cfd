"""The house rules that a machine can check: floors, cycles, sizes, imports.

The rules read the source of the ``wsdrf`` that the tests import, so they hold for the wheel.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest
from attrs import field, frozen

# Bottom first. A room may import what stands before it in this list; under the roof, see below.
GROUND = ["naming", "envelope", "exceptions"]
MEANING = ["options", "messages", "declare", "routing", "collect"]
RUNTIME = ["schema", "codec", "observing", "stepping", "deadline", "dispatch"]
ADAPTERS = ["signals", "access", "connection"]
PORCH = ["consumer", "__init__"]
ROOF = [
    "apps", "asyncapi", "checks", "clients", "explorer", "management", "strategies", "telemetry", "testing",
]  # fmt: skip

FLOORS: list[list[str]] = [[room] for room in chain(GROUND, MEANING, RUNTIME, ADAPTERS, PORCH)]
# Under the roof everything is one storey: the rooms there may visit each other, as long as there is no cycle.
HEIGHT = {room: height for height, rooms in enumerate([*FLOORS, ROOF]) for room in rooms}
WITHOUT_DJANGO = {*GROUND, *MEANING, *RUNTIME}
FRAMEWORKS = {"django", "rest_framework", "channels", "asgiref"}

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 5

Function = ast.FunctionDef | ast.AsyncFunctionDef


@frozen
class Module:
    """One source file of the package: ``name`` is dotted, as in ``wsdrf.access.origin``."""

    name: str
    source: str
    is_package: bool = False
    tree: ast.Module = field(init=False, eq=False, repr=False)

    @tree.default
    def _parse(self) -> ast.Module:
        return ast.parse(self.source, self.name)

    @property
    def room(self) -> str:
        """Return the first name below ``wsdrf``, which the floors speak of."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"


def read_package(root: Path) -> list[Module]:
    """Read every Python file below ``root``, the directory of the package ``wsdrf``."""
    return [read_module(root, path) for path in sorted(root.rglob("*.py"))]


def read_module(root: Path, path: Path) -> Module:
    parts = path.relative_to(root.parent).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), path.read_text("utf-8"), is_package)


def functions(module: Module) -> Iterator[Function]:
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Yield each dotted name that ``module`` imports, absolute, with its line; ``a.b`` for ``from a import b``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [package_of(module, node.level), node.module]))
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def package_of(module: Module, level: int) -> str:
    """Return what the ``level`` dots of a relative import stand for; nothing for an absolute one."""
    if level == 0:
        return ""
    parts = module.name.split(".")
    drop = level - 1 if module.is_package else level
    return ".".join(parts[: len(parts) - drop])


def imported_modules(module: Module, names: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the modules of the package itself that ``module`` imports."""
    for imported, line in imports(module):
        target = imported
        while target and target not in names:
            target = target.rpartition(".")[0]
        if target and target != module.name:
            yield target, line


def breaches_of_floors(modules: list[Module]) -> list[str]:
    rooms = {module.name: module.room for module in modules}
    return [
        f"{module.name}:{line} imports {target}, which is no room below it"
        for module in modules
        for target, line in imported_modules(module, set(rooms))
        if rooms[target] != module.room and not may_import(module.room, rooms[target])
    ]


def may_import(room: str, target: str) -> bool:
    under_one_roof = room in ROOF and target in ROOF
    return room in HEIGHT and target in HEIGHT and (under_one_roof or HEIGHT[target] < HEIGHT[room])


def unknown_rooms(modules: list[Module]) -> list[str]:
    return sorted({f"wsdrf/{module.room} is on no floor" for module in modules if module.room not in HEIGHT})


def rooms_that_are_gone(modules: list[Module]) -> list[str]:
    found = {module.room for module in modules}
    return sorted(f"wsdrf/{room} is on a floor, and not there" for room in HEIGHT.keys() - found)


def cycles(modules: list[Module]) -> list[str]:
    names = {module.name for module in modules}
    graph = {module.name: {target for target, _ in imported_modules(module, names)} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def acquaintance_of_dispatch_and_collect(modules: list[Module]) -> list[str]:
    """Find where the two halves know each other: they meet in ``Route``, which both may import."""
    return [
        f"{module.name}:{line} imports {imported}"
        for module in modules
        for imported, line in imports(module)
        if {module.room, *imported.split(".")[:2]} >= {"dispatch", "collect"}
    ]


def frameworks_below_the_adapters(modules: list[Module]) -> list[str]:
    return [
        f"{module.name}:{line} imports {imported}"
        for module in modules
        if module.room in WITHOUT_DJANGO
        for imported, line in imports(module)
        if imported.partition(".")[0] in FRAMEWORKS
    ]


def long_files(modules: list[Module]) -> list[str]:
    sizes = {module.name: len(module.source.splitlines()) for module in modules}
    return [f"{name} has {size} lines" for name, size in sizes.items() if size > MAX_FILE_LINES]


def long_functions(modules: list[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno} {node.name} has {size} lines"
        for module in modules
        for node in functions(module)
        if (size := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def crowded_functions(modules: list[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno} {node.name} has {count} parameters"
        for module in modules
        for node in functions(module)
        if (count := len(parameters(node))) > MAX_PARAMETERS
    ]


def parameters(node: Function) -> list[str]:
    """Return the names of the parameters, without ``self`` and ``cls``."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return [argument.arg for argument in named if argument and argument.arg not in {"self", "cls"}]


def hidden_imports(modules: list[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno} imports inside {function.name}"
        for module in modules
        for function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def type_checking_blocks(modules: list[Module]) -> list[str]:
    return [
        f"{module.name}:{node.lineno} names TYPE_CHECKING"
        for module in modules
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
        or (isinstance(node, ast.alias) and node.name == "TYPE_CHECKING")
    ]


def rooms_without_a_sign(modules: list[Module]) -> list[str]:
    return [
        f"{module.name} does not say what it is for"
        for module in modules
        if module.source.strip() and not ast.get_docstring(module.tree)
    ]


Law = Callable[[list[Module]], list[str]]
LONG_BODY = "".join(f"    x = {line}\n" for line in range(MAX_FUNCTION_LINES))

# Each law, with the smallest package that breaks it: a law that cannot fail proves nothing.
LAWS: dict[Law, Mapping[str, str]] = {
    breaches_of_floors: {"wsdrf.codec": "from wsdrf.access import origin", "wsdrf.access.origin": "'Origin.'"},
    unknown_rooms: {"wsdrf.utils": "'Odds and ends.'"},
    rooms_that_are_gone: {"wsdrf.codec": "'The only room.'"},
    cycles: {"wsdrf.access.a": "import wsdrf.access.b", "wsdrf.access.b": "from . import a"},
    acquaintance_of_dispatch_and_collect: {"wsdrf.dispatch": "from wsdrf.collect import ConsumerType"},
    frameworks_below_the_adapters: {"wsdrf.dispatch": "from django.http import Http404"},
    long_files: {"wsdrf.codec": "x = 1\n" * (MAX_FILE_LINES + 1)},
    long_functions: {"wsdrf.codec": f"def decode():\n{LONG_BODY}"},
    crowded_functions: {"wsdrf.codec": "class C:\n    def f(self, a, b, *c, d, e, **f): ..."},
    hidden_imports: {"wsdrf.codec": "def decode():\n    import json"},
    type_checking_blocks: {"wsdrf.codec": "import typing\nif typing.TYPE_CHECKING:\n    import json"},
    rooms_without_a_sign: {"wsdrf.codec": "import json"},
}


def find_package() -> Path:
    """Return the directory of the ``wsdrf`` that the tests import."""
    spec = importlib.util.find_spec("wsdrf")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


PACKAGE = read_package(find_package())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_house_rule_holds(law: Law) -> None:
    """No file of the package breaks the rule."""
    assert [] == law(PACKAGE)


@pytest.mark.parametrize(("law", "sources"), LAWS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_house_rule_can_fail(law: Law, sources: Mapping[str, str]) -> None:
    """A package that breaks the rule is found out."""
    modules = [Module(name, source) for name, source in sources.items()]

    assert [] != law(modules)


def test_relative_imports_are_followed() -> None:
    """A relative import counts as the absolute one that it stands for."""
    package = Module("wsdrf.access", "from . import origin\nfrom ..codec import decode", is_package=True)
    module = Module("wsdrf.access.origin", "from . import carriers\nfrom ..codec import decode")

    assert ["wsdrf.access.origin", "wsdrf.codec.decode"] == [name for name, _ in imports(package)]
    assert ["wsdrf.access.carriers", "wsdrf.codec.decode"] == [name for name, _ in imports(module)]


def run_without_settings(statement: str) -> tuple[int, str]:
    """Run ``statement`` in a fresh interpreter that knows of no Django settings; return its exit code and errors."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = str(find_package().parent)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", statement],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return run.returncode, run.stderr


def test_meaning_and_runtime_do_without_django() -> None:
    """Every module below the adapters can be imported, and none of them brings a framework along."""
    names = [module.name for module in PACKAGE if module.room in WITHOUT_DJANGO]
    statement = f"""
import importlib, sys
for name in {names!r}:
    importlib.import_module(name)
    sys.exit(f"{{name}} imports {{found}}") if (found := {FRAMEWORKS!r} & set(sys.modules)) else None
"""

    assert (0, "") == run_without_settings(statement)


def test_front_door_opens_without_settings() -> None:
    """Every public name can be imported before Django settings are configured."""
    statement = "import wsdrf\nfor name in wsdrf.__all__: getattr(wsdrf, name)"

    assert (0, "") == run_without_settings(statement)


def test_package_under_test_is_the_one_that_was_meant() -> None:
    """In nox the tests import the installed wheel and never the checkout's files; elsewhere it is the other way."""
    assert ("WSDRF_INSTALLED" in os.environ) == ("site-packages" == find_package().parent.name)


def test_package_says_that_it_is_typed() -> None:
    """The marker that tells type checkers to read wsdrf's annotations is there, in the wheel too."""
    assert (find_package() / "py.typed").is_file()
