"""What a generated conversation can find wrong with a consumer, drawn as one tree.

Finding
├── InternalError         a call was answered with ``error`` 500, or wsdrf had to log an error
├── Unanswered            a call, a stream or a handshake did not come to its end
├── AnsweredTwice         a call got a second answer, or one that nobody asked for
├── OutOfOrder            answers came in another order than the calls
├── WrongFrame            a frame is of no type that the consumer declares
├── Forbidden             a handler ran, or somebody was let in, whom the guards forbid
├── Unguarded             an anonymous caller was answered by an action that nothing guards
├── WrongRefusal          a call was not refused as its guards or its mistake foretell
├── Unauthenticated       something was sent or done before authentication, or after its loss
├── ClosedUnexpectedly    the connection ended, and nothing explains it
├── LeftOver              a connection left something behind
└── Shared                connections changed what belongs to their class, and with it to each other
"""

from __future__ import annotations

from typing import Final, NoReturn

from typing_extensions import override

__all__ = [
    "AnsweredTwice",
    "ClosedUnexpectedly",
    "Finding",
    "Forbidden",
    "InternalError",
    "LeftOver",
    "OutOfOrder",
    "Shared",
    "Unanswered",
    "Unauthenticated",
    "Unguarded",
    "WrongFrame",
    "WrongRefusal",
    "fail_inside",
]

NO_INTERNAL_ERROR: Final = (
    'assert 500 not in [frame["payload"].get("status_code") for frame in frames if "error" == frame["action"]]'
)


class Finding(AssertionError):
    """Say what a consumer does that none may. ``script`` is the conversation that shows it, as a test.

    ``check`` is the line of Python by which that test fails: it knows the ``frames`` that a client got after its last
    one.
    """

    def __init__(self, problem: str, check: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.check = check
        self.script = ""

    @override
    def __str__(self) -> str:
        return f"{self.problem}\n\n{self.script}" if self.script else self.problem


class InternalError(Finding):
    """A call was answered with ``error`` 500, or wsdrf had to log an error."""


def fail_inside(problem: str, check: str = NO_INTERNAL_ERROR) -> NoReturn:
    """Raise the finding for a failure of the consumer's own code.

    Each comes from this line, however it came to light: hypothesis tells findings apart by where they are raised.
    """
    raise InternalError(problem, check)


class Unanswered(Finding):
    """A call, a stream or a handshake did not come to its end."""


class AnsweredTwice(Finding):
    """A call got a second answer, or one that nobody asked for."""


class OutOfOrder(Finding):
    """Answers came in another order than the calls."""


class WrongFrame(Finding):
    """A frame is of no type that the consumer declares."""


class Forbidden(Finding):
    """A handler ran, or somebody was let in, whom the guards forbid."""


class Unguarded(Finding):
    """An anonymous caller was answered by an action that nothing guards."""


class WrongRefusal(Finding):
    """A call was not refused as its guards or its mistake foretell."""


class Unauthenticated(Finding):
    """Something was sent or done before authentication, or after its loss."""


class ClosedUnexpectedly(Finding):
    """The connection ended, and nothing explains it."""


class LeftOver(Finding):
    """A connection left something behind."""


class Shared(Finding):
    """Connections changed what belongs to their class, and with it to each other."""
