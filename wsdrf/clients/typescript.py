"""Write a TypeScript module that is a typed client: its messages, a class a consumer, and what it runs on."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from wsdrf.clients.files import MADE
from wsdrf.clients.names import Names, name_everything, walk
from wsdrf.clients.plan import Operation, Portal, text_of
from wsdrf.clients.runtime.closing import RETRIES, Retry
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.leaves import description_of

RUNTIME: Final = Path(__file__).parent / "typescript_runtime"
HEADER: Final = f"// {MADE.format(language='typescript')}\n"
PUBLIC: Final = ("CallError", "Disconnected", "QueueFull", "TimedOut", "retryOf")
PUBLIC_TYPES: Final = ("CallSettings", "Closing", "FieldError", "Options", "TokenSource")
CARRIERS: Final = ("subprotocol", "message", "query")
"""The ways of a token that a browser has."""

RESERVED: Final = frozenset(
    {*PUBLIC, *PUBLIC_TYPES, "Client", "Face", "Retry", "Record", "Array", "Promise", "Map", "Set", "Error", "Object"}
)
_TYPES: Final[dict[type[Any], str]] = {
    Anything: "unknown",
    Null: "null",
    Boolean: "boolean",
    Integer: "number",
    Number: "number",
    Text: "string",
    TextForm: "string",
}


def typescript_client(portals: Collection[Portal]) -> dict[str, str]:
    """Write the module: the text of each file, by its path."""
    names = name_everything(portals, RESERVED)
    sent = frozenset(
        names.of(part)
        for portal in portals
        for operation in portal.operations
        for part in walk(operation.payload or Null())
        if isinstance(part, (Record, Reference))
    )
    writer = _Writer(names, sent)
    head = (
        'import type { Face, Options } from "./parts.js";\nimport { Client } from "./runtime.js";\n\n'
        f'export {{ {", ".join(PUBLIC)} }} from "./parts.js";\n'
        f'export type {{ {", ".join(PUBLIC_TYPES)} }} from "./parts.js";\n'
        'export type { Retry } from "./closing.js";'
    )
    parts = [
        head,
        *writer.messages(),
        *(
            part
            for portal, name in zip(portals, names.clients, strict=True)
            for part in writer.client(portal, name, name.removesuffix("Client"))
        ),
    ]
    runtime = {path.name: HEADER + path.read_text("utf-8") for path in sorted(RUNTIME.glob("*.ts"))}
    return {"index.ts": HEADER + "\n" + "\n\n".join(parts) + "\n", **runtime, "closing.ts": _closing()}


@frozen
class _Writer:
    """Writes parts of the module; ``sent`` are records that a client sends, and may leave defaults out of."""

    names: Names
    sent: frozenset[str]

    def type(self, shape: Shape) -> str:
        """Write the type of a value as it is in JSON."""
        if isinstance(shape, (Record, Reference)):
            return self.names.of(shape)
        if isinstance(shape, Choice):
            return self.choice(shape)
        if isinstance(shape, ArrayOf):
            return f"{_bracketed(self.type(shape.items))}[]"
        if isinstance(shape, TupleOf):
            return f"[{', '.join(map(self.type, shape.items))}]"
        if isinstance(shape, MapOf):
            return f"{{ [key: string]: {self.type(shape.values)} }}"
        if isinstance(shape, OneOf):
            return _union(map(self.type, shape.members))
        if isinstance(shape, Tagged):
            return _union(self.type(member.shape) for member in shape.members)
        return _TYPES[type(shape)]

    def choice(self, shape: Choice) -> str:
        """Write one of a few values; all of an Enum have its name."""
        enum = type(shape.options[0].value)
        if issubclass(enum, Enum) and len(shape.options) == len(enum):
            return self.names.enums[enum]
        return _union(json.dumps(option.wire) for option in shape.options)

    def messages(self) -> Iterator[str]:
        for enum, name in sorted(self.names.enums.items(), key=lambda pair: pair[1]):
            documented = text_of(enum) if "__doc__" in vars(enum) else ""
            yield f"{_comment(documented)}export type {name} = {_union(json.dumps(one.value) for one in enum)};"
        for name, shape in self.names.entries:
            if not isinstance(shape, Record):
                yield f"export type {name} = {self.type(shape)};"
                continue
            fields = "".join(self.field(field, shape, name) for field in shape.fields)
            # An interface cannot be indexed by any key, and a type can; neither is to be merged with another.
            yield f"{_comment(description_of(shape.cls))}export type {name} = {{\n{fields}}};"

    def field(self, field: Field, shape: Record, name: str) -> str:
        is_there = field.required or (name not in self.sent and shape.kind is not RecordKind.TYPED_DICT)
        form = field.shape.format if isinstance(field.shape, TextForm) else ""
        documented = " ".join(filter(None, [field.description, f"({form})" if form else ""]))
        mark = "" if is_there else "?"
        return f"{_comment(documented, '  ')}  {_key(field.wire_name)}{mark}: {self.type(field.shape)};\n"

    def client(self, portal: Portal, name: str, consumer: str) -> Iterator[str]:
        calls = [one for one in portal.operations if not one.is_stream]
        streams = [one for one in portal.operations if one.is_stream]
        events = "".join(f"  {_key(one.action)}: {self.type(one.shape)};\n" for one in portal.happenings)
        yield f"export type {consumer}Calls = {{\n{''.join(map(self.operation, calls))}}};"
        yield f"export type {consumer}Streams = {{\n{''.join(map(self.operation, streams))}}};"
        yield f"export type {consumer}Events = {{\n{events}}};"
        carriers = [one for one in CARRIERS if one in portal.carriers]
        face = {
            "path": portal.path,
            "slashed": portal.slashed,
            "carriers": carriers,
            "query": portal.query,
            "greets": portal.greets,
        }
        carrier = _union(map(json.dumps, carriers)) if carriers else "never"
        options, given = f"Options<{carrier}>", "options: {} = {{}}"
        params = "{}"
        if portal.parameters:
            fields = "; ".join(f"{_key(one.name)}: {_parameter(one.converter)}" for one in portal.parameters)
            yield f"export type {consumer}Params = {{ {fields} }};"
            options, given, params = f"{options} & {{ params: {consumer}Params }}", "options: {}", "options.params"
        yield (
            f"{_comment(portal.description)}"
            f"export class {name} extends Client<{consumer}Calls, {consumer}Streams, {consumer}Events> {{\n"
            f"  /** `url` is the site, such as wss://example.com. */\n"
            f"  constructor(url: string, {given.format(options)}) {{\n"
            f"    super(url, {consumer}Face, {params}, options);\n"
            f"  }}\n}}"
        )
        yield f"const {consumer}Face: Face = {json.dumps(face)};"

    def operation(self, operation: Operation) -> str:
        payload = "undefined"
        if operation.payload is not None:
            written = self.type(operation.payload)
            payload = written if operation.is_payload_required else f"{written} | undefined"
        replies = [self.type(one.shape) for one in operation.replies]
        reply = _union([*replies, *(["null"] if operation.may_be_nothing else [])])
        return (
            f"{_comment(operation.description, '  ')}"
            f"  {_key(operation.action)}: {{ payload: {payload}; reply: {reply} }};\n"
        )


def _closing() -> str:
    retries = _union(json.dumps(retry.value) for retry in Retry)
    table = "".join(f"  {code}: {json.dumps(retry.value)},\n" for code, retry in RETRIES.items())
    return (
        f"{HEADER}\n/** Whether to connect again. */\nexport type Retry = {retries};\n\n"
        "/** What each close code asks for; the rest follows from the code's hundred. */\n"
        f"export const RETRIES: {{ readonly [code: number]: Retry | undefined }} = {{\n{table}}};\n"
    )


def _parameter(converter: str | None) -> str:
    return {"int": "number", None: "string | number"}.get(converter, "string")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", name) else json.dumps(name)


def _union(types: Iterable[str]) -> str:
    members = dict.fromkeys(types)
    return " | ".join(members)


def _bracketed(written: str) -> str:
    return f"({written})" if " | " in written else written


def _comment(text: str, indent: str = "") -> str:
    """Write a comment above what it is about; nothing for no text."""
    lines = text.replace("*/", "*\\/").splitlines()
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */\n"])
