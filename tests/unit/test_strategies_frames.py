"""Anything that a socket can carry: every kind of frame is drawn, and wsdrf survives each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from random import Random

import attrs
import pytest
from hypothesis import find, given, settings

from wsdrf.codec import Codec
from wsdrf.exceptions import InvalidCall, ParseError
from wsdrf.options import Options
from wsdrf.strategies import frames

CODEC = Codec()
SIZE = 200
SEARCH = settings(max_examples=20_000, database=None, deadline=None)


def detail(frame: str | bytes) -> str:
    """Say how the codec answers ``frame``: with the detail of its refusal, or its field errors, or "read"."""
    try:
        CODEC.decode(frame)
    except ParseError as refused:
        return str(refused.failure.detail)
    except InvalidCall as refused:
        return ", ".join(f"{'.'.join(map(str, error.loc))} {error.code}" for error in refused.failure.errors)
    return "read"


def raw(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def size(frame: str | bytes) -> int:
    return len(raw(frame))


@given(frame=frames())
def test_frames_are_called_for_or_refused(frame: str | bytes) -> None:
    """Whatever is drawn, the codec reads it or refuses it as malformed, and does nothing else."""
    assert isinstance(detail(frame), str)


@given(frame=frames())
def test_text_frames_are_what_a_server_lets_in(frame: str | bytes) -> None:
    """A text frame can be sent: it has no lone surrogate."""
    assert isinstance(frame, bytes) or frame.encode().decode() == frame


FOUND: dict[str, Callable[[str | bytes], bool]] = {
    "a call": lambda frame: detail(frame) == "read",
    "no object": lambda frame: " wrong_type" == detail(frame),
    "a call without action": lambda frame: "action required" in detail(frame),
    "an id of the wrong type": lambda frame: "id wrong_type" in detail(frame),
    "an id that is too long": lambda frame: "id too_long" in detail(frame),
    "no JSON": lambda frame: "not valid JSON" in detail(frame),
    "a key twice": lambda frame: "a key twice" in detail(frame),
    "NaN": lambda frame: "NaN" in detail(frame),
    "beyond 64 bits": lambda frame: "beyond 64 bits" in detail(frame),
    "too large a number": lambda frame: "too large" in detail(frame),
    "too deep": lambda frame: "nested deeper" in detail(frame),
    "just deep enough": lambda frame: detail(frame) == "read" and b"[" * 31 in raw(frame),
    "a lone surrogate": lambda frame: "surrogate" in detail(frame),
    "a byte order mark": lambda frame: "byte order mark" in detail(frame),
    "broken UTF-8": lambda frame: isinstance(frame, bytes) and "UTF-8" in detail(frame),
    "a binary call": lambda frame: isinstance(frame, bytes) and detail(frame) == "read",
    "the largest frame": lambda frame: size(frame) == SIZE and detail(frame) == "read",
    "a frame too large": lambda frame: size(frame) == SIZE + 1 and detail(frame) == "read",
    "text after the value": lambda frame: "more after" in detail(frame),
}


@pytest.mark.parametrize("kind", FOUND)
def test_every_kind_of_frame_is_drawn(kind: str) -> None:
    """Among what is drawn is every kind of frame that wsdrf has a word for."""
    assert FOUND[kind](find(frames(max_message_size=SIZE), FOUND[kind], settings=SEARCH))


@pytest.mark.parametrize("limit", [0, 1, 30, 31, 32, 1000])
def test_sizes_stand_about_the_limit(limit: int) -> None:
    """Frames of exactly the limit, and of one byte more, are drawn for any limit."""
    for expected in (limit, limit + 1):
        assert expected == size(
            find(frames(limit), lambda frame, expected=expected: size(frame) == expected, settings=SEARCH)
        )


SHORT = {
    "a call": '{"action": "x", "payload": 0}',
    "too deep": '{"action": "x", "payload": %s0}' % ("[" * 33),
    "too large a number": '{"action": "x", "payload": 1e309}',
    "broken UTF-8": b"\xff",
}


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a frame at the limit, before it is shrunk
@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("seed", range(5))
def test_found_frame_is_short(kind: str, seed: int) -> None:
    """Whatever is found first, be it a frame as large as may be, it is shrunk to one that can be read at a glance."""
    found = find(frames(), FOUND[kind], settings=SEARCH, random=Random(seed))

    assert size(found) <= size(SHORT[kind]), found


@pytest.mark.parametrize("seed", range(5))
def test_simplest_frame_is_a_word(seed: int) -> None:
    """Where any frame will do, the one that is shown is a word of JSON."""
    assert "null" == raw(find(frames(), lambda frame: True, settings=SEARCH, random=Random(seed))).decode()


def test_usual_limit_is_the_option_s() -> None:
    """Without an argument, sizes stand about the default of the option max_message_size."""
    usual = inspect.signature(frames).parameters["max_message_size"].default

    assert attrs.fields(Options).max_message_size.default == usual
