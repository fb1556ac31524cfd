"""Read from a command line as whom to act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

HELP: Final = (
    "anonymous, a user's name, user:PK, token:TOKEN or header:VALUE (of Authorization); "
    "LABEL=... names the role otherwise. May be repeated."
)


def read_roles(words: Iterable[str]) -> dict[str, Any]:
    """Give who each of ``words`` stands for, by label: a user, a token, or ``None``.

    A token is no label: it would be printed. Raises ``CommandError`` for somebody unknown, and for a label given twice.
    """
    roles: dict[str, Any] = {}
    for word in words:
        label, sign, who = word.partition("=")
        if not sign or ":" in label:  # an equals sign inside of a token
            who, label = word, _label(word, roles)
        if label in roles:
            raise CommandError(f"There are two roles {label!r}. Name one of them otherwise: --as LABEL={who}")
        roles[label] = _find(who)
    return roles


def _label(word: str, taken: dict[str, Any]) -> str:
    kind, sign, _ = word.partition(":")
    if not sign or kind not in {"token", "header"}:
        return word
    number = 1 + sum(label.partition(" ")[0] == kind for label in taken)
    return kind if number == 1 else f"{kind} {number}"


def _find(who: str) -> Any:
    kind, _, value = who.partition(":")
    if who == "anonymous":
        return None
    if kind == "token":
        return value
    if kind == "header":
        return value if " " in value else f"{value} "
    model: Any = get_user_model()
    try:
        if kind == "user" and value:
            return model._default_manager.get(pk=value)
        return model._default_manager.get_by_natural_key(who)
    except (model.DoesNotExist, ValueError, ValidationError):
        raise CommandError(f"There is no user {value if kind == 'user' else who!r}.") from None
