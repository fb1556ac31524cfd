"""Turn an exception into what Django REST framework answers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.settings import api_settings

from wsdrf.access.view import View
from wsdrf.codec.wrong import bounded
from wsdrf.envelope import INT_MAX, Failure, FieldError
from wsdrf.exceptions import Denied

ExceptionHandler: TypeAlias = Callable[[Exception, dict[str, Any]], Any]

FIELD_CODES: Final[Mapping[str, str]] = {
    "required": "required",
    "null": "null",
    "blank": "too_short",
    "empty": "too_short",
    "min_length": "too_short",
    "max_length": "too_long",
    "min_value": "too_small",
    "max_value": "too_large",
    "max_digits": "too_large",
    "max_whole_digits": "too_large",
    "invalid_choice": "choice",
    "not_a_list": "wrong_type",
    "not_a_dict": "wrong_type",
    "incorrect_type": "wrong_type",
    "unknown": "unknown",
}
"""What DRF's codes of a field error are called on the wire; every other is ``invalid``."""

ECHOING: Final[Mapping[str, str]] = {
    "invalid_choice": "Not one of the allowed values.",
    "does_not_exist": "There is no such object.",
    "no_match": "There is no such object.",
    "incorrect_match": "There is no such object.",
    "incorrect_type": "Not of the required type.",
    "not_a_list": "Expected an array.",
    "not_a_dict": "Expected an object.",
}
"""Sentences for DRF's codes whose own would repeat what the client sent."""


def denied(
    error: Exception, view: View, authenticators: Sequence[BaseAuthentication], handler: ExceptionHandler
) -> Denied | None:
    """Give what ``APIView.handle_exception`` would answer, or ``None`` where it would be an internal error.

    ``handler`` is the project's ``EXCEPTION_HANDLER``; its status and data stand.
    """
    if isinstance(error, DjangoValidationError):
        error = ValidationError(get_error_detail(error))
    if isinstance(error, (NotAuthenticated, AuthenticationFailed)):
        challenge = challenge_of(authenticators, view.request)
        if challenge:
            error.auth_header = challenge  # type: ignore[union-attr]  # where DRF's own view leaves it
        else:
            error.status_code = HTTPStatus.FORBIDDEN
    response = handler(error, {"view": view, "args": view.args, "kwargs": view.kwargs, "request": view.request})
    if response is None:
        return None
    data = plain(response.data)
    failure = Failure(
        status_code=response.status_code,
        code=code_of(error),
        detail=_detail_of(error, data),
        errors=bounded(field_errors(error.detail), "payload") if isinstance(error, ValidationError) else (),
        retry_after=_retry_after(error),
    )
    return Denied(failure, data)


def challenge_of(authenticators: Sequence[BaseAuthentication], request: Request | None) -> str | None:
    """Give the ``WWW-Authenticate`` header of a refusal. Source: ``APIView.get_authenticate_header``."""
    if not authenticators or request is None:
        return None
    header: str | None = next(iter(authenticators)).authenticate_header(request)
    return header


def code_of(error: Exception) -> str:
    """Give the stable code of an exception that DRF answers."""
    if isinstance(error, Http404):
        return NotFound.default_code
    if isinstance(error, DjangoPermissionDenied):
        return PermissionDenied.default_code
    if not isinstance(error, APIException):
        return APIException.default_code
    if isinstance(error, ValidationError):
        return ValidationError.default_code
    if isinstance(error.detail, dict):
        return str(error.detail.get("code", error.default_code))
    return str(getattr(error.detail, "code", None) or error.default_code)


def field_errors(detail: Any, loc: tuple[str | int, ...] = ()) -> Iterator[FieldError]:
    """Flatten the detail of a DRF ``ValidationError`` into one record a fault, without any value of the client.

    Each ``loc`` starts at the payload.
    """
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from field_errors(inner, loc if name == api_settings.NON_FIELD_ERRORS_KEY else (*loc, name))
    elif isinstance(detail, (list, tuple)):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list, tuple))
            yield from field_errors(inner, (*loc, index) if nested else loc)
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield FieldError(loc, FIELD_CODES.get(code, "invalid"), ECHOING.get(code, str(detail)))


def plain(data: Any) -> Any:
    """Give ``data`` of a response as plain JSON data: lazy texts and ``ErrorDetail`` become ``str``."""
    if isinstance(data, Mapping):
        return {str(name): plain(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if data is None or isinstance(data, (bool, int, float)):
        return data
    return str(data)


def status_text(status_code: int) -> str:
    """Give the standard phrase of an HTTP status (RFC 9110 section 15), or an empty one for an unknown status."""
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return ""


def _detail_of(error: Exception, data: Any) -> Any:
    if isinstance(data, Mapping) and "detail" in data:
        return data["detail"]
    if isinstance(error, ValidationError):
        texts = data if isinstance(data, list) else []
        return texts[0] if len(texts) == 1 and isinstance(texts[0], str) else "Invalid input."
    return data


def _retry_after(error: Exception) -> int | None:
    wait = getattr(error, "wait", None)  # of whatever exception, as DRF's own handler reads it
    return int(wait) if isinstance(wait, (int, float)) and 0 <= wait <= INT_MAX else None
