"""Everything that wsdrf raises or answers, drawn as one tree.

WsdrfError
├── DeclarationError          a consumer or message class is written wrongly; raised when the class is defined
├── ConfigurationError        an option or setting is wrong; raised when the application is built
├── NotConnected              something that needs an open connection was called without one
├── CredentialsLost           who was let in may no longer be: the connection is told why and closed
└── Refusal                   a call is answered with an error frame; the connection goes on
    ├── ParseError            400 parse_error: the frame is no JSON that wsdrf reads
    ├── InvalidCall           400 invalid: the frame or its payload breaks the schema; has field errors
    ├── UnknownAction         404 unknown_action
    ├── Throttled             429 throttled; has retry_after
    ├── Busy                  503 busy: too many calls, streams or groups at once
    ├── TimedOut              504 timeout: the handler took longer than it may
    ├── Unverified            500 error: whether the credentials still hold could not be found out
    └── Denied                any status: what DRF answered; made from the project's EXCEPTION_HANDLER
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from wsdrf.envelope import Failure, FieldError

__all__ = [
    "Busy",
    "ConfigurationError",
    "CredentialsLost",
    "DeclarationError",
    "Denied",
    "InvalidCall",
    "NotConnected",
    "ParseError",
    "Refusal",
    "Throttled",
    "TimedOut",
    "UnknownAction",
    "Unverified",
    "WsdrfError",
]


class WsdrfError(Exception):
    """Be the root of every error of wsdrf."""


class DeclarationError(WsdrfError, TypeError):
    """Say that a class is declared wrongly: who, what goes wrong, and the cure."""


class ConfigurationError(WsdrfError, ValueError):
    """Say that an option or a setting is wrong, where it was set, and what would be right."""


class NotConnected(WsdrfError, RuntimeError):
    """Say that a call needs an open connection and there is none."""


class CredentialsLost(WsdrfError):
    """Say that a connection's credentials no longer let it in; ``result`` is what authentication answered."""

    def __init__(self, result: Any) -> None:
        self.result = result
        super().__init__(result.status_code, result.code)


class Refusal(WsdrfError):
    """Answer a call with an error frame, and let the connection go on.

    A user's handler does better to raise DRF's own exceptions (``rest_framework.exceptions``), which are answered
    alike over REST.
    """

    status_code: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    detail: ClassVar[str] = "A server error occurred."

    def __init__(self, failure: Failure | None = None) -> None:
        self.failure: Failure = failure or Failure(self.status_code, self.code, self.detail)
        super().__init__(self.failure.code, self.failure.detail)


class ParseError(Refusal):
    """Refuse a frame that is not the JSON that wsdrf reads. ``detail`` says why, without the client's text."""

    status_code = 400
    code = "parse_error"

    def __init__(self, detail: str) -> None:
        super().__init__(Failure(self.status_code, self.code, detail))


class InvalidCall(Refusal):
    """Refuse a frame whose envelope or payload breaks the schema, naming each place."""

    status_code = 400
    code = "invalid"
    detail = "Invalid input."

    def __init__(self, errors: Iterable[FieldError]) -> None:
        super().__init__(Failure(self.status_code, self.code, self.detail, tuple(errors)))


class UnknownAction(Refusal):
    """Refuse a call of an action that the consumer does not have."""

    status_code = 404
    code = "unknown_action"
    detail = "Unknown action."


class Throttled(Refusal):
    """Refuse a call that came too soon. ``retry_after`` is in seconds."""

    status_code = 429
    code = "throttled"
    detail = "Request was throttled."

    def __init__(self, retry_after: int | None = None) -> None:
        super().__init__(Failure(self.status_code, self.code, self.detail, retry_after=retry_after))


class Busy(Refusal):
    """Refuse a call, a stream or a group beyond what one connection may have at once."""

    status_code = 503
    code = "busy"
    detail = "Too many at once. Try again later."


class TimedOut(Refusal):
    """Answer for a handler that took longer than its ``timeout``."""

    status_code = 504
    code = "timeout"
    detail = "The action took too long."


class Unverified(Refusal):
    """Refuse a call because looking at the credentials again failed; the log says why."""


class Denied(Refusal):
    """Refuse with what Django REST framework answered: a permission, an authentication, an object not found."""

    def __init__(self, failure: Failure, data: Any = None) -> None:
        super().__init__(failure)
        self.data: Any = {"detail": failure.detail} if data is None else data
