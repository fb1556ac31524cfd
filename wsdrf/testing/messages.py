"""Turn messages and payloads into what travels, and back, as the consumer on the other side does."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from wsdrf.codec import Codec
from wsdrf.exceptions import InvalidCall
from wsdrf.messages import action_of

T = TypeVar("T")


def require_action(message: object) -> str:
    """Give the action of a message or message class.

    Raises ``TypeError`` for anything else.
    """
    action = action_of(message)
    if action is None:
        raise TypeError(f"{message!r} has no action of its own. Give its class one with @message, or send a dict.")
    return action


def write(data: Any, camelize: bool) -> str:
    """Write JSON, valid to the consumer or not; what is no JSON in itself, such as a message, as the consumer reads it.

    Raises ``TypeError`` or ``ValueError`` for what cannot travel.
    """
    return json.dumps(data, default=_codec(camelize).unstructure)


def read(payload: Any, message: type[T], camelize: bool) -> T:
    """Make a ``message`` of a payload.

    Raises ``AssertionError`` where the payload does not fit the class.
    """
    hashable: Any = message  # mypy takes a class for none
    try:
        read_as: T = _structurer(hashable, camelize)(payload)
    except InvalidCall as error:
        problems = "; ".join(f"{'.'.join(map(str, fault.loc))}: {fault.detail}" for fault in error.failure.errors)
        raise AssertionError(f"{payload!r} is no {message.__qualname__}: {problems}") from error
    return read_as


@lru_cache(maxsize=2)
def _codec(camelize: bool) -> Codec:
    return Codec(camelize)


@lru_cache(maxsize=256)
def _structurer(message: type, camelize: bool) -> Callable[[Any], Any]:
    return _codec(camelize).structurer(message)
