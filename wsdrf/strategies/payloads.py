"""Valid payloads: a hypothesis strategy of JSON data for each shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from wsdrf.access.shapes import shape_of
from wsdrf.codec.careful import Careful
from wsdrf.codec.quick import Quick
from wsdrf.codec.write import Writing
from wsdrf.exceptions import DeclarationError
from wsdrf.schema import (
    Anything,
    ArrayOf,
    Boolean,
    Choice,
    Integer,
    MapOf,
    Null,
    Number,
    OneOf,
    Record,
    RecordKind,
    Reference,
    Shape,
    Tagged,
    Text,
    TextForm,
    TupleOf,
)
from wsdrf.schema.annotations import name_of
from wsdrf.schema.traits import kinds
from wsdrf.strategies import registry, serialized
from wsdrf.strategies.forms import text_forms
from wsdrf.strategies.jsons import json_values, objects
from wsdrf.strategies.named import named
from wsdrf.strategies.numbers import integers, numbers
from wsdrf.strategies.places import Place, annotations_of, name_of_record
from wsdrf.strategies.records import complaints, has_own_say, plight_of, valid_records
from wsdrf.strategies.sieve import NoValue, sieve
from wsdrf.strategies.texts import texts

Strategy = st.SearchStrategy[Any]

DEPTH: Final = 2
"""How many times, beyond what it must, a type that contains itself may do so."""

_DEEPEST: Final = 12
_USUAL_SIZE: Final = 5
_RECURSIVE_SIZE: Final = 2
_SIMPLEST_FIRST: Final = (Null, Boolean, Integer, Number, Choice, Text, TextForm, ArrayOf, TupleOf)


def payloads(tp: Any, *, camelize: bool = False) -> Strategy:
    """Draw JSON data that is a ``tp``: any type that a handler's payload may have.

    What attrs validators state is kept by construction; what only a validator of one's own knows is found by trying.
    ``camelize`` puts field names in camelCase. Raises ``DeclarationError`` for a type that cannot travel, or has no
    value at all; where hardly any value passes, drawing raises ``hypothesis.errors.Unsatisfiable``, with the cure.
    """
    return named(f"payloads({name_of(tp)})", drawing(camelize).of(tp))


class Drawing:
    """Makes the strategies of shapes, each only once."""

    def __init__(self, camelize: bool) -> None:
        self.camelize = camelize
        self.quick: Quick = Quick()
        self.careful: Careful = Careful()
        self._writing = Writing(camelize)
        self._types: dict[Any, Strategy] = {}
        self._records: dict[Any, Strategy] = {}

    def of(self, tp: Any) -> Strategy:
        """Give the strategy of a type. Raises ``DeclarationError`` for one that cannot travel or has no value."""
        try:
            return self._types[tp]
        except KeyError:
            self._types[tp] = made = self._of(tp)
            return made
        except TypeError:  # a type that is not hashable is not remembered
            return self._of(tp)

    def _of(self, tp: Any) -> Strategy:
        shape = shape_of(tp, camelize=self.camelize)
        place = Place(name_of(tp), annotation=tp)
        return self.make(shape, evolve(place, depth=self.depth(shape, place) + DEPTH))

    def depth(self, shape: Shape, place: Place) -> int:
        """Tell how many times a type has to occur within itself at least. Raises ``DeclarationError`` for no value."""
        reason = NoValue()
        for depth in range(_DEEPEST):
            try:
                self.make(shape, evolve(place, depth=depth))
            except NoValue as error:
                reason = error
            else:
                return depth
        raise DeclarationError(f"{place.path} has no value that is valid: {reason}. Loosen what it demands.")

    def make(self, shape: Shape, place: Place) -> Strategy:
        """Make the strategy of ``shape``. Raises ``NoValue`` where it has no value."""
        if not registry.is_empty() and (strategy := self._registered(shape, place)) is not None:
            return strategy
        if isinstance(shape, Record):
            return self.record(shape, place)
        if isinstance(shape, Reference):
            if not place.depth:
                raise NoValue(f"{place.path} never ends")
            target = shape_of(shape.type, camelize=shape.camelize)
            return self.make(target, evolve(place, depth=place.depth - 1, annotation=shape.type))
        return _MAKERS[type(shape)](self, shape, place)

    def record(self, shape: Record, place: Place, tag: str = "") -> Strategy:
        """Make the strategy of a record; its field ``tag``, if it has one, is never left out."""
        key = (shape.type, place.depth, tag)
        if key not in self._records:
            self._records[key] = self._record(shape, place, tag)
        return self._records[key]

    def _record(self, shape: Record, place: Place, tag: str) -> Strategy:
        name = name_of_record(shape)
        annotations = annotations_of(shape, self.camelize)
        required: dict[str, Strategy] = {}
        optional: dict[str, Strategy] = {}
        for field in shape.fields:
            inside = Place(f"{name}.{field.name}", place.depth, annotations.get(field.name, place.annotation))
            try:
                strategy = self.make(field.shape, inside)
            except NoValue:
                if field.required or field.wire_name == tag:
                    raise
                continue
            (required if field.required or field.wire_name == tag else optional)[field.wire_name] = strategy
        if not has_own_say(shape) and registry.is_empty():
            return objects(required, optional)
        return valid_records(required, optional, self._refused(shape), plight_of(shape))

    def _refused(self, shape: Record) -> Callable[[Any], set[str | int] | None]:
        if shape.kind is RecordKind.SERIALIZER:
            return partial(serialized.complaints, shape.cls)
        return partial(complaints, (self.quick.make(shape), self.careful.make(shape)))

    def _registered(self, shape: Shape, place: Place) -> Strategy | None:
        strategy = registry.find(place.annotation)
        if strategy is None:
            strategy = registry.find(getattr(shape, "type", None))
        if strategy is None:
            return None
        if isinstance(shape, Record) and shape.kind is RecordKind.SERIALIZER:
            return strategy
        read, write = self.quick.make(shape), self._writing.make(shape)
        plight = (
            f"{place.path}: hardly any value of the registered strategy {strategy!r} is one that the codec accepts. "
            "Register one that draws JSON data of the type, or instances of it."
        )
        return sieve(
            strategy.map(lambda value: registry.as_json(value, write)), lambda value: passes(read, value), plight
        )

    def text(self, shape: Text, place: Place) -> Strategy:
        """Make the strategy of a string."""
        patterns = " and ".join(repr(pattern.regex.pattern) for pattern in shape.patterns)
        plight = (
            f"{place.path}: hardly any text that is drawn matches {patterns} within its lengths. Give it a type of its "
            'own, as in Code = NewType("Code", str), and register(Code, ...) a strategy that knows what does.'
        )
        return texts(shape, plight)

    def array(self, shape: ArrayOf, place: Place) -> Strategy:
        """Make the strategy of an array whose items are alike."""
        least, most = _sizes(shape, place)
        try:
            items = self.make(shape.items, place.within())
        except NoValue:
            if least:
                raise
            return st.builds(list)
        if not shape.unique:
            return st.lists(items, min_size=least, max_size=most)
        read = self.quick.make(shape.items)
        return st.lists(items, min_size=least, max_size=most, unique_by=lambda item: read(item, None))

    def fixed(self, shape: TupleOf, place: Place) -> Strategy:
        """Make the strategy of an array of fixed length."""
        return st.tuples(*(self.make(item, place.within(index)) for index, item in enumerate(shape.items))).map(list)

    def map(self, shape: MapOf, place: Place) -> Strategy:
        """Make the strategy of an object whose keys are data."""
        least, most = _sizes(shape, place)
        try:
            keys, values = self.key(shape.keys, place.within()), self.make(shape.values, place.within(1))
        except NoValue:
            if least:
                raise
            return st.builds(dict)
        if isinstance(shape.keys, (Text, Integer)):
            return st.dictionaries(keys, values, min_size=least, max_size=most)
        read = self.quick.key(shape.keys)
        entries = st.tuples(keys, values)
        distinct = st.lists(entries, min_size=least, max_size=most, unique_by=lambda entry: read(entry[0], None))
        return distinct.map(dict)

    def key(self, shape: Shape, place: Place) -> Strategy:
        """Make the strategy of an object's keys."""
        keys = self.make(shape, place)
        return keys.map(str) if isinstance(shape, Integer) else keys

    def tagged(self, shape: Tagged, place: Place) -> Strategy:
        """Make the strategy of a tagged union."""
        found: list[Strategy] = []
        reason = NoValue()
        for member in shape.members:
            inside = evolve(place, annotation=getattr(member.shape, "type", place.annotation))
            try:
                found.append(self._tagged_member(member.shape, inside, shape.tag))
            except NoValue as error:
                reason = error
        return one_of(found, reason)

    def _tagged_member(self, shape: Shape, place: Place, tag: str) -> Strategy:
        if not registry.is_empty() and (strategy := self._registered(shape, place)) is not None:
            return strategy
        if isinstance(shape, Reference):
            if not place.depth:
                raise NoValue(f"{place.path} never ends")
            shape = shape_of(shape.type, camelize=shape.camelize)
            place = evolve(place, depth=place.depth - 1)
        return self.record(shape, place, tag) if isinstance(shape, Record) else self.make(shape, place)

    def one_of(self, shape: OneOf, place: Place) -> Strategy:
        """Make the strategy of a union whose members differ in kind."""
        found: list[Strategy] = []
        reason = NoValue()
        whole = not any(int in kinds(member) for member in shape.members)
        for member in sorted(shape.members, key=simplicity):
            try:
                inside = place.of_member(member) if not registry.is_empty() else place
                found.append(self._member(member, inside, whole))
            except NoValue as error:
                reason = error
        return one_of(found, reason)

    def _member(self, shape: Shape, place: Place, whole: bool) -> Strategy:
        if isinstance(shape, Number):
            return numbers(shape, whole)
        return choices(shape, whole) if isinstance(shape, Choice) else self.make(shape, place)


def choices(shape: Choice, whole: bool = True) -> Strategy:
    """Draw what is written for an option; with ``whole``, a float such as 3.0 is written as an integer too."""
    wires = [option.wire for option in shape.options]
    if whole:
        wires += [int(wire) for wire in wires if type(wire) is float and wire.is_integer()]
    if not wires:
        raise NoValue("no option is left")
    return st.sampled_from(wires)


def one_of(found: list[Strategy], reason: NoValue) -> Strategy:
    """Draw from one of the strategies. Raises ``NoValue``, for ``reason``, where there is none."""
    if not found:
        raise reason
    return st.one_of(found)


def simplicity(shape: Shape) -> int:
    """Rank a shape, the simplest first, which is what hypothesis shrinks to."""
    return next((rank for rank, kind in enumerate(_SIMPLEST_FIRST) if isinstance(shape, kind)), len(_SIMPLEST_FIRST))


def passes(read: Callable[..., Any], value: Any) -> bool:
    """Tell whether a hook of the quick pass takes ``value``; it may refuse in any way."""
    try:
        read(value, None)
    except Exception:  # noqa: BLE001 - the quick pass is asked for nothing but its verdict
        return False
    return True


def contains_itself(shape: Shape) -> bool:
    """Tell whether a reference to a type that is still being described is within ``shape``."""
    if isinstance(shape, Reference):
        return True
    if isinstance(shape, Record):
        return any(contains_itself(field.shape) for field in shape.fields)
    if isinstance(shape, ArrayOf):
        return contains_itself(shape.items)
    if isinstance(shape, MapOf):
        return contains_itself(shape.values)
    if isinstance(shape, Tagged):
        return any(contains_itself(member.shape) for member in shape.members)
    return any(map(contains_itself, shape.items if isinstance(shape, TupleOf) else getattr(shape, "members", ())))


def _sizes(shape: ArrayOf | MapOf, place: Place) -> tuple[int, int]:
    inner = shape.items if isinstance(shape, ArrayOf) else shape.values
    least = shape.min_items or 0
    usual = least + (_RECURSIVE_SIZE if contains_itself(inner) else _USUAL_SIZE)
    most = usual if shape.max_items is None else shape.max_items
    if most < least:
        raise NoValue(f"{place.path} has at least {least} and at most {most} items")
    return least, most


_MAKERS: Final[Mapping[type, Callable[[Drawing, Any, Place], Strategy]]] = MappingProxyType(
    {
        Anything: lambda drawing, shape, place: json_values,
        Null: lambda drawing, shape, place: st.none(),
        Boolean: lambda drawing, shape, place: st.booleans(),
        Integer: lambda drawing, shape, place: integers(shape),
        Number: lambda drawing, shape, place: numbers(shape, whole=True),
        Choice: lambda drawing, shape, place: choices(shape),
        Text: Drawing.text,
        TextForm: lambda drawing, shape, place: text_forms(shape),
        ArrayOf: Drawing.array,
        TupleOf: Drawing.fixed,
        MapOf: Drawing.map,
        Tagged: Drawing.tagged,
        OneOf: Drawing.one_of,
    }
)

_drawings: dict[bool, Drawing] = {}
registry.heed(_drawings.clear)


def drawing(camelize: bool) -> Drawing:
    """Give what makes the strategies, as long as nothing new is registered."""
    if camelize not in _drawings:
        _drawings[camelize] = Drawing(camelize)
    return _drawings[camelize]
