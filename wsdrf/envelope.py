"""What travels on the wire: a call that comes in, why it was not done, and the code that ends a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
"""Between these, both included, are the integers that may travel."""

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

CLOSE_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "1000": {"means": "the end was meant", "retry": "never"},
    "4400": {"means": "too many malformed frames, or a malformed handshake", "retry": "never"},
    "4401": {"means": "not logged in, or not any more", "retry": "after login"},
    "4403": {"means": "refused: no credentials, or no right", "retry": "after login"},
    "4404": {"means": "no such object", "retry": "never"},
    "4408": {"means": "timed out: authentication took too long, or the client did not read", "retry": "with back-off"},
    "4413": {"means": "a frame was too big", "retry": "never"},
    "4429": {"means": "too many frames, or a throttle refused the connection", "retry": "with back-off"},
    "4500": {"means": "the server failed", "retry": "with back-off"},
    "4503": {"means": "the server restarts or is full", "retry": "with back-off"},
}
"""The close codes, what they mean, and whether to come back."""

_ACTION: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


def is_well_formed(action: object) -> bool:
    """Tell whether ``action`` is a text of 1 to 100 letters, digits and ``_ . - : /``, all of ASCII."""
    return isinstance(action, str) and _ACTION.fullmatch(action) is not None


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
