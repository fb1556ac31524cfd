"""Write the schemas of whole frames: a consumer's own, and those of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wsdrf.envelope import INT_MAX, INT_MIN, MAX_ID_LENGTH
from wsdrf.schema.leaves import Schema

CALL_ID: Final[Schema] = {
    "description": "The call's own id, on every frame that answers it.",
    "type": ["string", "integer"],
    "maxLength": MAX_ID_LENGTH,
    "minimum": INT_MIN,
    "maximum": INT_MAX,
}
CORRELATION: Final = "call"
"""The key of the correlation id in ``components``."""

_FIELD_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "loc": {
            "description": "The path from the frame's root: names of fields, numbers of items.",
            "type": "array",
            "items": {"type": ["string", "integer"]},
        },
        "code": {"description": "Stable, for programs.", "type": "string"},
        "detail": {"description": "A sentence.", "type": "string"},
    },
    "required": ["loc", "code", "detail"],
    "additionalProperties": False,
}
_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "status_code": {"description": "The HTTP status that REST would answer.", "type": "integer"},
        "code": {"description": "Stable, for programs.", "type": "string"},
        "detail": {"description": "A sentence; of some exceptions a list or an object."},
        "errors": {"description": "The fields that are at fault.", "type": "array", "items": _FIELD_ERROR},
        "retry_after": {"description": "Seconds to wait before another try.", "type": "integer"},
    },
    "required": ["status_code", "code", "detail"],
    "additionalProperties": False,
}
_AUTHENTICATION: Final[Schema] = {
    "type": "object",
    "properties": {
        "status_code": {"description": "200: let in. Anything else: refused.", "type": "integer"},
        "status_text": {"type": "string"},
        "data": {"description": "Mostly an object with a `detail`."},
    },
    "required": ["status_code", "status_text", "data"],
    "additionalProperties": False,
}
_TOKEN: Final[Schema] = {"type": "string"}
_AUTHENTICATE: Final[Schema] = {
    "type": "object",
    "properties": {"action": {"const": "authenticate"}, "token": _TOKEN, "payload": {}, "id": CALL_ID},
    "required": ["action"],
    "anyOf": [
        {"required": ["token"]},
        {
            "required": ["payload"],
            "properties": {
                "payload": {
                    "anyOf": [
                        {"type": "string"},
                        {"type": "object", "properties": {"token": _TOKEN}, "required": ["token"]},
                    ]
                }
            },
        },
    ],
}


def call_frame(action: str, payload: Schema | None, *, is_optional: bool = False) -> Schema:
    """Write the frame by which a client calls ``action``; without ``payload``, it takes none.

    Other keys at the top level of a client's frame are ignored.
    """
    properties: Schema = {"action": {"const": action}}
    if payload is not None:
        properties["payload"] = payload
    properties["id"] = CALL_ID
    required = ["action"] if payload is None or is_optional else ["action", "payload"]
    return {"type": "object", "properties": properties, "required": required}


def answer_frame(action: str, payloads: Sequence[Schema], *, has_id: bool = True) -> Schema:
    """Write the frame with ``action`` that a server sends, its payload one of ``payloads``."""
    (first, *others) = payloads
    properties: Schema = {"action": {"const": action}, "payload": {"anyOf": [first, *others]} if others else first}
    if has_id:
        properties["id"] = CALL_ID
    return {
        "type": "object",
        "properties": properties,
        "required": ["action", "payload"],
        "additionalProperties": False,
    }


def message(name: str, payload: Schema, description: str, *, has_id: bool = True) -> dict[str, Any]:
    """Write the message object of a frame."""
    written: dict[str, Any] = {"name": name, "title": name}
    if description:
        written["summary"], _, more = (part.strip() for part in description.partition("\n\n"))
        if more:
            written["description"] = description
    if has_id:
        written["correlationId"] = {"$ref": f"#/components/correlationIds/{CORRELATION}"}
    return {**written, "payload": payload}


def _cancel() -> Schema:
    frame = call_frame("cancel", None)
    return {**frame, "required": ["action", "id"]}


FROM_CLIENT: Final[dict[str, dict[str, Any]]] = {
    "authenticate": message(
        "authenticate",
        _AUTHENTICATE,
        "Log in, or renew the credentials. The token stands beside the action or in the payload.",
    ),
    "cancel": message("cancel", _cancel(), "Stop the stream, or the concurrent action, of that id."),
    "ping": message("ping", call_frame("ping", None), "Ask for a pong."),
}
"""The protocol's own frames that a client sends, by their action."""

FROM_SERVER: Final[dict[str, dict[str, Any]]] = {
    "authentication": message(
        "authentication",
        answer_frame("authentication", [_AUTHENTICATION]),
        "Whether the client is let in. The first frame of the server; groups are joined by then.",
    ),
    "complete": message(
        "complete",
        answer_frame("complete", [{"type": "null"}]),
        "The call is done and gives nothing, or its stream is over.",
    ),
    "error": message("error", answer_frame("error", [_ERROR]), "The call was refused, or failed."),
    "pong": message("pong", answer_frame("pong", [{"type": "null"}]), "Answer a ping."),
    "wsdrf.resync": message(
        "wsdrf.resync",
        answer_frame("wsdrf.resync", [{"type": "null"}], has_id=False),
        "Messages of the connection's groups may have been lost: fetch anew what you keep.",
        has_id=False,
    ),
}
"""The protocol's own frames that a server sends, by their action."""
