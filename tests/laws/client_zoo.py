"""A generated Python client of the whole zoo, as a package that can be imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from wsdrf.clients.files import write
from wsdrf.clients.plan import Answer, Operation, Portal
from wsdrf.clients.python import python_client
from wsdrf.schema import Shape, describe


def portal_of(shapes: Iterable[Shape], name: str = "Zoo") -> Portal:
    """Make a consumer that gives back what it takes, an action a shape: ``"0"``, ``"1"``, ..."""
    operations = [
        Operation(str(number), "", shape, True, (Answer(str(number), shape),), False, False)
        for number, shape in enumerate(shapes)
    ]
    return Portal(object, name, "/zoo/", (), "", ("header",), "Token", "token", True, tuple(operations), ())


def portal_of_types(types: Iterable[Any], *, camelize: bool = False) -> Portal:
    return portal_of([describe(tp, camelize=camelize) for tp in types])


def imported(files: dict[str, str], folder: Path, name: str) -> ModuleType:
    """Write a package to ``folder`` and import it."""
    write(files, folder / name)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def zoo_forms(types: Iterable[Any], folder: Path, *, camelize: bool = False) -> list[Any]:
    """Give the form of each type in a client that was generated for them all."""
    name = f"zoo_client_{'camel' if camelize else 'snake'}"
    module = imported(python_client([portal_of_types(types, camelize=camelize)]), folder, name)
    operations = importlib.import_module(f"{module.__name__}.forms").FACES["ZooClient"].operations
    return [operations[str(number)].payload for number in range(len(operations))]
