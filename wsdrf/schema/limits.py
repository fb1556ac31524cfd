"""Read the limits that attrs validators state, and narrow a shape by them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import attrs
from attrs import validators as v

from wsdrf.schema.shapes import (
    ArrayOf,
    Boolean,
    Choice,
    Integer,
    MapOf,
    MatchMethod,
    Null,
    Number,
    OneOf,
    Option,
    Pattern,
    Shape,
    Text,
    TextForm,
    TupleOf,
)

# attrs gives its validators no public classes, only the functions that make them.
AND: Final[type[Any]] = type(v.and_())
OPTIONAL: Final[type[Any]] = type(v.optional(v.ge(0)))
MIN_LEN: Final[type[Any]] = type(v.min_len(0))
MAX_LEN: Final[type[Any]] = type(v.max_len(0))
NUMBER: Final[type[Any]] = type(v.ge(0))
IN: Final[type[Any]] = type(v.in_(()))
MATCHES: Final[type[Any]] = type(v.matches_re(""))
INSTANCE_OF: Final[type[Any]] = type(v.instance_of(int))
DEEP_ITERABLE: Final[type[Any]] = type(v.deep_iterable(v.ge(0)))
DEEP_MAPPING: Final[type[Any]] = type(v.deep_mapping(v.ge(0), v.ge(0)))
_Reader = Callable[[Any, Any, list[Any]], "Shape | None"]
_LIMITS: Final = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}
_LOWER: Final = ("ge", "gt", "min_length", "min_items")


def narrow(shape: Shape, validator: Any, opaque: list[Any]) -> Shape:
    """Narrow ``shape`` by what ``validator`` states; what no shape can say is added to ``opaque``."""
    if validator is None:
        return shape
    if isinstance(validator, AND):
        # ``in_`` goes first: the others then drop some of its options.
        for part in sorted(validator._validators, key=lambda part: not isinstance(part, IN)):
            shape = narrow(shape, part, opaque)
        return shape
    if isinstance(shape, OneOf):
        return _narrow_members(shape, validator, opaque)
    if isinstance(validator, OPTIONAL):
        return narrow(shape, validator.validator, opaque)
    read = _READERS.get(type(validator))
    if read is not None and isinstance(shape, Choice):
        return _options_left(shape, validator)
    narrowed = read(shape, validator, opaque) if read else None
    if narrowed is None:
        opaque.append(validator)
        return shape
    return narrowed


def _narrow_members(shape: OneOf, validator: Any, opaque: list[Any]) -> Shape:
    inner, skips_null = (validator.validator, True) if isinstance(validator, OPTIONAL) else (validator, False)
    found: list[Any] = []
    members: list[Shape] = []
    for member in shape.members:
        is_null = isinstance(member, Null)
        if is_null and not skips_null:
            found.append(validator)  # what it says of None, only it can tell
        members.append(member if is_null else narrow(member, inner, found))
    if found:
        opaque.append(validator)
    return OneOf(tuple(members))


def tighten(shape: Any, name: str, limit: Any) -> Shape:
    """Give ``shape`` with its bound ``name``, such as ``ge`` or ``max_items``, at ``limit``, or where it is tighter."""
    old = getattr(shape, name)
    choose = max if name in _LOWER else min
    narrowed: Shape = attrs.evolve(shape, **{name: limit if old is None else choose(old, limit)})
    return narrowed


def _sized(shape: Shape, end: str, limit: int) -> Shape | None:
    if isinstance(shape, Text) or (isinstance(shape, TextForm) and shape.format == "base64"):
        return tighten(shape, f"{end}_length", limit)
    return tighten(shape, f"{end}_items", limit) if isinstance(shape, (ArrayOf, MapOf)) else None


def _min_len(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    return _sized(shape, "min", validator.min_length)


def _max_len(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    return _sized(shape, "max", validator.max_length)


def _number(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    limit = _LIMITS.get(validator.compare_op)
    if limit is None or not isinstance(shape, (Integer, Number, TextForm)):
        return None
    return tighten(shape, limit, validator.bound)


def _options_left(shape: Choice, validator: Any) -> Choice:
    return attrs.evolve(shape, options=tuple(option for option in shape.options if _passes(validator, option.value)))


def _passes(validator: Any, value: Any) -> bool:
    try:
        validator(None, _NAMELESS, value)
    except (TypeError, ValueError):
        return False
    return True


def _in(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    options = validator.options
    expected = next((kind for plain, kind in _LISTED if shape == plain), None)
    if expected is None or not isinstance(options, _FINITE):
        return None
    if isinstance(options, range):
        return Integer(ge=min(options), le=max(options)) if options and abs(options.step) == 1 else None
    if not all(type(option) is expected for option in options):
        return None
    return Choice(expected, tuple(Option(option, option) for option in dict.fromkeys(options)))


def _matches(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    regex = validator.pattern
    methods: dict[str, MatchMethod] = {"fullmatch": "fullmatch", "match": "match", "search": "search"}
    method = methods.get(getattr(validator.match_func, "__name__", ""))
    if not isinstance(shape, Text) or method is None:
        return None
    return attrs.evolve(shape, patterns=(*shape.patterns, Pattern(regex, method)))


def _instance_of(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    produced = _PRODUCED.get(type(shape)) or getattr(shape, "type", None)
    return shape if isinstance(produced, type) and issubclass(produced, validator.type) else None


def _deep_iterable(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    if not isinstance(shape, (ArrayOf, TupleOf)):
        return None
    found: list[Any] = []
    narrowed = narrow(shape, validator.iterable_validator, found)
    if isinstance(narrowed, ArrayOf):
        narrowed = attrs.evolve(narrowed, items=narrow(narrowed.items, validator.member_validator, found))
    elif isinstance(narrowed, TupleOf):
        narrowed = TupleOf(tuple(narrow(item, validator.member_validator, found) for item in narrowed.items))
    if found:
        opaque.append(validator)
    return narrowed


def _deep_mapping(shape: Shape, validator: Any, opaque: list[Any]) -> Shape | None:
    if not isinstance(shape, MapOf):
        return None
    found: list[Any] = []
    narrowed = attrs.evolve(
        shape,
        keys=narrow(shape.keys, validator.key_validator, found),
        values=narrow(shape.values, validator.value_validator, found),
    )
    whole = narrow(narrowed, validator.mapping_validator, found)
    if found:
        opaque.append(validator)
    return whole


_NAMELESS: Final = SimpleNamespace(name="")
_LISTED: Final[tuple[tuple[Shape, type[Any]], ...]] = ((Text(), str), (Integer(), int), (Boolean(), bool))
_FINITE: Final = (list, tuple, set, frozenset, dict, range)
_PRODUCED: Final[dict[type[Any], type[Any]]] = {
    Text: str,
    Integer: int,
    Number: float,
    Boolean: bool,
    MapOf: dict,
    TupleOf: tuple,
}
_READERS: Final[dict[type[Any], _Reader]] = {
    MIN_LEN: _min_len,
    MAX_LEN: _max_len,
    NUMBER: _number,
    IN: _in,
    MATCHES: _matches,
    INSTANCE_OF: _instance_of,
    DEEP_ITERABLE: _deep_iterable,
    DEEP_MAPPING: _deep_mapping,
}

LEAVES: Final = (MIN_LEN, MAX_LEN, NUMBER, IN, MATCHES, INSTANCE_OF)
"""attrs' own validators that look at nothing but the value."""
