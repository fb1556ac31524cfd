"""Put an AsyncAPI document together: a channel for each mount, operations, and what they share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from wsdrf.asyncapi.about import About, about_project
from wsdrf.asyncapi.channels import Channel, channel_of, write_channel
from wsdrf.asyncapi.drafts import as_draft_7
from wsdrf.asyncapi.envelopes import CORRELATION, FROM_CLIENT, FROM_SERVER
from wsdrf.asyncapi.names import channel_keys
from wsdrf.asyncapi.operations import write_operations
from wsdrf.asyncapi.outline import outline
from wsdrf.asyncapi.security import Schemes, schemes_of
from wsdrf.connection.mounts import Mount, application_of_project, mounts
from wsdrf.envelope import CLOSE_CODES
from wsdrf.schema import Definitions, Shape
from wsdrf.schema.leaves import Schema

VERSION: Final = "3.0.0"
_PREFIX: Final = "#/components/schemas/"

Document = dict[str, Any]


def describe_project() -> Document:
    """Describe every consumer that the project's ``ASGI_APPLICATION`` leads to, as an AsyncAPI document.

    Raises ``ConfigurationError`` where there is no such application, or where ``WSDRF_ASYNCAPI`` is wrong.
    """
    return describe_mounts(mounts(application_of_project()), about_project())


def describe_mounts(found: Iterable[Mount], about: About | None = None) -> Document:
    """Describe consumers at their mounts as an AsyncAPI 3.0 document: plain JSON data, the same in every process.

    ``about`` is what it says of the project; by default what the settings say. Raises ``ConfigurationError`` for those.
    """
    known = list(found)
    outlines = [outline(key, mount) for key, mount in zip(channel_keys(known), known, strict=True)]
    definitions = Definitions([shape for one in outlines for shape in one.shapes], prefix=_PREFIX)

    def write(shape: Shape) -> Schema:
        written: Schema = as_draft_7(definitions.schema(shape))
        return written

    channels = [channel_of(one) for one in outlines]
    schemes = {one.key: schemes_of(one.blueprint.access) for one in outlines}
    document = {
        "asyncapi": VERSION,
        **_about(about_project() if about is None else about),
        "channels": {channel.outline.key: write_channel(channel, write) for channel in channels},
        "operations": _operations(channels, schemes),
        "components": _components(definitions, schemes.values()),
        "x-wsdrf-close-codes": CLOSE_CODES,
    }
    # A copy, so that no part of it is in two places, nor one of ours that somebody else changes.
    copied: Document = json.loads(json.dumps(document))
    return copied


def _about(about: About) -> Document:
    described = {"description": about.description} if about.description else {}
    servers = {"servers": {name: dict(server) for name, server in about.servers.items()}} if about.servers else {}
    return {
        "info": {"title": about.title, "version": about.version, **described},
        **servers,
        "defaultContentType": "application/json",
    }


def _operations(channels: Iterable[Channel], schemes: dict[str, Schemes]) -> Document:
    return {
        key: operation
        for channel in channels
        for key, operation in write_operations(channel, schemes[channel.outline.key]).items()
    }


def _components(definitions: Definitions, schemes: Iterable[Schemes]) -> Document:
    security = {key: scheme for each in schemes for key, scheme in each.items()}
    return {
        "schemas": {name: as_draft_7(schema) for name, schema in definitions.definitions().items()},
        "messages": {**FROM_CLIENT, **FROM_SERVER},
        "correlationIds": {
            CORRELATION: {
                "description": "The client's own id of the call comes back on every frame that answers it.",
                "location": "$message.payload#/id",
            }
        },
        **({"securitySchemes": dict(sorted(security.items()))} if security else {}),
    }
