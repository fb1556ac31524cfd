"""How typed values become JSON data and come back: one small object for each kind of value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Final, cast

from attrs import frozen

from .face import ABSENT, Form


@frozen
class Anything:
    """JSON data that stays as it is."""

    def read(self, data: Any) -> Any:
        """Give ``data``."""
        return data

    def write(self, value: Any) -> Any:
        """Give ``value``."""
        return value


@frozen
class Scalar:
    """A string, a boolean, an integer or ``None``, and nothing that looks like it."""

    type: type[Any]

    def read(self, data: Any) -> Any:
        """Give ``data``. Raises ``TypeError`` for another type."""
        if type(data) is not self.type:
            raise TypeError(f"Expected {self.type.__name__}, not {data!r}.")
        return data

    write = read


@frozen
class Number:
    """A float; an integer is one too."""

    def read(self, data: Any) -> float:
        """Give a float. Raises ``TypeError`` for what is no number."""
        if type(data) not in (int, float):
            raise TypeError(f"Expected a number, not {data!r}.")
        return float(data)

    write = read


@frozen
class IntegerKey:
    """An integer that is a key, and so a string in JSON."""

    def read(self, data: Any) -> int:
        """Give the integer of a key."""
        return int(data)

    def write(self, value: Any) -> str:
        """Give the key of an integer. Raises ``TypeError`` for anything else."""
        return str(INTEGER.read(value))


class Choice:
    """One of a few values: ``options`` are what stands in JSON for which value."""

    def __init__(self, *options: tuple[Any, Any]) -> None:
        self._values = {_key(wire): value for wire, value in options}
        self._wires = {_key(value): wire for wire, value in options}

    def read(self, data: Any) -> Any:
        """Give the value. Raises ``ValueError`` where it is none of them."""
        return _choose(self._values, data)

    def write(self, value: Any) -> Any:
        """Give what stands for ``value``. Raises ``ValueError`` where it is none of them."""
        return _choose(self._wires, value)


def _key(value: Any) -> tuple[bool, Any]:
    return isinstance(value, bool), value


def _choose(options: Mapping[Any, Any], value: Any) -> Any:
    if value is not None and not isinstance(value, (str, int, float, Enum)):
        raise TypeError(f"Expected one of a few values, not {value!r}.")
    key = _key(value)
    if key not in options:
        raise ValueError(f"{value!r} is not one of {[known for _, known in options]}.")
    return options[key]


@frozen
class Array:
    """A list, tuple, set or frozenset whose items are alike."""

    type: type[Any]
    items: Form

    def read(self, data: Any) -> Any:
        """Give the collection. Raises ``TypeError`` for what is no array."""
        return self.type(self.items.read(item) for item in array(data))

    def write(self, value: Any) -> list[Any]:
        """Give the array. Raises ``TypeError`` for what is no collection."""
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise TypeError(f"Expected {self.type.__name__}, not {value!r}.")
        return [self.items.write(item) for item in cast("list[Any]", value)]


class Row:
    """A tuple of fixed length."""

    def __init__(self, *items: Form) -> None:
        self._items = items

    def read(self, data: Any) -> tuple[Any, ...]:
        """Give the tuple. Raises ``ValueError`` for another length."""
        return tuple(form.read(item) for form, item in zip(self._items, array(data), strict=True))

    def write(self, value: Any) -> list[Any]:
        """Give the array. Raises ``ValueError`` for another length."""
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"Expected a tuple, not {value!r}.")
        return [form.write(item) for form, item in zip(self._items, cast("list[Any]", value), strict=True)]


@frozen
class Map:
    """A dict whose keys are data."""

    keys: Form
    values: Form

    def read(self, data: Any) -> dict[Any, Any]:
        """Give the dict. Raises ``TypeError`` for what is no object."""
        return {self.keys.read(key): self.values.read(value) for key, value in object_of(data).items()}

    def write(self, value: Any) -> dict[str, Any]:
        """Give the object. Raises ``TypeError`` for what is no dict."""
        return {self.keys.write(key): self.values.write(item) for key, item in object_of(value).items()}


@frozen
class Part:
    """A field of a record: its name in Python, in JSON, and its form."""

    name: str
    key: str
    form: Form


class Record:
    """An object with named fields, which is a ``cls``. ``parts`` is called when it is first needed."""

    def __init__(self, cls: type[Any], parts: Callable[[], tuple[Part, ...]]) -> None:
        self.cls = cls
        self._make = parts

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        return self._make()

    def read(self, data: Any) -> Any:
        """Give an instance; keys that this client does not know are of a newer server, and left out."""
        found = object_of(data)
        return self.cls(**{part.name: part.form.read(found[part.key]) for part in self._parts if part.key in found})

    def write(self, value: Any) -> dict[str, Any]:
        """Give the object, without what is absent. Raises ``TypeError`` for another class."""
        if not isinstance(value, self.cls):
            raise TypeError(f"Expected {self.cls.__name__}, not {value!r}.")
        named = ((part, getattr(value, part.name)) for part in self._parts)
        return {part.key: part.form.write(item) for part, item in named if item is not ABSENT}


class Tagged:
    """One of several records, told apart by the value of ``tag``."""

    def __init__(self, tag: str, *members: tuple[Any, Callable[[], Form]]) -> None:
        self._tag = tag
        self._forms = {_key(value): form for value, form in members}

    def read(self, data: Any) -> Any:
        """Give an instance of the class that the tag names."""
        form: Callable[[], Form] = _choose(self._forms, object_of(data).get(self._tag))
        return form().read(data)

    def write(self, value: Any) -> Any:
        """Give the object. Raises ``TypeError`` for a class that is none of them."""
        for form in self._forms.values():
            record = form()
            if isinstance(record, Record) and isinstance(value, record.cls):
                return record.write(value)
        raise TypeError(f"{value!r} is none of the union.")


class OneOf:
    """One of several forms; the first that takes a value has it."""

    def __init__(self, *members: Form) -> None:
        self._members = members

    def read(self, data: Any) -> Any:
        """Give the value. Raises ``ValueError`` where no member takes it."""
        return _first([member.read for member in self._members], data)

    def write(self, value: Any) -> Any:
        """Give the JSON data. Raises ``ValueError`` where no member takes it."""
        return _first([member.write for member in self._members], value)


def _first(deeds: list[Callable[[Any], Any]], value: Any) -> Any:
    reasons: list[str] = []
    for deed in deeds:
        try:
            return deed(value)
        except (TypeError, ValueError, ArithmeticError) as error:
            reasons.append(str(error))
    raise ValueError(" ".join(reasons))


class Later:
    """A form that is within itself. ``form`` is called when it is first needed."""

    def __init__(self, form: Callable[[], Form]) -> None:
        self._make = form

    @cached_property
    def _form(self) -> Form:
        return self._make()

    def read(self, data: Any) -> Any:
        """Give the value."""
        return self._form.read(data)

    def write(self, value: Any) -> Any:
        """Give the JSON data."""
        return self._form.write(value)


def array(data: Any) -> list[Any]:
    """Give a JSON array. Raises ``TypeError`` for anything else."""
    found: list[Any] = data
    if not isinstance(data, list):
        raise TypeError(f"Expected an array, not {data!r}.")
    return found


def object_of(data: Any) -> dict[Any, Any]:
    """Give a JSON object. Raises ``TypeError`` for anything else."""
    found: dict[Any, Any] = data
    if not isinstance(data, dict):
        raise TypeError(f"Expected an object, not {data!r}.")
    return found


ANYTHING: Final = Anything()
NOTHING: Final = Scalar(type(None))
BOOLEAN: Final = Scalar(bool)
INTEGER: Final = Scalar(int)
NUMBER: Final = Number()
TEXT: Final = Scalar(str)
INTEGER_KEY: Final = IntegerKey()
