"""``@message``: give a class its action on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, Final, TypeVar

import attrs
from typing_extensions import dataclass_transform, is_typeddict

from wsdrf.envelope import is_reserved, is_well_formed
from wsdrf.exceptions import DeclarationError

__all__ = ["action_of", "message"]

_ACTION: Final = "__wsdrf_action__"

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def message(action: str) -> Callable[[type[T]], type[T]]:
    """Make the class below a message that travels as ``action``.

    The class becomes an attrs class: frozen, keyword-only, with slots. A class that is an attrs class or a dataclass
    already stays as it is and only gets the action. A subclass has no action until it is a ``@message`` itself: two
    classes of one action could not be told apart by whoever receives them.

    Raises ``DeclarationError`` for an action that is malformed or reserved, and for a class that has one already.
    """
    given: object = action
    if isinstance(given, type):
        name = given.__qualname__
        raise DeclarationError(f'@message on {name} lacks the action. Write @message("...") above class {name}.')

    def decorate(cls: type[T]) -> type[T]:
        _check_class(cls, action)
        _check_action(cls, action)
        finished = cls if _is_finished(cls) else attrs.frozen(cls, kw_only=True)
        setattr(finished, _ACTION, action)
        return finished

    return decorate


def action_of(message: object) -> str | None:
    """Tell the action of a message or message class; ``None`` for anything else, a message's subclass included."""
    cls = type(message)
    action: str | None = (message if issubclass(cls, type) else cls).__dict__.get(_ACTION)
    return action


def _is_finished(cls: type[Any]) -> bool:
    own = vars(cls)
    return "__attrs_attrs__" in own or (is_dataclass(cls) and "__dataclass_fields__" in own)


def _check_class(cls: Any, action: object) -> None:
    if not isinstance(cls, type) or is_typeddict(cls):
        raise DeclarationError(
            f"@message({action!r}) stands on {getattr(cls, '__qualname__', cls)!r}, which is no ordinary class. "
            "Put it above a class with annotated fields."
        )
    if (first := action_of(cls)) is not None:
        raise DeclarationError(
            f"{cls.__qualname__} is a message twice, as {first!r} and as {action!r}. Keep one @message; "
            "for a second action write a second class."
        )


def _check_action(cls: type[Any], action: str) -> None:
    if not is_well_formed(action):
        raise DeclarationError(
            f"{cls.__qualname__} is a message with the malformed action {action!r}. "
            "Use 1 to 100 letters, digits and _ . - : / , as in @message('chat.say')."
        )
    if is_reserved(action):
        raise DeclarationError(
            f"{cls.__qualname__} is a message with the action {action!r}, which belongs to wsdrf's protocol. "
            "Choose another, as in @message('chat.say')."
        )
