"""What a close code tells to do: the retry column of the table of close codes, as data."""

from __future__ import annotations

from enum import Enum
from typing import Final

from attrs import frozen


class Retry(Enum):
    """Whether to connect again: not at all, not with the same credentials, or after a random time that grows."""

    NEVER = "never"
    AFTER_LOGIN = "after login"
    BACK_OFF = "with back-off"


RETRIES: Final[dict[int, Retry]] = {
    1000: Retry.NEVER,
    4400: Retry.NEVER,
    4401: Retry.AFTER_LOGIN,
    4403: Retry.AFTER_LOGIN,
    4404: Retry.NEVER,
    4408: Retry.BACK_OFF,
    4413: Retry.NEVER,
    4429: Retry.BACK_OFF,
    4500: Retry.BACK_OFF,
    4503: Retry.BACK_OFF,
}
"""The codes that have a line of their own; the rest follows from the code's hundred."""


@frozen
class Closing:
    """How a connection ended, or why there was none.

    ``code`` is 1000, 4000 plus an HTTP status, or one of the network's (1006: it broke). ``detail`` is a sentence of
    the server's where it sent one. ``retry`` is what the code tells to do, and ``is_final`` that the client does not
    come back by itself.
    """

    code: int
    detail: str
    retry: Retry
    is_final: bool = False


def retry_of(code: int) -> Retry:
    """Tell what a close code asks for."""
    known = RETRIES.get(code)
    if known is not None:
        return known
    return Retry.NEVER if 4400 <= code < 4500 else Retry.BACK_OFF
