"""What a consumer says that it sends, and whether a frame is that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wsdrf.codec import Codec
from wsdrf.consumer import Consumer
from wsdrf.exceptions import DeclarationError, InvalidCall
from wsdrf.messages import action_of
from wsdrf.routing import Route, describe_type

Data = dict[str, Any]
Wanted = tuple[str | None, Any]


class Declared:
    """The replies and events of one consumer."""

    def __init__(self, consumer: type[Consumer], codec: Codec) -> None:
        self._consumer = consumer
        self._codec = codec
        self._readers: dict[int, Callable[[Any], Any]] = {}  # by the types' ids: not every annotation is hashable
        replies = [tp for route in consumer.routes.values() for tp in route.replies]
        events = [tp for reception in consumer.receptions.values() for tp in reception.sends]
        said = dict.fromkeys((*consumer.sends, *replies, *events))
        self._events = [tp for tp in said if action_of(tp) is not None]

    def wrong_reply(self, route: Route, frame: Data) -> str | None:
        """Say what is wrong with ``frame`` as an answer, or an item, of ``route``; ``None`` where nothing is."""
        if not route.is_annotated:
            return None
        wanted: list[Wanted] = [(action_of(tp) or route.action, tp) for tp in route.replies]
        return self._mismatch(wanted, frame, f"{route.action!r} answers {_listed(route.replies)}")

    def wrong_event(self, frame: Data, asked: Iterable[Route]) -> str | None:
        """Say what is wrong with ``frame`` as an event, or as the answer to a nameless call of one of ``asked``."""
        for route in asked:
            if self.wrong_reply(route, frame) is None:
                return None
        wanted: list[Wanted] = [(action_of(tp), tp) for tp in self._events]
        return self._mismatch(wanted, frame, f"{self._consumer.__name__} sends {_listed(tp for _, tp in wanted)}")

    def _mismatch(self, wanted: list[Wanted], frame: Data, said: str) -> str | None:
        fitting = [tp for action, tp in wanted if action == frame["action"]]
        if not fitting:
            return f"{said}, and this frame is none of them"
        problems = [self._problem(tp, frame["payload"]) for tp in fitting]
        return None if None in problems else f"{said}, and this payload does not fit: {problems[0]}"

    def _problem(self, tp: Any, payload: Any) -> str | None:
        reader = self._readers.get(id(tp))
        if reader is None:
            reader = self._readers[id(tp)] = self._reader(tp)
        try:
            reader(payload)
        except InvalidCall as error:
            return "; ".join(f"{'.'.join(map(str, one.loc))}: {one.detail}" for one in error.failure.errors)
        return None

    def _reader(self, tp: Any) -> Callable[[Any], Any]:
        try:
            return self._codec.structurer(tp)
        except DeclarationError:
            return lambda payload: payload  # what cannot be described is not known, either


def _listed(types: Iterable[Any]) -> str:
    return ", ".join(map(describe_type, types)) or "nothing"
