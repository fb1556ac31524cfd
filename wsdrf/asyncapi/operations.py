"""Write what happens on a channel: each call with its reply, and each event, as an operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wsdrf.access.permissions import covers
from wsdrf.asyncapi.channels import Channel
from wsdrf.asyncapi.facts import facts_of_action, facts_of_event
from wsdrf.asyncapi.names import unique
from wsdrf.asyncapi.outline import Asked, Told
from wsdrf.asyncapi.security import Schemes

Operation = dict[str, Any]


def write_operations(channel: Channel, schemes: Schemes) -> dict[str, Operation]:
    """Write a channel's operations, by keys that begin with the channel's own."""
    found = list(_operations(channel, schemes))
    keys = unique(name for name, _ in found)
    return {f"{channel.outline.key}.{key}": operation for key, (_, operation) in zip(keys, found, strict=True)}


def _operations(channel: Channel, schemes: Schemes) -> Iterator[tuple[str, Operation]]:
    outline = channel.outline
    for asked in outline.asked:
        yield asked.route.action, _call(channel, asked, schemes)
    for action, answer in (("authenticate", "authentication"), ("cancel", "complete"), ("ping", "pong")):
        yield action, _receive(channel, action, [answer, *(["error"] if action == "authenticate" else [])])
    for told in outline.told:
        if told.is_event:
            yield f"send.{told.action}", {**_send(channel, told.action), **_words(told), **facts_of_event(told.guards)}
    if outline.blueprint.options.send_authentication_message:
        yield "send.authentication", _send(channel, "authentication")
    yield "send.error", _send(channel, "error")
    yield "send.wsdrf.resync", _send(channel, "wsdrf.resync")


def _call(channel: Channel, asked: Asked, schemes: Schemes) -> Operation:
    route, access = asked.route, channel.outline.blueprint.access
    operation = _receive(channel, route.action, [*asked.answers, "error"])
    if asked.description:
        operation["summary"], operation["description"] = asked.description.partition("\n")[0], asked.description
    guards = (*access.permission_classes, *access.class_guards, *route.guards)
    if schemes and (access.chooses_permissions or covers(guards)):
        operation["security"] = [{"$ref": f"#/components/securitySchemes/{key}"} for key in schemes]
    return {**operation, **facts_of_action(route, access)}


def _receive(channel: Channel, action: str, answers: Iterable[str]) -> Operation:
    return {
        "action": "receive",
        "channel": channel.reference,
        "title": action,
        "messages": [channel.refer(channel.calls[action])],
        "reply": {
            "channel": channel.reference,
            "messages": [channel.refer(channel.told[answer]) for answer in dict.fromkeys(answers)],
        },
    }


def _send(channel: Channel, action: str) -> Operation:
    return {
        "action": "send",
        "channel": channel.reference,
        "title": action,
        "messages": [channel.refer(channel.told[action])],
    }


def _words(told: Told) -> Operation:
    return {"summary": told.description.partition("\n")[0]} if told.description else {}
