"""The tables: immutable mappings that print as they were declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Optional, TypedDict

import pytest
from attrs import evolve, frozen
from attrs.exceptions import FrozenInstanceError
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from wsdrf.declare import Load, Place
from wsdrf.routing import Kind, Reception, Receptions, Route, Routes, describe_guard, describe_type

PLACE = Place("rooms.Room.say", "rooms.py", 7)


@frozen
class Say:
    text: str


class UserRate:
    def allow_request(self, request: Any, view: Any) -> bool:
        return True


SAY = Route(
    action="chat.say",
    handler="say",
    kind=Kind.COROUTINE,
    payload=Say,
    replies=(Say, int),
    guards=(IsAuthenticated & ~AllowAny, IsAdminUser),
    throttles=("20/m", UserRate),
    loads=(Load("line", None, {"pk": "id"}, PLACE),),
    method="POST",
    timeout=30,
    concurrent=False,
    declared_by="Room",
    place=PLACE,
)
HISTORY = evolve(SAY, action="history", handler="history", kind=Kind.STREAM, payload=None, replies=(Say,), guards=())
RENAMED = Reception(Say, "renamed", (AllowAny,), "Room", PLACE)


def test_routes_are_a_mapping() -> None:
    """Routes map actions to routes in their order, and know nothing else."""
    routes = Routes({"chat.say": SAY, "history": HISTORY})
    assert ["chat.say", "history"] == list(routes)
    assert SAY is routes["chat.say"]
    assert None is routes.get("other")
    assert 2 == len(routes)


def test_receptions_are_a_mapping() -> None:
    """Receptions map message classes to receptions."""
    receptions = Receptions({Say: RENAMED})
    assert {Say: RENAMED} == receptions
    assert 1 == len(receptions)
    assert int not in receptions


def test_equal_tables_are_one_value() -> None:
    """Tables are equal when their entries are, in any order, and then share a hash."""
    one, other = Routes({"a": SAY, "b": HISTORY}), Routes({"b": HISTORY, "a": SAY})
    assert one == other
    assert 1 == len({one, other})
    assert one != Routes({"a": HISTORY, "b": HISTORY})
    assert 1 == len({Receptions({Say: RENAMED}), Receptions({Say: RENAMED})})


def test_tables_do_not_change() -> None:
    """A table cannot be written to, and does not follow the dict that it was made of."""
    entries = {"a": SAY}
    routes = Routes(entries)
    entries["b"] = HISTORY
    assert ["a"] == list(routes)
    with pytest.raises(TypeError):
        routes["b"] = HISTORY  # type: ignore[index]  # the mistake
    with pytest.raises(FrozenInstanceError):
        routes._routes = {}  # type: ignore[misc]  # the mistake


def test_routes_print_as_a_table() -> None:
    """The repr of routes is an aligned table; a stream's replies bear a star."""
    expected = """\
action    method  handler       payload  replies   guards                                     throttles       loads
chat.say  POST    Room.say      Say      Say, int  IsAuthenticated & ~AllowAny, IsAdminUser  20/m, UserRate  line
history   POST    Room.history  -        Say*      -                                          20/m, UserRate  line"""
    assert [line.split() for line in expected.splitlines()] == [
        line.split() for line in repr(Routes({"a": SAY, "b": HISTORY})).splitlines()
    ]


def test_columns_are_aligned() -> None:
    """Every cell of a column starts at the same place."""
    header, first, second = repr(Routes({"a": SAY, "b": HISTORY})).splitlines()
    assert {header.index("handler")} == {first.index("Room.say"), second.index("Room.history")}


def test_receptions_print_as_a_table() -> None:
    """The repr of receptions is a table too."""
    assert "event  handler       sends  guards\nSay    Room.renamed  -      AllowAny" == repr(
        Receptions({Say: RENAMED})
    )


def test_empty_tables_say_so() -> None:
    """A consumer without actions or events prints as one."""
    assert "no actions" == repr(Routes())
    assert "no events" == repr(Receptions())


class Tagged(TypedDict):
    tag: Literal["a"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Say, "Say"),
        (Tagged, "Tagged"),
        (None, "None"),
        (Say | None, "Say | None"),
        (Optional[Say], "Say | None"),  # noqa: UP045 - the old spelling is what is tried
        (list[Say], "list[Say]"),
        (dict[str, list[Say | None]], "dict[str, list[Say | None]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Annotated[int, "positive"], "int"),
        (Any, "Any"),
        (Literal["a", 1], "Literal['a', 1]"),
    ],
)
def test_type_is_written_as_annotated(annotation: Any, expected: str) -> None:
    """A type is written as in an annotation, without modules."""
    assert expected == describe_type(annotation)


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (AllowAny, "AllowAny"),
        (~AllowAny, "~AllowAny"),
        (AllowAny & (IsAdminUser | ~IsAuthenticated), "AllowAny & (IsAdminUser | ~IsAuthenticated)"),
        (~(AllowAny | IsAdminUser), "~(AllowAny | IsAdminUser)"),
    ],
)
def test_guard_is_written_as_declared(guard: Any, expected: str) -> None:
    """A permission expression is written with its operators."""
    assert expected == describe_guard(guard)
