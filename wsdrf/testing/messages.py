"""Turn messages and payloads into what travels, and back, as the consumer on the other side does."""

from __future__ import annotations

from typing import Any, TypeVar

import cattrs

from wsdrf.envelope import ABSENT
from wsdrf.messages import action_of

T = TypeVar("T")

_converter = cattrs.Converter(forbid_extra_keys=True)


def require_action(message: object) -> str:
    """Give the action of a message or message class.

    Raises ``TypeError`` for anything else.
    """
    action = action_of(message)
    if action is None:
        raise TypeError(f"{message!r} has no action of its own. Give its class one with @message, or send a dict.")
    return action


def unstructure(payload: Any, *, camelize: bool) -> Any:
    """Give the JSON data of ``payload``, which may be data already; ``ABSENT`` stays."""
    return payload if payload is ABSENT else _converter.unstructure(payload)


def structure(data: Any, message: type[T], *, camelize: bool) -> T:
    """Make a ``message`` of JSON data.

    Raises ``AssertionError`` where the data does not fit the class.
    """
    try:
        return _converter.structure(data, message)
    except cattrs.BaseValidationError as error:
        problems = "; ".join(cattrs.transform_error(error))
        raise AssertionError(f"{data!r} is no {message.__qualname__}: {problems}") from error
