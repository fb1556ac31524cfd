"""Every way in which a value with parts can be wrong: itself, or any of its parts, however deep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import evolve, fields
from hypothesis import strategies as st

from wsdrf.access.shapes import shape_of
from wsdrf.codec.wrong import Wrong
from wsdrf.schema import (
    ArrayOf,
    Boolean,
    Choice,
    Field,
    Integer,
    MapOf,
    Null,
    OneOf,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    TupleOf,
    limits,
)
from wsdrf.schema.traits import kinds
from wsdrf.strategies.faults import MOST_ITEMS, Breach, Fault, breach, late_breach, tiled
from wsdrf.strategies.jsons import scalars, strings
from wsdrf.strategies.numbers import span
from wsdrf.strategies.payloads import Drawing
from wsdrf.strategies.places import Place
from wsdrf.strategies.sieve import NoValue
from wsdrf.strategies.violations import of_key, of_kind, of_scalar

_BOUNDS: Final = ("too_small", "too_large")
_INNER: Final = (
    "_validators", "validator", "member_validator", "iterable_validator", "key_validator", "value_validator",
    "mapping_validator",
)  # fmt: skip


class Breaking:
    """Makes the breaches of shapes, with valid parts from a drawing around what is wrong."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._records: dict[Any, list[Breach]] = {}

    def of(self, shape: Shape, place: Place) -> Iterator[Breach]:
        """Give every breach of ``shape``, those of the whole first."""
        target, place = self._target(shape, place)
        if target is not None:
            yield from of_kind(target)
            yield from self.inner(target, place)

    def inner(self, shape: Shape, place: Place) -> Iterator[Breach]:
        """Give the breaches of ``shape`` that leave its value of the right kind."""
        if isinstance(shape, Record):
            yield from self.record(shape, place)
        elif isinstance(shape, ArrayOf):
            yield from self._skip_impossible(lambda: self.array(shape, place))
        elif isinstance(shape, TupleOf):
            yield from self._skip_impossible(lambda: self.fixed(shape, place))
        elif isinstance(shape, MapOf):
            yield from self._skip_impossible(lambda: self.map(shape, place))
        elif isinstance(shape, Tagged):
            yield from self.tagged(shape, place)
        elif isinstance(shape, OneOf):
            yield from self.one_of(shape, place)
        else:
            yield from of_scalar(shape)

    def record(self, shape: Record, place: Place, tag: str = "") -> list[Breach]:
        """Give the breaches of a record; the field ``tag`` is left as it is."""
        key = (shape.type, place.depth, tag)
        if key not in self._records:
            try:
                self._records[key] = list(self._record(shape, place, tag))
            except NoValue:
                self._records[key] = []
        return self._records[key]

    def _record(self, shape: Record, place: Place, tag: str) -> Iterator[Breach]:
        known = {field.wire_name for field in shape.fields} | set(shape.ignored)
        valid = self._drawing.record(shape, place, tag)
        for field in shape.fields:
            if field.required and field.wire_name != tag:
                yield _at(valid, Breach("missing", st.just(Fault(None, "required"))), field.wire_name)
        names = st.sampled_from(["unknown", *(field.name for field in shape.fields)]) | strings
        unknown = st.tuples(names.map(lambda name: _unknown(name, known)), scalars)
        yield Breach("unknown", st.builds(_with_unknown, valid, unknown))
        for field in shape.fields:
            for each in () if field.wire_name == tag else self.of(field.shape, place):
                if (judged := _judged(field, each)) is not None:
                    inside = _at(valid, judged, field.wire_name).faults
                    as_told = self._as_told(shape) if _is_mixed(shape, field) else _settled
                    yield Breach(judged.violation, inside.map(as_told))

    def _as_told(self, shape: Record) -> Callable[[Fault], Fault]:
        """Ask the codec what it says first of a field on which code of the record's author has a say too."""
        careful = self._drawing.careful.make(shape)

        def told(fault: Fault) -> Fault:
            try:
                careful(fault.value, None)
            except Wrong as error:
                errors = [(each.loc, each.code) for each in error.errors]
                if fault.late and (fault.loc, fault.code) not in errors:
                    return Fault(fault.value, errors[0][1], errors[0][0])
            return _settled(fault)

        return told

    def array(self, shape: ArrayOf, place: Place) -> Iterator[Breach]:
        """Give the breaches of an array whose items are alike."""
        least, most = shape.min_items or 0, shape.max_items
        if least:
            yield late_breach("too_short", self._items(shape, place, 0, least - 1))
        if most is not None and most <= MOST_ITEMS and cardinality(shape.items) > most:
            if shape.unique:
                yield late_breach("too_long", self._items(shape, place, most + 1, most + 2))
            else:
                yield late_breach("too_long", tiled(self._items(shape, place, 1, 2), most + 1))
        if shape.unique:
            twice = st.builds(_twice, self._items(shape, place, 1, 3), st.integers(0, 3), st.integers(0, 3))
            yield breach("duplicate", twice, "invalid")
        if most == 0:
            return
        others = self._items(shape, place, max(least - 1, 0), max(least, 2) if most is None else most - 1)
        for each in self.of(shape.items, place):
            faults = st.builds(_inserted, others, each.faults, st.integers(0, 3), st.just(shape.unique))
            yield Breach(each.violation, faults)

    def fixed(self, shape: TupleOf, place: Place) -> Iterator[Breach]:
        """Give the breaches of an array of fixed length."""
        valid = self._drawing.make(shape, place)
        if shape.items:
            yield breach("too_short", valid.map(lambda items: items[:-1]), "too_short")
        yield breach("too_long", st.builds(lambda items, extra: [*items, extra], valid, scalars), "too_long")
        for index, item in enumerate(shape.items):
            for each in self.of(item, place):
                yield _at(valid, each, index)

    def map(self, shape: MapOf, place: Place) -> Iterator[Breach]:
        """Give the breaches of an object whose keys are data."""
        least, most = shape.min_items or 0, shape.max_items
        if least:
            yield late_breach("too_short", self._entries(shape, place, 0, least - 1))
        if most is not None and most <= MOST_ITEMS and cardinality(shape.keys) > most:
            yield late_breach("too_long", self._entries(shape, place, most + 1, most + 2))
        if most == 0:
            return
        others = self._entries(shape, place, max(least - 1, 0), max(least, 2) if most is None else most - 1)
        read = self._drawing.quick.key(shape.keys)
        keys = self._drawing.key(shape.keys, place)
        for each in self.of(shape.values, place):
            entries = st.tuples(others, keys).filter(lambda pair: _is_new(pair[1], pair[0], read))
            yield Breach(each.violation, st.builds(_under_key, entries, each.faults))
        values = self._drawing.make(shape.values, place)
        for each in of_key(shape.keys) if isinstance(shape.keys, Integer) else of_scalar(shape.keys):
            yield Breach(each.violation, st.builds(_as_key, others, each.faults, values))

    def tagged(self, shape: Tagged, place: Place) -> Iterator[Breach]:
        """Give the breaches of a tagged union: of its tag, and of each of its records."""
        tags = Choice(None, tuple(tag for member in shape.members for tag in member.tags))
        for member in shape.members:
            record, inside = self._target(member.shape, place)
            if not isinstance(record, Record):
                continue
            try:
                valid = self._drawing.record(record, inside, shape.tag)
            except NoValue:
                continue
            yield _at(valid, Breach("missing", st.just(Fault(None, "required"))), shape.tag)
            for each in (*of_kind(tags), *of_scalar(tags)):
                violation = "tag" if each.violation == "choice" else each.violation
                yield _at(valid, Breach(violation, each.faults), shape.tag)
            yield from self.record(record, inside, shape.tag)

    def one_of(self, shape: OneOf, place: Place) -> Iterator[Breach]:
        """Give the breaches of a union's members."""
        whole = not any(int in kinds(member) for member in shape.members)
        for member in shape.members:
            target, inside = self._target(member, place)
            if target is not None:
                scalar = of_scalar(target, whole)
                yield from scalar if kinds(target) != (dict,) and not _has_parts(target) else self.inner(target, inside)

    def _target(self, shape: Shape, place: Place) -> tuple[Shape | None, Place]:
        """Follow a reference, as deep as the place allows."""
        if not isinstance(shape, Reference):
            return shape, place
        if not place.depth:
            return None, place
        return shape_of(shape.type, camelize=shape.camelize), evolve(place, depth=place.depth - 1)

    def _skip_impossible(self, make: Callable[[], Iterator[Breach]]) -> Iterator[Breach]:
        try:
            yield from list(make())
        except NoValue:
            return

    def _items(self, shape: ArrayOf, place: Place, least: int, most: int) -> st.SearchStrategy[Any]:
        return self._drawing.array(evolve(shape, min_items=least, max_items=most), place)

    def _entries(self, shape: MapOf, place: Place, least: int, most: int) -> st.SearchStrategy[Any]:
        return self._drawing.map(evolve(shape, min_items=least, max_items=most), place)


def cardinality(shape: Shape) -> float:
    """Count the values of ``shape``, as far as that is known; else it is without end."""
    if isinstance(shape, Boolean):
        return 2
    if isinstance(shape, Null):
        return 1
    if isinstance(shape, Choice):
        return len(shape.options)
    if isinstance(shape, Integer):
        return span(shape).size
    return sum(map(cardinality, shape.members)) if isinstance(shape, OneOf) else float("inf")


def _at(valid: st.SearchStrategy[Any], found: Breach, place: str | int) -> Breach:
    """Put what is wrong at ``place`` of a valid object or array; nothing there if ``found`` is that it is missing."""
    return Breach(found.violation, st.builds(lambda value, fault: _put(value, fault, place), valid, found.faults))


def _put(value: Any, fault: Fault, place: Any) -> Fault:
    if fault.code == "required" and not fault.loc:
        return fault.inside({key: item for key, item in value.items() if key != place}, place)
    if isinstance(value, list):
        return fault.inside([*value[:place], fault.value, *value[place + 1 :]], place)
    return fault.inside({**value, place: fault.value}, place)


def _settled(fault: Fault) -> Fault:
    """Say that nothing around the record changes what its validators said."""
    return evolve(fault, late=False)


def _unknown(name: str, known: set[str]) -> str:
    while name in known:
        name += "_"
    return name


def _with_unknown(value: dict[str, Any], extra: tuple[str, Any]) -> Fault:
    name, item = extra
    return Fault({**value, name: item}, "unknown", (name,))


def _twice(items: list[Any], index: int, other: int) -> list[Any]:
    item = items[index % len(items)]
    return [*items[:other], item, *items[other:]]


def _inserted(items: list[Any], fault: Fault, index: int, unique: bool) -> Fault:
    index = min(index, len(items))
    whole = [*items[:index], fault.value, *items[index:]]
    # A validator meets the items of a set in no order that the client knows.
    return fault.inside(whole) if fault.late and unique else fault.inside(whole, index)


def _is_new(key: str, value: dict[str, Any], read: Callable[..., Any]) -> bool:
    return read(key, None) not in {read(each, None) for each in value}


def _under_key(entries: tuple[dict[str, Any], str], fault: Fault) -> Fault:
    value, key = entries
    return fault.inside({**value, key: fault.value}, key)


def _as_key(value: dict[str, Any], fault: Fault, item: Any) -> Fault:
    return fault.inside({**value, fault.value: item}, fault.value)


def _has_parts(shape: Shape) -> bool:
    return isinstance(shape, (ArrayOf, TupleOf, OneOf))


def _judged(field: Field, found: Breach) -> Breach | None:
    """Give the breach of a field as its validators tell it; ``None`` where that cannot be foretold."""
    if found.violation not in _BOUNDS or not _has_range(field.validator):
        return found
    if not isinstance(_unwrapped(field.validator), limits.IN):
        return None
    return Breach("choice", found.faults.map(lambda fault: evolve(fault, code="choice")))


def _has_range(validator: Any) -> bool:
    """Tell whether a validator asks for membership in a ``range``, which a shape says as bounds."""
    parts = [getattr(validator, name, None) for name in _INNER]
    several = [part for each in parts if isinstance(each, (tuple, list)) for part in each]
    inner = [part for part in (*parts, *several) if part is not None and not isinstance(part, (tuple, list))]
    return isinstance(getattr(validator, "options", None), range) or any(map(_has_range, inner))


def _unwrapped(validator: Any) -> Any:
    return validator.validator if isinstance(validator, limits.OPTIONAL) else validator


def _is_mixed(shape: Record, field: Field) -> bool:
    """Tell whether code of the author, a validator or a converter, may speak before the validators that are known."""
    if shape.kind is not RecordKind.ATTRS:
        return False
    return bool(field.opaque) or getattr(fields(shape.cls), field.name).converter is not None
