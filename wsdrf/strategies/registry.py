"""Strategies that users give for types of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args, get_origin

from hypothesis import strategies as st

from wsdrf.schema.annotations import is_alias, name_of, open_alias, plain

_JSON: Final = (dict, list, str, int, float, bool, type(None))

_registered: dict[Any, st.SearchStrategy[Any]] = {}
_listeners: list[Callable[[], None]] = []


def register(tp: Any, strategy: st.SearchStrategy[Any]) -> None:
    """Draw values of ``tp`` from ``strategy``, wherever ``tp`` occurs in a payload, from now on.

    ``tp`` is a class, or a name of one's own for a type: ``NewType``, ``Annotated``, an alias. ``strategy`` draws JSON
    data as a client would send it, or instances, which are written as JSON. What else a field demands of its value
    still holds: what it refuses is drawn anew. Registering again replaces. Raises ``TypeError`` for a ``tp`` that is
    not hashable or a ``strategy`` that is none.
    """
    if not isinstance(strategy, st.SearchStrategy):  # pyright: ignore[reportUnnecessaryIsInstance] - users make mistakes
        raise TypeError(
            f"register({name_of(tp)}, ...) needs a hypothesis strategy, got {strategy!r}. "
            "Give one, as in st.from_regex(...) or st.builds(...)."
        )
    _registered[tp] = strategy
    _tell()


def forget(tp: Any) -> None:
    """Undo ``register``."""
    del _registered[tp]
    _tell()


def heed(listener: Callable[[], None]) -> None:
    """Call ``listener`` whenever what is registered changes."""
    _listeners.append(listener)


def is_empty() -> bool:
    """Tell whether nothing is registered, so that there is nothing to look for."""
    return not _registered


def find(annotation: Any) -> st.SearchStrategy[Any] | None:
    """Give the strategy registered for ``annotation``, by its own name first, then by what it stands for."""
    while True:
        try:
            if annotation in _registered:
                return _registered[annotation]
        except TypeError:  # not hashable, so nobody registered it
            pass
        if is_alias(annotation):
            annotation = open_alias(annotation)
        elif get_origin(annotation) is not None and plain(annotation) is not annotation:
            annotation = get_args(annotation)[0]
        elif (stands_for := getattr(annotation, "__supertype__", None)) is not None:
            annotation = stands_for
        else:
            return None


def as_json(value: Any, write: Callable[[Any], Any]) -> Any:
    """Give ``value`` as it is if it is JSON data, else as ``write`` writes it."""
    return value if type(value) in _JSON else write(value)


def _tell() -> None:
    for listener in _listeners:
        listener()
