"""What travels on the wire: a call that comes in, and why it was not done."""

from __future__ import annotations

from typing import Annotated, Any, Final, final

from attrs import frozen
from msgspec import Meta, Struct


@final
class Absent:
    """Stand for a value that was not given, where ``None`` is a value of its own."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()

CallId = str | int | None

AUTHENTICATE: Final = "authenticate"
"""The action of a call that carries a token."""

MAX_ID_LENGTH: Final = 255
"""How many characters the ``id`` of a call has at most."""

RESERVED_ACTIONS: Final = frozenset(
    {
        "authenticate",
        "authentication",
        "cancel",
        "complete",
        "error",
        "ping",
        "pong",
        "subscribe",
        "unsubscribe",
    }
)
"""Actions that belong to the protocol, besides every name that starts with ``wsdrf.``."""

RESERVED_PREFIX: Final = "wsdrf."


def is_reserved(action: str) -> bool:
    """Tell whether ``action`` belongs to the protocol and may not be declared."""
    return action in RESERVED_ACTIONS or action.startswith(RESERVED_PREFIX)


class Call(Struct, frozen=True):
    """What a client asks for: one frame, decoded but not yet structured.

    ``payload`` is plain JSON data, or ``ABSENT`` where the frame had none. An ``authenticate`` call has its ``token``
    instead, wherever the frame had it. Neither shows in the ``repr``: both are the client's, and a ``repr`` gets into
    logs. It is msgspec's kind of class, unlike all others here, because msgspec then makes it of a frame in one go.
    """

    action: str
    payload: Any = ABSENT
    id: Annotated[str, Meta(max_length=MAX_ID_LENGTH)] | int | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Call(action={self.action!r}, id={self.id!r})"


@frozen
class FieldError:
    """One thing that is wrong with a payload.

    ``loc`` is the path from the frame's root, such as ``("payload", "tags", 0)``. Neither ``code`` nor ``detail``
    ever holds a value that the client sent.
    """

    loc: tuple[str | int, ...]
    code: str
    detail: str


@frozen
class Failure:
    """Why a call was not done, in Django REST framework's words.

    ``status_code`` is the HTTP status that DRF would answer; ``code`` its stable name; ``detail`` a sentence (or, for
    an exception whose detail is structured, DRF's own list or dict); ``retry_after`` is in seconds.
    """

    status_code: int
    code: str
    detail: Any
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
