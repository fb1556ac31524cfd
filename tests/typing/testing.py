"""What type checkers make of ``wsdrf.testing``: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typing_extensions import assert_type, override

from wsdrf import Consumer, message, on
from wsdrf.testing import (
    Answer,
    Close,
    Response,
    WebsocketCommunicator,
    WebsocketTestCase,
    aassert_permission_matrix,
    assert_permission_matrix,
    find_application,
    signals_delivered,
)


@message("said")
class Said:
    text: str


class Room(Consumer):
    @on("say")
    async def say(self, payload: Said) -> Said:
        return payload


class RoomTests(WebsocketTestCase):
    ws_path = "/ws/rooms/7/"

    @override
    def get_subprotocols(self) -> Sequence[str]:
        return ["wsdrf"]

    async def test_it(self) -> None:
        assert_type(self.auth_communicator, WebsocketCommunicator)
        async with self.create_communicator(path="/ws/", subprotocols=["wsdrf"], application=Room) as client:
            assert_type(client, WebsocketCommunicator)
            answer = await client.call("say", Said(text="hello"), timeout=1)
            assert_type(answer, Answer)
            assert_type(answer.is_error, bool)
            assert_type(answer.code, str | None)
            assert_type(answer.status_code, int | None)
            assert_type(await client.receive_message(Said), Said)
            assert_type(await client.receive_all_json(), list[Any])
            await client.send_message(Said(text="hello"), id=7)
            await client.assert_closed(4401)
            await signals_delivered()
            await signals_delivered(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it waits for all of them
            await client.call(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an action is a str
            await client.call("say", Said(text="x"), 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the timeout is given by name
            await client.receive_message("said")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class, not its action
            _ = (await client.receive_message(Said)).name  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # a message has no other fields
            await client.send_text(b"{}")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # text is a str
            await client.send_bytes("{}")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # bytes are bytes
            await client.assert_closed("4401")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a code is an int
            await client.send_message(Said(text="x"), id=b"7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an id is a str or an int
        self.create_communicator("/ws/")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # everything is given by name
        self.create_communicator(subprotocols=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # subprotocols are str


class WrongTests(WebsocketTestCase):
    @override
    def get_subprotocols(self) -> int: ...  # type: ignore[empty-body, override]  # pyright: ignore[reportIncompatibleMethodOverride]  # subprotocols are str


async def ends(closed: Close, response: Response) -> None:
    assert_type(closed.code, int)
    assert_type(response.is_accepted, bool)
    closed.code = 4000  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # what was received cannot be changed
    response.status_code = 200  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # what was received cannot be changed


async def matrices() -> None:
    assert_permission_matrix(Room, {"anonymous": None}, expected={"say": ["anonymous"]})
    await aassert_permission_matrix(Room, {"anonymous": None}, "/ws/", snapshot=Path("rights.txt"))
    find_application(Room)
    assert_permission_matrix(Said, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a consumer is asked
    assert_permission_matrix(Room, ["alice"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # roles have names
    assert_permission_matrix(Room, {}, expected={"say": 7})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]  # names are a collection
    await aassert_permission_matrix(Room, {}, snapshot="rights.txt")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a file is a Path
    await aassert_permission_matrix(Room(), {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class itself
    find_application(Room, Room)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # one application
