"""What type checkers make of ``wsdrf.asyncapi``: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from wsdrf.asyncapi import (
    Sender,
    describe_mounts,
    describe_project,
    frame_schema,
    messages_of,
    write_json,
    write_yaml,
)

document = describe_project()
assert_type(document, dict[str, Any])
assert_type(describe_mounts([]), dict[str, Any])
assert_type(messages_of(document, "rooms", Sender.CLIENT), list[str])
assert_type(frame_schema(document, "rooms", "say"), dict[str, Any])
assert_type(write_json(document), str)
assert_type(write_yaml(document), str)

describe_project("chat")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it is the project that is described
describe_mounts(["/ws/"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # a mount is no path
messages_of(document, "rooms", "client")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a sender is a Sender
messages_of("document", "rooms", Sender.SERVER)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a document is a dict
frame_schema(document, "rooms")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a message is required
write_json("{}")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a document is a dict
write_yaml(document, indent=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # there are no options
