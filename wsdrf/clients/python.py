"""Write a Python package that is a typed client: its messages, their forms, a class a consumer, and what it runs on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from attrs import frozen

from wsdrf.clients.files import MADE
from wsdrf.clients.names import Names, name_everything
from wsdrf.clients.plan import Operation, Portal, text_of
from wsdrf.clients.python_types import PythonTypes, attribute, member_name, union
from wsdrf.schema import Field, Record
from wsdrf.schema.leaves import description_of

RUNTIME: Final = Path(__file__).parent / "runtime"
HEADER: Final = f"# {MADE.format(language='python')}\n# ruff: noqa\n"
PUBLIC: Final = (
    "ABSENT",
    "Absent",
    "CallError",
    "Closing",
    "Disconnected",
    "FieldError",
    "Options",
    "QueueFull",
    "Retry",
    "TokenSource",
)
"""What the package exports of its runtime."""

RESERVED: Final = frozenset(
    {*PUBLIC, "Any", "AsyncGenerator", "Client", "Decimal", "Enum", "Face", "False", "Literal", "None", "Operation"}
    | {"TEXTS", "FACES", "True", "TypeAlias", "TypedDict", "UUID"}
)
_IMPORTS: Final = (
    (r"\bdt\.", "import datetime as dt"),
    (r"\bDecimal\b", "from decimal import Decimal"),
    (r"\(Enum\)", "from enum import Enum"),
    (r"\bAny\b", "from typing import Any"),
    (r"\bLiteral\[", "from typing import Literal"),
    (r": TypeAlias", "from typing import TypeAlias"),
    (r"\bTypedDict\(", "from typing import TypedDict"),
    (r"@overload", "from typing import overload"),
    (r"\bUUID\b", "from uuid import UUID"),
    (r"\bAsyncGenerator\[", "from collections.abc import AsyncGenerator"),
    (r"\battrs\.", "import attrs"),
    (r"\bABSENT\b", "from .runtime import ABSENT"),
    (r"\bAbsent\b", "from .runtime import Absent"),
    (r"\bClient\b", "from .runtime import Client"),
    (r"\bOptions\b", "from .runtime import Options"),
    (r"\bTokenSource\b", "from .runtime import TokenSource"),
    (r"\bFace\(", "from .runtime import Face"),
    (r"\bOperation\(", "from .runtime import Operation"),
    (r"\bf\.", "from .runtime import forms as f"),
    (r"\bTEXTS\[", "from .runtime.texts import TEXTS"),
    (r"\bvalue_of\(", "from .runtime.texts import value_of"),
    (r"\bm\.", "from . import messages as m"),
    (r"\bFACES\[", "from .forms import FACES"),
)
_CARRIERS: Final = {"header", "subprotocol", "query", "message"}


def python_client(portals: Collection[Portal]) -> dict[str, str]:
    """Write the package: the text of each file, by its path."""
    names = name_everything(portals, RESERVED)
    writer = _Writer(names, PythonTypes(names), PythonTypes(names, "m."))
    clients = [
        part
        for portal, name in zip(portals, names.clients, strict=True)
        for part in writer.client(portal, name, name.removesuffix("Client") + "Params")
    ]
    files = {
        "__init__.py": writer.front(portals),
        "messages.py": _module("What travels between the clients and their server.", writer.messages()),
        "forms.py": _module("How messages become JSON, and what each consumer is.", writer.forms(portals)),
        "clients.py": _module("A client for each consumer.", clients),
        "py.typed": "",
    }
    for source in sorted(RUNTIME.glob("*.py")):
        files[f"runtime/{source.name}"] = HEADER + source.read_text("utf-8")
    return files


@frozen
class _Writer:
    """Writes parts of modules: ``here`` in the module of the messages, ``there`` from elsewhere."""

    names: Names
    here: PythonTypes
    there: PythonTypes

    def front(self, portals: Collection[Portal]) -> str:
        params = [
            name.removesuffix("Client") + "Params"
            for portal, name in zip(portals, self.names.clients, strict=True)
            if portal.parameters
        ]
        messages = sorted([*self.names.records, *self.names.enums.values()])
        lines = [f'{HEADER}"""Typed clients of {len(portals)} WebSocket consumers."""\n']
        for module, found in (("clients", sorted([*self.names.clients, *params])), ("messages", messages)):
            lines += [f"from .{module} import {name}" for name in found]
        lines += [f"from .runtime import {name}" for name in PUBLIC]
        exported = "".join(f'    "{name}",\n' for name in sorted({*self.names.clients, *params, *messages, *PUBLIC}))
        return "\n".join(lines) + f"\n\n__all__ = [\n{exported}]\n"

    def messages(self) -> Iterator[str]:
        for enum, name in sorted(self.names.enums.items(), key=lambda pair: pair[1]):
            yield _enum(enum, name)
        for name, shape in self.names.entries:
            if isinstance(shape, Record):
                yield self.record(name, shape)
        for name, shape in self.names.entries:
            if not isinstance(shape, Record):
                yield f'{name}: TypeAlias = "{self.here.annotation(shape)}"'

    def record(self, name: str, shape: Record) -> str:
        lines = ["@attrs.frozen(kw_only=True)", f"class {name}:", *_docstring(description_of(shape.cls))]
        for field, attribute_name in self.attributes(shape):
            default = self.here.default(field)
            annotation = self.here.annotation(field.shape)
            if default == "ABSENT":
                annotation = union([annotation, "Absent"])
            lines.append(f"    {attribute_name}: {annotation}" + (f" = {default}" if default else ""))
            lines += _docstring(field.description)
        return "\n".join(lines if len(lines) > 2 else [*lines, "    pass"])

    def attributes(self, shape: Record) -> list[tuple[Field, str]]:
        """Give each field with its name in Python."""
        taken = {*self.names.records, *self.names.enums.values()}
        return [(field, attribute(field.name, taken)) for field in shape.fields]

    def forms(self, portals: Iterable[Portal]) -> Iterator[str]:
        for name, shape in self.names.entries:
            if isinstance(shape, Record):
                parts = "\n        ".join(
                    f"f.Part({at!r}, {field.wire_name!r}, {self.there.form(field.shape)}),"
                    for field, at in self.attributes(shape)
                )
                body = f"(\n        {parts}\n    )" if parts else "()"
                yield f"{name}: f.Record = f.Record(\n    m.{name},\n    lambda: {body},\n)"
            else:
                yield f"{name}: f.Later = f.Later(lambda: {self.there.form(shape)})"
        faces = "".join(
            f'    "{name}": {self.face(portal)},\n' for portal, name in zip(portals, self.names.clients, strict=True)
        )
        yield f"FACES: dict[str, Face] = {{\n{faces}}}"

    def face(self, portal: Portal) -> str:
        lines = [
            f"path={portal.path!r}",
            f"slashed={portal.slashed!r}",
            f"carriers={portal.carriers!r}",
            f"scheme={portal.scheme!r}",
            f"query={portal.query!r}",
            f"greets={portal.greets!r}",
        ]
        operations = "".join(f"\n            {one.action!r}: {self.operation(one)}," for one in portal.operations)
        events = "".join(
            f"\n            {one.action!r}: ({self.there.annotation(one.shape)}, {self.there.form(one.shape)}),"
            for one in portal.happenings
            if isinstance(one.shape, Record)
        )
        lines += [f"operations={{{operations}\n        }}", f"events={{{events}\n        }}"]
        return "Face(" + "".join(f"\n        {line}," for line in lines) + "\n    )"

    def operation(self, operation: Operation) -> str:
        payload = "None" if operation.payload is None else self.there.form(operation.payload)
        replies = ", ".join(f"{one.action!r}: {self.there.form(one.shape)}" for one in operation.replies)
        return f"Operation({payload}, {{{replies}}})"

    def client(self, portal: Portal, name: str, params: str) -> Iterator[str]:
        if portal.parameters:
            fields = ", ".join(f"{one.name!r}: {_parameter(one.converter)}" for one in portal.parameters)
            yield f"{params} = TypedDict({params!r}, {{{fields}}})"
        carriers = [one for one in portal.carriers if one in _CARRIERS]
        carrier = f"Literal[{', '.join(map(repr, carriers))}] | None" if carriers else "None"
        given = "{**params}" if portal.parameters else "None"
        lines = [f"class {name}(Client):", *_docstring(portal.description), "", f'    FACE = FACES["{name}"]', ""]
        lines += [
            "    def __init__(",
            "        self,",
            "        url: str,",
            *([f"        params: {params},"] if portal.parameters else []),
            "        *,",
            "        token: TokenSource | None = None,",
            f"        carrier: {carrier} = None,",
            "        options: Options | None = None,",
            "    ) -> None:",
            f"        super().__init__(url, {given}, token=token, carrier=carrier, options=options)",
        ]
        lines += self.methods([one for one in portal.operations if not one.is_stream], "call")
        lines += self.methods([one for one in portal.operations if one.is_stream], "stream")
        yield "\n".join(lines)

    def methods(self, operations: list[Operation], name: str) -> Iterator[str]:
        for operation in operations:
            if len(operations) > 1:
                yield from ("", "    @overload")
            yield from self.method(operation, name, is_whole=len(operations) == 1)
        if len(operations) > 1:
            result = "Any" if name == "call" else "AsyncGenerator[Any, None]"
            more = ", *, timeout: float | None = None" if name == "call" else ""
            yield ""
            yield f"    {_def(name)}(self, action: str, payload: Any = ABSENT{more}) -> {result}:"
            yield f"        return {_deed(name, 'payload')}"

    def method(self, operation: Operation, name: str, *, is_whole: bool) -> Iterator[str]:
        payload = self.payload(operation)
        result = self.result(operation)
        more = ", *, timeout: float | None = None" if name == "call" else ""
        returned = result if name == "call" else f"AsyncGenerator[{result}, None]"
        head = f"    {_def(name)}(self, action: Literal[{operation.action!r}]{payload}{more}) -> {returned}:"
        docstring = _docstring(operation.description, 8)
        if not is_whole:
            yield from [head, *docstring] if docstring else [f"{head} ..."]
            return
        deed = _deed(name, "payload" if payload else "ABSENT")
        yield from ["", head, *docstring]
        if name == "call" and result != "None":
            yield from (f"        answer: {result} = {deed}", "        return answer")
        else:
            yield f"        {'' if result == 'None' else 'return '}{deed}"

    def payload(self, operation: Operation) -> str:
        if operation.payload is None:
            return ""
        annotation = self.there.annotation(operation.payload)
        if operation.is_payload_required:
            return f", payload: {annotation}"
        return f", payload: {union([annotation, 'Absent'])} = ABSENT"

    def result(self, operation: Operation) -> str:
        types = [self.there.annotation(one.shape) for one in operation.replies]
        return union([*types, *(["None"] if operation.may_be_nothing else [])])


def _def(name: str) -> str:
    return "async def call" if name == "call" else "def stream"


def _deed(name: str, payload: str) -> str:
    return f"await self._call(action, {payload}, timeout)" if name == "call" else f"self._stream(action, {payload})"


def _parameter(converter: str | None) -> str:
    return {"int": "int", "uuid": "UUID | str", None: "str | int"}.get(converter, "str")


def _enum(enum: type[Enum], name: str) -> str:
    documented = text_of(enum) if "__doc__" in vars(enum) else ""
    lines = [f"class {name}(Enum):", *_docstring(documented)]
    return "\n".join([*lines, *(f"    {member_name(member)} = {member.value!r}" for member in enum)])


def _docstring(text: str, indent: int = 4) -> list[str]:
    """Write ``text`` as a docstring that stands in a class or function."""
    if not text:
        return []
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    safe = re.sub(r'"$', r"\"", safe)
    margin = " " * indent
    first, *rest = safe.splitlines()
    lines = [f'{margin}"""{first}', *(f"{margin}{line}".rstrip() for line in rest)]
    return [*lines[:-1], f'{lines[-1]}"""'] if not rest else [*lines, f'{margin}"""']


def _module(purpose: str, parts: Iterable[str]) -> str:
    body = "\n\n\n".join(parts)
    imports = sorted(line for pattern, line in _IMPORTS if re.search(pattern, body))
    head = [f'{HEADER}"""{purpose}"""', "", "from __future__ import annotations", "", *imports]
    return "\n".join(head) + (f"\n\n\n{body}\n" if body else "\n")
