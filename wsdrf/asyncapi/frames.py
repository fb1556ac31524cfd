"""Read a document: which frames a channel has, and the schema that a whole frame must satisfy."""

from __future__ import annotations

from enum import Enum
from typing import Any

from wsdrf.asyncapi.drafts import DIALECT
from wsdrf.schema.leaves import Schema


class Sender(Enum):
    """Who sends a frame."""

    CLIENT = "client"
    SERVER = "server"


def messages_of(document: dict[str, Any], channel: str, sender: Sender) -> list[str]:
    """Name the messages of ``channel`` that ``sender`` sends, as its operations say, in the order of the channel.

    Raises ``KeyError`` for a channel that the document does not have.
    """
    prefix = f"#/channels/{channel}/messages/"
    messages = document["channels"][channel]["messages"]
    sent = {
        reference["$ref"].removeprefix(prefix)
        for operation in document["operations"].values()
        for reference in _references(operation, sender)
        if reference["$ref"].startswith(prefix)
    }
    return [name for name in messages if name in sent]


def frame_schema(document: dict[str, Any], channel: str, message: str) -> Schema:
    """Give the JSON Schema (Draft 7) of the whole frame that ``message`` of ``channel`` is, complete in itself.

    Raises ``KeyError`` for what the document does not have.
    """
    written = document["channels"][channel]["messages"][message]
    while "$ref" in written:
        written = _resolve(document, written["$ref"])
    schemas = document.get("components", {}).get("schemas", {})
    return {"$schema": DIALECT, **written["payload"], "components": {"schemas": schemas}}


def _references(operation: dict[str, Any], sender: Sender) -> list[dict[str, str]]:
    receives = operation["action"] == "receive"
    if receives == (sender is Sender.CLIENT):
        return list(operation["messages"])
    return list(operation.get("reply", {}).get("messages", ())) if receives else []


def _resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
