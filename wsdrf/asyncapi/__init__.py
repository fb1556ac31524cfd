"""AsyncAPI 3.0: every consumer of a project as one document, and the schema of each frame in it."""

from __future__ import annotations

from wsdrf.asyncapi.document import describe_mounts, describe_project
from wsdrf.asyncapi.frames import Sender, frame_schema, messages_of
from wsdrf.asyncapi.writing import write_json, write_yaml

__all__ = [
    "Sender",
    "describe_mounts",
    "describe_project",
    "frame_schema",
    "messages_of",
    "write_json",
    "write_yaml",
]
