"""A consumer that does everything that user code can do on a connection, and a witness of what it did."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, field
from channels.layers import channel_layers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny

from tests.unit.sockets import FailingLayer, Socket, scope, until
from wsdrf import AuthenticationResult, Authenticator, Consumer, message, on, receives
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.connection.hub import hub_of
from wsdrf.connection.state import State
from wsdrf.routing import Kind


@message("life.shouted")
class Shouted:
    text: str


@message("life.happened")
class Happened:
    text: str


@define(eq=False)
class Witness:
    """What the user code of one connection did. ``gate`` holds what is slow; ``hooks`` says what the hooks do."""

    hooks: dict[str, str] = field(factory=dict)
    gate: asyncio.Event = field(factory=asyncio.Event)
    began: Counter[str] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    running: str | None = None
    open_streams: int = 0

    @contextmanager
    def alone(self, consumer: Any, what: str, *states: State) -> Iterator[None]:
        """Be user code that must not overlap, and that may only begin in one of ``states``."""
        self.began[what] += 1
        if self.running is not None:
            self.wrong.append(f"{what} began while {self.running} was running")
        if states and consumer._connection.state not in states:
            self.wrong.append(f"{what} began in {consumer._connection.state}")
        self.running = what
        try:
            yield
        finally:
            self.running = None

    async def hook(self, name: str) -> None:
        does = self.hooks.get(name)
        if does == "raise":
            raise ValueError(name)
        if does == "deny":
            raise PermissionDenied
        if does == "wait":
            await self.gate.wait()
        if does == "stray":
            await cancelled()


async def cancelled() -> None:
    """Await something that somebody else has cancelled."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


class Anybody(Authenticator):
    """Let everybody in, or wait for the gate, without any thread."""

    async def authenticate(self, scope: Any) -> AuthenticationResult:
        if self.token is not None:
            return AuthenticationResult(self.token == "good", 200 if self.token == "good" else 401)
        does = self.consumer.witness.hooks.get("authenticate")
        if does == "raise":
            raise ValueError("authenticate")
        if does == "refuse":
            return AuthenticationResult(False, 403, "Forbidden", {"detail": "No."})
        if does == "wait":
            await self.consumer.witness.gate.wait()
        return AuthenticationResult(True)


class Living(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []
    authenticator_class = Anybody
    max_errors = None
    max_streams = 2
    max_concurrent_actions = 2
    max_groups = 3
    send_timeout = 0.3
    sends = [Shouted, Happened]

    witness: Witness

    async def build_groups(self) -> list[str]:
        with self.witness.alone(self, "build_groups", State.ENTERING):
            await self.witness.hook("build_groups")
        return ["lobby"]

    async def connected(self) -> None:
        with self.witness.alone(self, "connected", State.ENTERING):
            await self.witness.hook("connected")

    async def disconnected(self, code: int) -> None:
        with self.witness.alone(self, "disconnected", State.CLOSING):
            await self.witness.hook("disconnected")

    @on("quick")
    async def quick(self, payload: Any) -> dict[str, Any]:
        with self.witness.alone(self, "quick", State.READY):
            return {"got": payload}

    @on("slow")
    async def slow(self) -> None:
        with self.witness.alone(self, "slow", State.READY):
            await self.witness.gate.wait()

    @on("late", timeout=0.01)
    async def late(self) -> None:
        with self.witness.alone(self, "late", State.READY):
            await asyncio.sleep(10)

    @on("fail")
    async def fail(self, payload: str) -> None:
        with self.witness.alone(self, "fail", State.READY):
            if payload == "deny":
                raise PermissionDenied
            if payload == "stray":
                await cancelled()
            raise ValueError(payload)

    @on("move")
    async def move(self, payload: str) -> None:
        with self.witness.alone(self, "move", State.READY):
            if payload in self.groups:
                await self.leave(payload)
            else:
                await self.join(payload)

    @on("shout")
    async def shout(self, payload: str) -> None:
        with self.witness.alone(self, "shout", State.READY):
            await self.broadcast(Shouted(text=payload))

    @on("quit")
    async def quit(self) -> None:
        with self.witness.alone(self, "quit", State.READY):
            await self.close(4001)

    @on("stream")
    async def stream(self, payload: int) -> AsyncIterator[int]:
        self.witness.began["stream"] += 1
        self.witness.open_streams += 1
        try:
            for number in range(payload):
                yield number
                if number % 2:
                    await self.witness.gate.wait()
            if payload == 3:
                raise ValueError("stream")
        finally:
            self.witness.open_streams -= 1

    @on("beside", concurrent=True)
    async def beside(self, payload: str) -> str:
        self.witness.began["beside"] += 1
        await self.witness.gate.wait()
        if payload == "fail":
            raise ValueError(payload)
        if payload == "quit":
            await self.close(4002)
        return payload

    @receives(Happened)
    async def happened(self, event: Happened) -> Happened | None:
        with self.witness.alone(self, "happened", State.READY):
            if event.text == "fail":
                raise ValueError(event.text)
            if event.text == "stray":
                await cancelled()
            return event if event.text else None


class Life:
    """One connection of ``Living`` on a fake server, and the laws that hold for any."""

    def __init__(self, consumer: type[Consumer] = Living, /, **hooks: str) -> None:
        self.socket = Socket()
        blueprint = blueprint_of(consumer, Consumer)
        self.connection = Connection(blueprint, scope(), self.socket.receive, self.socket.send)
        self.witness = self.connection.consumer.witness = Witness(hooks)
        routes = consumer.routes.values()
        self.streams = {route.action for route in routes if route.kind is Kind.STREAM}
        self.beside = self.streams | {route.action for route in routes if route.concurrent}
        self.calls: dict[int, str] = {}
        self.cancelled: set[int] = set()
        self.task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.socket.connect()
        self.task = asyncio.get_running_loop().create_task(self.connection.run())

    def call(self, action: str, payload: Any = None) -> int:
        number = len(self.calls) + 1
        self.calls[number] = action
        frame = {"action": action, "id": number} | ({} if payload is None else {"payload": payload})
        self.socket.say(frame)
        return number

    @property
    def is_ready(self) -> bool:
        return self.connection.state is State.READY

    def terminals(self) -> list[tuple[int, Any]]:
        """Give the frames that end a call, in the order in which they were sent."""
        ends = []
        for frame in self.socket.frames:
            number = frame.get("id")
            if not isinstance(number, int) or frame["action"] == "pong":
                continue
            if frame["action"] in ("error", "complete") or self.calls[number] not in self.streams:
                ends.append((number, frame))
        return ends

    def check(self) -> None:
        """Assert what holds at any time."""
        assert [] == self.witness.wrong
        assert [] == self.socket.late
        assert len(self.socket.codes) <= 1
        ended = [number for number, _ in self.terminals()]
        assert len(set(ended)) == len(ended), f"answered twice: {ended}"
        in_turn = [number for number in ended if self.calls[number] not in self.beside]
        assert sorted(in_turn) == in_turn, "answered out of order"

    def check_answered(self) -> None:
        """Assert what holds once nothing is held back any more, and while the connection lives."""
        ended = {number for number, _ in self.terminals()}
        waiting = {number: action for number, action in self.calls.items() if action not in ("ping", "cancel")}
        assert set(waiting) == ended, f"never answered: {[waiting[one] for one in set(waiting) - ended]}"

    def check_over(self) -> None:
        """Assert what holds once the connection has ended."""
        self.check()
        assert self.connection.state is State.CLOSED
        assert 0 == self.witness.open_streams, "a generator was left open"
        assert self.witness.running is None
        assert (1 if self.witness.began["connected"] else 0) == self.witness.began["disconnected"]
        assert not self.connection.membership.groups

    async def end(self) -> None:
        """Wait for the connection to end, whatever it was doing."""
        assert self.task is not None
        await asyncio.wait({self.task}, timeout=10)
        assert self.task.done(), "the connection did not end"
        if not self.task.cancelled():
            self.task.result()


@contextmanager
def fresh_layer() -> Iterator[FailingLayer]:
    """Put a channel layer of its own in place of the project's; say nothing of the errors that are meant."""
    layer = FailingLayer()
    before = channel_layers.set("default", layer)
    logging.disable(logging.CRITICAL)
    try:
        yield layer
    finally:
        logging.disable(logging.NOTSET)
        channel_layers.backends.pop("default")
        if before is not None:
            channel_layers.set("default", before)


async def nothing_left(layer: FailingLayer, grace: float = 2) -> None:
    """Assert that no task, no member and no group is left behind."""
    await until(lambda: len(asyncio.all_tasks()) == 1, grace)
    assert {} == hub_of("default")._members
    assert {} == layer.groups
