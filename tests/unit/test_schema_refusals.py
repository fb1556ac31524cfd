"""What cannot travel as JSON, and the words that say so."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, Optional

import attrs
import pytest

from tests.laws.zoo import (
    Colour,
    Movie,
    Page,
)
from wsdrf.exceptions import DeclarationError
from wsdrf.schema import (
    describe,
)


class Flags(enum.Flag):
    A = 1


class Empty(enum.Enum):
    pass


class Objects(enum.Enum):
    A = (1, 2)


class Infinite(enum.Enum):
    A = float("inf")


class Plain:
    pass


@attrs.frozen
class Holder:
    paths: dict[str, list[Path]]


@attrs.frozen
class Private:
    _secret: int


@dataclass
class PrivateData:
    _secret: int


@dataclass
class Initial:
    x: InitVar[int]
    y: int = field(default=0)


@attrs.define(auto_attribs=False)
class Untyped:
    x = attrs.field()


@attrs.frozen
class Unresolved:
    x: Nowhere  # type: ignore[name-defined]  # noqa: F821 - the mistake that is tested


@attrs.frozen
class NoType:
    x: enum.Nothing  # type: ignore[name-defined]  # the mistake that is tested


@attrs.frozen
class Listing:
    items: list[int]


@attrs.define
class Changeable:
    x: int


@attrs.frozen
class Left:
    kind: Literal["x"]


@attrs.frozen
class Right:
    kind: Literal["x", "y"]


@pytest.mark.parametrize(
    ("tp", "words"),
    [
        (complex, "What is annotated is complex, which cannot travel as JSON. Decorate a class of your own with @message; else use an attrs class"),
        (Plain, "What is annotated is Plain, which cannot travel"),
        (Holder, r"Holder.paths{}\[\] is Path, which cannot travel"),
        (Callable[[int], int], "cannot travel"),
        (type[int], "cannot travel"),
        (deque[int], "cannot travel"),
        (list["Plain"], "name that is not resolved"),
        (Page, "Page.items.* is the type variable ~T.*Page.int"),
        (Flags, "What is annotated is Flags, whose values cannot be listed"),
        (Empty, "values cannot be listed"),
        (Objects, "the value of Objects.A is no JSON value"),
        (Infinite, "Infinite.A is not finite"),
        (Literal[b"x"], "b'x' is no JSON value"),
        (int | float | bool | str | date, "two members that are a string in JSON.*Literal field"),
        (Colour | str, "two members that are a string"),
        (dict[str, int] | Movie, "two members that are an object"),
        (list[int] | set[int], "two members that are an array"),
        (Optional[Any] | int, "any value at all"),  # noqa: UP045 - Any | int is no union before Python 3.11
        (Listing | Changeable, "nothing tells Listing, Changeable apart.*Literal"),
        (Left | Right, "nothing tells Left, Right apart"),
        (Private, "Private._secret is private.*no default.*Give it a default"),
        (PrivateData, "PrivateData._secret is private"),
        (Initial, "Initial.x is an InitVar"),
        (Untyped, "Untyped.x has no type. Annotate it"),
        (Unresolved, "names 'Nowhere', which is not found.*top level of .*test_schema"),
        (NoType, "NoType has an annotation that is no type.*Annotate each field with a type"),
        (set[Any], "items cannot be in a set"),
        (set[list[int]], "items cannot be in a set"),
        (set[Listing], "items cannot be in a set"),
        (set[Changeable], "items cannot be in a set"),
        (set[Movie], "items cannot be in a set"),
        (frozenset[dict[str, int]], "items cannot be in a set"),
        (set[tuple[int, list[int]]], "items cannot be in a set"),
        (set[int | list[int]], "items cannot be in a set"),
        (dict[bool, int], "a key in JSON is a string"),
        (dict[float, int], "a key in JSON is a string"),
        (dict[Any, int], "a key in JSON is a string"),
        (dict[Literal[1], int], "a key in JSON is a string"),
        (dict[str | None, int], "a key in JSON is a string"),
    ],
)  # fmt: skip
def test_what_cannot_be_described(tp: Any, words: str) -> None:
    """What cannot travel is a DeclarationError that names the type, the path to it, and the cure."""
    with pytest.raises(DeclarationError, match=words):
        describe(tp)
