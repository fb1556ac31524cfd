"""What DRF serializers say of a payload, as far as they can be asked without a request."""

from __future__ import annotations

from typing import Any, TypeAlias

from wsdrf.access.serializers import NOWHERE, valid_serializer
from wsdrf.exceptions import InvalidCall
from wsdrf.schema import Anything, ArrayOf, MapOf, OneOf, Record, RecordKind, Shape
from wsdrf.strategies.faults import Fault

Verdict: TypeAlias = list[tuple[tuple[str | int, ...], str]]


def verdict(kind: Any, payload: Any) -> Verdict | None:
    """Give place and code of each error that a serializer finds; ``None`` where it cannot be asked.

    It may look into the database. What it raises for lack of a request or a database is no verdict.
    """
    try:
        valid_serializer(kind, payload, NOWHERE)
    except InvalidCall as refused:
        return [(error.loc[1:], error.code) for error in refused.failure.errors]
    except Exception:  # noqa: BLE001 - a project's code, asked outside of what it was written for
        return None
    return []


def complaints(kind: Any, payload: Any) -> set[str | int] | None:
    """Name the fields that a serializer refuses, "" for the whole; ``None`` where it refuses nothing."""
    errors = verdict(kind, payload)
    return {next(iter(loc), "") for loc, _ in errors} if errors else None


def as_told(kind: Any, fault: Fault) -> Fault | None:
    """Give a fault as the serializer tells it; ``None`` where it takes the value, having converted it."""
    errors = verdict(kind, fault.value)
    if errors is None or (fault.loc, fault.code) in errors:
        return fault
    return Fault(fault.value, errors[0][1], errors[0][0]) if errors else None


def has_own_say(shape: Shape) -> bool:
    """Tell whether code decides on values of a serializer, beyond what its shape says."""
    if isinstance(shape, Anything):
        return bool(shape.undescribed)
    if isinstance(shape, Record):
        own = shape.opaque or any(field.opaque for field in shape.fields)
        return shape.kind is RecordKind.SERIALIZER and (
            bool(own) or any(has_own_say(each.shape) for each in shape.fields)
        )
    if isinstance(shape, (ArrayOf, MapOf)):
        return has_own_say(shape.items if isinstance(shape, ArrayOf) else shape.values)
    return isinstance(shape, OneOf) and any(map(has_own_say, shape.members))
