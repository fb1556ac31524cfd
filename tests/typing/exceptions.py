"""What type checkers make of ``wsdrf.exceptions``: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from wsdrf.envelope import Failure, FieldError
from wsdrf.exceptions import (
    Busy,
    ConfigurationError,
    CredentialsLost,
    DeclarationError,
    Denied,
    InvalidCall,
    NotConnected,
    ParseError,
    Refusal,
    Throttled,
    TimedOut,
    UnknownAction,
    Unverified,
    WsdrfError,
)


def code_of(error: Refusal) -> str:
    assert_type(error.failure, Failure)
    return error.code


def raised() -> None:
    some: list[WsdrfError] = [Busy(), TimedOut(), UnknownAction(), Unverified(), Throttled(), DeclarationError("x")]
    assert_type(ParseError("Not JSON.").status_code, int)
    assert_type(
        InvalidCall([FieldError(("payload",), "required", "It is required.")]).failure.errors, tuple[FieldError, ...]
    )
    assert_type(Throttled(retry_after=7).failure.retry_after, int | None)
    assert_type(Denied(Failure(403, "permission_denied", "No.")).detail, str)
    type_error: TypeError = DeclarationError("x")
    value_error: ValueError = ConfigurationError("x")
    runtime_error: RuntimeError = NotConnected("x")
    assert_type(CredentialsLost(None).result, Any)
    print(some, type_error, value_error, runtime_error)
    ParseError()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a detail is required
    InvalidCall(["text"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # errors have a place and a code
    InvalidCall("required")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # errors have a place and a code
    Throttled("soon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # seconds are a number
    Denied("no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # what DRF answered is required
    Busy("no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it is a failure, or nothing
    Refusal(404)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it is a failure, or nothing
    UnknownAction(action="say")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # it takes no action
    wrong: ValueError = NotConnected("x")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is a RuntimeError
    print(wrong)
