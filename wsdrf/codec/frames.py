"""A frame's envelope: strict data to a ``Call``; a reply, failure or event to text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wsdrf.codec.strict import parse, write, write_plain
from wsdrf.codec.wrong import missing, unfit
from wsdrf.envelope import ABSENT, AUTHENTICATE, MAX_ID_LENGTH, Call, CallId, Failure, FieldError
from wsdrf.exceptions import InvalidCall


class InvalidFrame(InvalidCall):
    """Refuse a frame whose envelope is wrong. ``id`` is the call's, where the frame had a valid one."""

    def __init__(self, errors: Iterable[FieldError], id: CallId = None) -> None:
        super().__init__(errors)
        self.id = id


def decode(data: str | bytes, max_depth: int) -> Call:
    """Read a frame. Raises ``ParseError`` for what is not strict JSON, ``InvalidFrame`` for what is no call."""
    frame = parse(data, max_depth)
    if type(frame) is not dict:
        raise InvalidFrame([FieldError((), "wrong_type", "Expected an object.")])
    action = frame.get("action")
    call_id = frame.get("id")
    if type(action) is not str or not _is_id(call_id, frame):
        raise _invalid(frame)
    if action == AUTHENTICATE:
        return Call(action, ABSENT, call_id, _token(frame, call_id))
    return Call(action, frame.get("payload", ABSENT), call_id)


def encode_frame(action: str, payload: Any, id: CallId = None) -> str:
    """Write a frame. ``payload`` is plain JSON data; ``None`` for ``id`` leaves it out.

    Raises ``ValueError`` or ``TypeError`` for a payload that is not JSON, which is a fault of the server's own code.
    """
    if id is None:
        return write({"action": action, "payload": payload})
    return write({"action": action, "payload": payload, "id": id})


def encode_reply(action: str, payload: Any, id: CallId = None) -> str:
    """Do what ``encode_frame`` does, quicker, for a ``payload`` that the codec itself has made plain.

    Nothing is checked: what is no JSON could be written as something else.
    """
    frame = {"action": action, "payload": payload}
    if id is not None:
        frame["id"] = id
    return write_plain(frame).decode()


def encode_failure(failure: Failure, id: CallId = None) -> str:
    """Write the ``error`` frame that answers a call."""
    payload = {"status_code": failure.status_code, "code": failure.code, "detail": failure.detail}
    if failure.errors:
        payload["errors"] = [
            {"loc": list(error.loc), "code": error.code, "detail": error.detail} for error in failure.errors
        ]
    if failure.retry_after is not None:
        payload["retry_after"] = failure.retry_after
    return encode_frame("error", payload, id)


def _is_id(value: Any, frame: dict[str, Any]) -> bool:
    if type(value) is str:
        return len(value) <= MAX_ID_LENGTH
    return type(value) is int or "id" not in frame


def _invalid(frame: dict[str, Any]) -> InvalidFrame:
    errors: list[FieldError] = []
    if "action" not in frame:
        errors.append(missing("action"))
    elif type(frame["action"]) is not str:
        errors.extend(unfit(frame["action"], "a string", "action").errors)
    call_id = frame.get("id")
    if _is_id(call_id, frame):
        return InvalidFrame(errors, call_id)
    if type(call_id) is str:
        errors.append(FieldError(("id",), "too_long", f"Must have at most {MAX_ID_LENGTH} characters."))
    else:
        errors.extend(unfit(call_id, "a string or an integer", "id").errors)
    return InvalidFrame(errors)


def _token(frame: dict[str, Any], call_id: CallId) -> str:
    """Find the token beside the action, as the payload, or in the payload."""
    loc: tuple[str, ...] = ("token",)
    token = frame.get("token", ABSENT)
    if token is ABSENT and "payload" in frame:
        loc, token = ("payload",), frame["payload"]
        if type(token) is dict:
            loc, token = ("payload", "token"), token.get("token", ABSENT)
    if token is ABSENT:
        raise InvalidFrame([missing(*loc)], call_id)
    if type(token) is not str:
        raise InvalidFrame(unfit(token, "a string", *loc).errors, call_id)
    return token
