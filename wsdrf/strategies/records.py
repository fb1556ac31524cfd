"""Records whose validity only their own code knows in full: draw, ask the codec, and draw anew what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from wsdrf.codec.wrong import Hook, Wrong
from wsdrf.schema import Record, RecordKind
from wsdrf.strategies import serialized
from wsdrf.strategies.jsons import objects
from wsdrf.strategies.places import name_of_record
from wsdrf.strategies.sieve import TRIES, Odds

_HOOKS: Final = ("__attrs_post_init__", "__attrs_pre_init__", "__post_init__")


def has_own_say(shape: Record) -> bool:
    """Tell whether code of the record's author decides on its values, beyond what its shape says."""
    if shape.kind is RecordKind.SERIALIZER:
        return serialized.has_own_say(shape)
    if shape.kind is RecordKind.TYPED_DICT:
        return False
    converts = shape.kind is RecordKind.ATTRS and any(each.converter is not None for each in attrs.fields(shape.cls))
    return converts or any(field.opaque for field in shape.fields) or any(hasattr(shape.cls, name) for name in _HOOKS)


def plight_of(shape: Record) -> str:
    """Say what to do where hardly any value of a record passes."""
    name = name_of_record(shape)
    opaque = [f"{name}.{field.name} ({_name(each)})" for field in shape.fields for each in field.opaque]
    hooks = [f"{name}.{hook}" for hook in _HOOKS if hasattr(shape.cls, hook)]
    who = ", ".join([*opaque, *(hooks or (f"{name}.{each}" for each in shape.opaque))]) or f"{name} itself"
    return (
        f"{name}: hardly any value that is drawn passes {who}, of which nothing can be read off. "
        f"Register a strategy that knows what does: wsdrf.strategies.register({name}, ...)."
    )


def complaints(hooks: tuple[Hook, Hook], value: Any) -> set[str | int] | None:
    """Name the fields that the codec refuses, "" for the whole; ``None`` where it refuses nothing.

    ``hooks`` are the record's in the quick and in the careful pass. What a validator raises that is no verdict goes up.
    """
    quick, careful = hooks
    try:
        quick(value, None)
    except Exception:  # noqa: BLE001, S110 - the careful pass meets it again, and knows what it means
        pass
    else:
        return None
    try:
        careful(value, None)
    except Wrong as error:
        return {next(iter(each.loc), "") for each in error.errors}
    return None


def valid_records(
    required: Mapping[str, st.SearchStrategy[Any]],
    optional: Mapping[str, st.SearchStrategy[Any]],
    refused: Callable[[Any], set[str | int] | None],
    plight: str,
) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects of the fields ``required``, and some of the ``optional`` ones, of which none is ``refused``."""
    return _valid(
        objects(required, optional),
        {**required, **optional},
        refused,
        Odds(plight),
    )


@st.composite
def _valid(
    draw: st.DrawFn,
    records: st.SearchStrategy[dict[str, Any]],
    fields: Mapping[str, st.SearchStrategy[Any]],
    refused: Callable[[Any], set[str | int] | None],
    odds: Odds,
) -> dict[str, Any]:
    value = draw(records)
    for _ in range(TRIES):
        names = refused(value)
        if odds.note(names is None):
            return value
        if names and names <= value.keys():
            value = {name: draw(fields[name]) if name in names else value[name] for name in value}
        else:
            value = draw(records)
    return odds.give_up()


def _name(validator: Any) -> str:
    return str(getattr(validator, "__qualname__", None) or validator).rpartition("<locals>.")[2]
