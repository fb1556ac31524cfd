"""Write one mount as a channel: its address, its parameters, and a message for each kind of frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import field, frozen

from wsdrf.asyncapi.envelopes import FROM_CLIENT, FROM_SERVER, answer_frame, call_frame, message
from wsdrf.asyncapi.facts import describe_converter, facts_of_consumer
from wsdrf.asyncapi.names import unique
from wsdrf.asyncapi.outline import Asked, Outline, Told
from wsdrf.connection.mounts import Mount
from wsdrf.connection.paths import placeholders
from wsdrf.schema import Shape
from wsdrf.schema.leaves import Schema

Write: TypeAlias = Callable[[Shape], Schema]
"""Writes the schema of a shape, with references to the document's own schemas."""


@frozen
class Channel:
    """A mount as it is written: ``calls`` and ``told`` map actions to keys of messages, by who sends them."""

    outline: Outline
    calls: dict[str, str] = field(hash=False)
    told: dict[str, str] = field(hash=False)

    @property
    def reference(self) -> dict[str, str]:
        """Refer to the channel."""
        return {"$ref": f"#/channels/{self.outline.key}"}

    def refer(self, key: str) -> dict[str, str]:
        """Refer to one of its messages."""
        return {"$ref": f"#/channels/{self.outline.key}/messages/{key}"}


def channel_of(outline: Outline) -> Channel:
    """Choose the keys of a mount's messages. What both sides send has two, that of the server with ``.sent``."""
    calls = [*(one.route.action for one in outline.asked), *FROM_CLIENT]
    told = [*(one.action for one in outline.told), *FROM_SERVER]
    keys = unique([*calls, *(f"{action}.sent" if action in calls else action for action in told)])
    return Channel(outline, dict(zip(calls, keys, strict=False)), dict(zip(told, keys[len(calls) :], strict=True)))


def write_channel(channel: Channel, write: Write) -> dict[str, Any]:
    """Write the channel object, its messages included."""
    outline = channel.outline
    address, parameters = _address(outline.mount)
    messages: dict[str, Any] = {}
    for asked in outline.asked:
        messages[channel.calls[asked.route.action]] = _asked(asked, write)
    for told in outline.told:
        messages[channel.told[told.action]] = _told(told, write)
    for keys, protocol in ((channel.calls, FROM_CLIENT), (channel.told, FROM_SERVER)):
        for action in protocol:
            messages[keys[action]] = {"$ref": f"#/components/messages/{action}"}
    return {
        "address": address,
        "title": outline.mount.name,
        **({"description": outline.description} if outline.description else {}),
        **({"parameters": parameters} if parameters else {}),
        "messages": messages,
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        **facts_of_consumer(outline.blueprint),
    }


def _asked(asked: Asked, write: Write) -> dict[str, Any]:
    payload = None if asked.payload is None else write(asked.payload)
    action = asked.route.action
    return message(action, call_frame(action, payload, is_optional=asked.is_optional), asked.description)


def _told(told: Told, write: Write) -> dict[str, Any]:
    frame = answer_frame(told.action, [write(shape) for shape in told.shapes], has_id=told.is_answer)
    return message(told.action, frame, told.description, has_id=told.is_answer)


def _address(mount: Mount) -> tuple[str, dict[str, Any]]:
    """Write a path as AsyncAPI does, ``/ws/rooms/{pk}/``, with its parameters."""
    text, parameters = "", {}
    converters = {parameter.name: parameter.converter for parameter in mount.parameters}
    for literal, name in placeholders(mount.path):
        text += _literal(literal)
        if name:
            text += f"{{{name}}}"
            parameters[name] = _parameter(converters.get(name))
    return text, parameters


def _parameter(converter: str | None) -> dict[str, Any]:
    described = {"description": describe_converter(converter)}
    return described if converter is None else {**described, "x-wsdrf-converter": converter}


def _literal(text: str) -> str:
    """Keep braces of a path from being taken for parameters."""
    return text.replace("{", "%7B").replace("}", "%7D")
