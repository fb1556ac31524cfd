"""What the tests of declaring declare: guards, payloads, a root class and a room."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, TypedDict

from attrs import frozen

from wsdrf.collect import ConsumerType
from wsdrf.declare import loads, on, receives, requires, throttle

QUERYSET = object()


class May:
    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class Also(May):
    pass


class Third(May):
    pass


@frozen
class Say:
    text: str
    line_id: int = 0


@frozen
class Said:
    text: str


@dataclasses.dataclass
class Data:
    line_id: int


class Typed(TypedDict):
    line_id: int


class Consumer(metaclass=ConsumerType):
    user: Any

    async def join(self, group: str) -> None: ...


class Room(Consumer):
    @on("say", method="PUT", timeout=5, concurrent=True)
    @requires(May)
    @throttle("20/m")
    async def say(self, payload: Say) -> Said | None: ...

    @on("delete")
    @loads("line", QUERYSET, pk="line_id")
    def delete(self, payload: Say, line: Any) -> None: ...

    @on("history")
    async def history(self, payload: Say) -> AsyncIterator[Said | int]:
        yield 1

    @on("tick")
    async def tick(self): ...

    @receives(Said)
    @requires(Also)
    async def said(self, event: Said) -> Said | None: ...
