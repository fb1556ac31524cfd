"""Every small way to break a document, and frames of which each must be one message, or none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

from wsdrf.asyncapi import Sender

SAID = {"author": "me", "text": "hello"}
ERROR = {"status_code": 400, "code": "invalid", "detail": "No."}
FIELD = {"loc": ["payload", "lines", 0], "code": "wrong_type", "detail": "No."}
HELLO = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}
INT_MAX, INT_MIN = 2**63 - 1, -(2**63)


def _frame(action: Any, *payload: Any, **more: Any) -> dict[str, Any]:
    return {"action": action, **({"payload": payload[0]} if payload else {}), **more}


CLIENT: list[tuple[Any, str | None]] = [
    *((_frame("talk.say", {"text": text}), "talk.say") for text in ("a", "a" * 9)),
    *((_frame("talk.say", {"text": text}), None) for text in ("", "a" * 10, 1, None, ["a"])),
    *((_frame("talk.say", {"text": "a", "times": times}), "talk.say") for times in (0, 3)),
    *((_frame("talk.say", {"text": "a", "times": times}), None) for times in (-1, 4, "1", None, 0.5)),
    (_frame("talk.say", {"text": "a", "more": 1}), None),
    *((_frame("talk.say", payload), None) for payload in ({}, [], "a", None)),
    (_frame("talk.say"), None),
    *((_frame("talk.say", {"text": "a"}, id=id), "talk.say") for id in ("", "x" * 255, 0, INT_MAX, INT_MIN)),
    *((_frame("talk.say", {"text": "a"}, id=id), None) for id in ("x" * 256, INT_MAX + 1, INT_MIN - 1, None, [], 0.5)),
    (_frame("talk.say", {"text": "a"}, more=1), "talk.say"),
    (_frame("talk.lines"), "talk.lines"),
    *((_frame("talk.lines", page), "talk.lines") for page in ({}, {"lines": []}, {"lines": ["a", ""]}, {"next": 1})),
    (_frame("talk.lines", {"next": INT_MAX}), "talk.lines"),
    (_frame("talk.lines", {"next": INT_MIN}), "talk.lines"),
    *((_frame("talk.lines", {"next": value}), None) for value in ("1", None, 0.5, INT_MAX + 1, INT_MIN - 1)),
    *((_frame("talk.lines", page), None) for page in ([], {"lines": "a"}, {"lines": [1]}, {"more": 1})),
    *((_frame("talk.fail", value), "talk.fail") for value in (0, INT_MAX, INT_MIN)),
    *((_frame("talk.fail", value), None) for value in ("0", None, 0.5, INT_MAX + 1, INT_MIN - 1)),
    (_frame("talk.fail"), None),
    (_frame("talk.leave"), "talk.leave"),
    (_frame("talk.leave", "x"), "talk.leave"),
    (_frame("talk.leave", 1), None),
    (_frame("talk.beside"), "talk.beside"),
    (_frame("talk.beside", ["ignored"]), "talk.beside"),
    *((_frame(action, payload), None) for action in ("talk.said", "nothing", 1) for payload in (SAID, None)),
    (_frame("ping"), "ping"),
    (_frame("cancel", id=1), "cancel"),
    (_frame("cancel"), None),
    (_frame("authenticate"), None),
    (_frame("authenticate", token="x"), "authenticate"),
    (_frame("authenticate", 1, token="x"), "authenticate"),
    *((_frame("authenticate", payload), "authenticate") for payload in ("x", {"token": "x"}, {"token": "x", "a": 1})),
    *((_frame("authenticate", payload), None) for payload in (1, {}, {"token": 1}, ["x"], None)),
    (_frame("authenticate", token=1), None),
    *((_frame(action, {"text": "a"}, id=0.5, token="x"), None) for action in ("authenticate", "ping", "cancel")),
    *((_frame(action, id=[]), None) for action in ("talk.lines", "talk.leave", "talk.beside")),
    (_frame("talk.fail", 1, id=[]), None),
    *((frame, None) for frame in ([], "talk.say", None, {}, {"payload": {"text": "a"}}, {"id": 1}, {"token": "x"})),
]  # fmt: skip

SERVER: list[tuple[Any, str | None]] = [
    *((_frame("talk.said", SAID, **more), "talk.said") for more in ({}, {"id": 1}, {"id": "a"})),
    *((_frame("talk.said", payload), None) for payload in ({}, {"author": "me"}, {"text": "x"}, {**SAID, "a": 1}, [])),
    *((_frame("talk.said", {**SAID, name: 1}), None) for name in SAID),
    *((_frame("talk.lines", line, id=1), "talk.lines.sent") for line in ("a", "")),
    (_frame("talk.lines", 1), None),
    (_frame("talk.lines", SAID), None),
    *((_frame("talk.fail", flag, id=1), "talk.fail.sent") for flag in (True, False)),
    (_frame("talk.fail", 1), None),
    (_frame("talk.leave", ["me"], id=1), "talk.leave.sent"),
    (_frame("talk.leave", {"any": None}, id=1), "talk.leave.sent"),
    *((_frame("talk.left", {"author": name}), "talk.left") for name in ("me", None)),
    (_frame("talk.left", {}), "talk.left"),
    *((_frame("talk.left", payload), None) for payload in ({"author": 1}, {"a": 1}, [])),
    (_frame("talk.left", {"author": "me"}, id=1), None),
    (_frame("wsdrf.resync", None), "wsdrf.resync"),
    (_frame("wsdrf.resync", None, id=1), None),
    (_frame("wsdrf.resync", 1), None),
    (_frame("authentication", HELLO), "authentication"),
    (_frame("authentication", {**HELLO, "data": []}, id=1), "authentication"),
    *((_frame("authentication", {**HELLO, name: []}), None) for name in ("status_code", "status_text", "a")),
    *((_frame("authentication", {key: HELLO[key] for key in HELLO if key != name}), None) for name in HELLO),
    (_frame("authentication", []), None),
    (_frame("error", ERROR), "error"),
    (_frame("error", {**ERROR, "detail": {"a": 1}, "errors": [FIELD, FIELD], "retry_after": 3}, id=1), "error"),
    *((_frame("error", {**ERROR, name: {}}), None) for name in ("status_code", "code", "errors", "retry_after", "a")),
    *((_frame("error", {key: ERROR[key] for key in ERROR if key != name}), None) for name in ERROR),
    *((_frame("error", {**ERROR, "errors": [{**FIELD, name: {}}]}), None) for name in (*FIELD, "a")),
    (_frame("error", {**ERROR, "errors": [{**FIELD, "loc": [None]}]}), None),
    *((_frame("error", {**ERROR, "errors": [{k: FIELD[k] for k in FIELD if k != name}]}), None) for name in FIELD),
    (_frame("error", {**ERROR, "errors": [[]]}), None),
    (_frame("error", []), None),
    (_frame("complete", None, id=1), "complete"),
    (_frame("pong", None, id=INT_MAX), "pong"),
    *((_frame(action, 1, id=1), None) for action in ("complete", "pong", "wsdrf.resync")),
    (_frame("ping", None), None),
    *((frame, None) for frame in ([], None, {}, {"payload": SAID}, {"payload": None})),
]

ANSWERS = {
    "talk.said": SAID, "talk.lines": "a", "talk.fail": True, "talk.leave": 1, "authentication": HELLO, "error": ERROR,
    "complete": None, "pong": None,
}  # fmt: skip
EVENTS = {"talk.left": {}, "wsdrf.resync": None}
NAMES = {action: f"{action}.sent" for action in ("talk.lines", "talk.fail", "talk.leave")}
for _action, _payload in {**ANSWERS, **EVENTS}.items():
    SERVER += [(_frame(_action), None), (_frame(_action, _payload, more=1), None)]
for _action, _payload in ANSWERS.items():
    _good, _bad = ("", "x" * 255, INT_MAX, INT_MIN), ("x" * 256, INT_MAX + 1, INT_MIN - 1, None)
    SERVER += [(_frame(_action, _payload, id=_id), NAMES.get(_action, _action)) for _id in _good]
    SERVER += [(_frame(_action, _payload, id=_id), None) for _id in _bad]
for _action, _payloads in {
    "talk.lines": [{}], "talk.fail": [1], "talk.leave": ["x"], "talk.beside": [], "ping": [], "cancel": [],
}.items():  # fmt: skip
    _good, _bad = ("", "x" * 255, INT_MAX, INT_MIN), ("x" * 256, INT_MAX + 1, INT_MIN - 1, None)
    CLIENT += [(_frame(_action, *_payloads, id=_id), _action) for _id in _good]
    CLIENT += [(_frame(_action, *_payloads, id=_id), None) for _id in _bad]
for _id in ("x" * 256, INT_MAX + 1, INT_MIN - 1, None):
    CLIENT += [(_frame("authenticate", token="x", id=_id), None)]
for _id in ("x" * 255, INT_MAX, INT_MIN):
    CLIENT += [(_frame("authenticate", token="x", id=_id), "authenticate")]

for _frames in (CLIENT, SERVER):
    _right = [frame for frame, expected in _frames if expected is not None]
    _frames += [({**frame, "action": "nothing.such"}, None) for frame in _right]
    _frames += [({key: value for key, value in frame.items() if key != "action"}, None) for frame in _right]

CORPUS = {Sender.CLIENT: CLIENT, Sender.SERVER: SERVER}


@frozen
class Mutant:
    """One way to break a document: ``place`` says where, and how."""

    place: str
    document: Any


Path = tuple[str | int, ...]
WORDS = {"title", "description", "summary", "name", "default", "correlationId", "format"}


def mutants(document: dict[str, Any], channel: str) -> Iterator[Mutant]:
    """Break each schema of ``channel`` in each way, one at a time, and take away each of its messages."""
    for name in document["channels"][channel]["messages"]:
        yield _mutant(document, ("channels", channel, "messages", name), "gone", _delete)
    for path in _schemas(document, channel):
        schema = _at(document, path)
        for keyword in schema:
            if keyword not in WORDS and not keyword.startswith("x-"):
                yield from _broken(document, (*path, keyword), schema[keyword])


def _broken(document: Any, path: Path, value: Any) -> Iterator[Mutant]:
    keyword = path[-1]
    if keyword == "properties":
        return  # each property is a schema of its own, and its name stands in additionalProperties or required
    yield _mutant(document, path, "gone", _delete)
    if keyword == "const":
        yield _mutant(document, path, "other", lambda parent, key: parent.update({key: f"{value}x"}))
    elif keyword in {"minLength", "minimum"}:
        yield _mutant(document, path, "stricter", lambda parent, key: parent.update({key: value + 1}))
    elif keyword in {"maxLength", "maximum"}:
        yield _mutant(document, path, "stricter", lambda parent, key: parent.update({key: value - 1}))
    elif keyword == "type":
        yield from (_with_type(document, path, kind) for kind in _other_types(value))
    elif keyword in {"required", "anyOf", "oneOf"} and len(value) > 1:
        yield from (_mutant(document, (*path, index), "gone", _delete) for index in range(len(value)))


def _other_types(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [[kind for kind in value if kind != one] for one in value]
    return ["boolean" if value != "boolean" else "string"]


def _with_type(document: Any, path: Path, kind: Any) -> Mutant:
    return _mutant(document, path, f"is {kind}", lambda parent, key: parent.update({key: kind}))


def _schemas(document: Any, channel: str) -> Iterator[Path]:
    """Give the place of each schema: of whole frames, and all within."""
    messages = document["channels"][channel]["messages"]
    for name, message in messages.items():
        if "payload" in message:
            yield from _within(document, ("channels", channel, "messages", name, "payload"))
    for name in document["components"]["messages"]:
        yield from _within(document, ("components", "messages", name, "payload"))
    for name in document["components"]["schemas"]:
        yield from _within(document, ("components", "schemas", name))


def _within(document: Any, path: Path) -> Iterator[Path]:
    schema = _at(document, path)
    if not isinstance(schema, dict):
        return
    yield path
    for keyword in ("items", "not"):
        if keyword in schema:
            yield from _within(document, (*path, keyword))
    for name in schema.get("properties", {}):
        yield from _within(document, (*path, "properties", name))
    for keyword in ("anyOf", "oneOf", "allOf"):
        for index in range(len(schema.get(keyword, ()))):
            yield from _within(document, (*path, keyword, index))


def _mutant(document: Any, path: Path, what: str, change: Callable[[Any, Any], None]) -> Mutant:
    changed = copy.deepcopy(document)
    change(_at(changed, path[:-1]), path[-1])
    return Mutant(f"{'/'.join(map(str, path))} {what}", changed)


def _delete(parent: Any, key: Any) -> None:
    del parent[key]


def _at(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document
