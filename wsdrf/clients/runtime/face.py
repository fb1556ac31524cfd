"""What a generated client knows of its consumer: where it is, what it answers, what it sends."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Protocol

from attrs import field, frozen


class Absent(Enum):
    """Stand for what is not given, where ``None`` is a value of its own; the server then has its own default."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Form(Protocol):
    """Reads a value from JSON data and writes it; either raises ``TypeError`` or ``ValueError`` where it is none."""

    def read(self, data: Any, /) -> Any:
        """Give the value of JSON data."""
        ...

    def write(self, value: Any, /) -> Any:
        """Give the JSON data of a value."""
        ...


@frozen
class Operation:
    """One action: the form of its payload (``None``: it takes none), and of each reply by the action of its frame."""

    payload: Form | None
    replies: Mapping[str, Form]


@frozen
class Face:
    """A consumer as its clients see it.

    ``path`` has parameters in braces, of which those in ``slashed`` keep their slashes. ``carriers`` are the ways of a
    token, the best first, and ``scheme`` is what stands before it in a header. ``greets`` tells whether the server says
    when the client is in. ``events`` have the class and the form of each message that nobody asked for, by action.
    """

    path: str
    slashed: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ("header",)
    scheme: str = "Bearer"
    query: str = "token"
    greets: bool = True
    operations: Mapping[str, Operation] = field(factory=dict[str, Operation])
    events: Mapping[str, tuple[type[Any], Form]] = field(factory=dict[str, tuple[type[Any], Form]])
