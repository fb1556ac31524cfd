"""What generated Python clients run on: when to come back, what to show, and what becomes of values."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.clients.runtime import ABSENT, CallError, Face, Operation, Options, QueueFull, Retry, retry_of
from wsdrf.clients.runtime import forms as f
from wsdrf.clients.runtime.closing import RETRIES
from wsdrf.clients.runtime.exchanges import COMPLETE, Exchanges
from wsdrf.clients.runtime.options import Backoff, address, ask, expiry_of, handshake
from wsdrf.clients.runtime.texts import TEXTS

WIRE = Path(__file__).parents[2] / "docs" / "reference" / "wire.md"
ROW = re.compile(r"^\| (\d{4}) \| [^|]+ \| (never|after login|with back-off) \|$", re.MULTILINE)
FACE = Face(path="/ws/{name}/", scheme="Token")


def test_the_table_of_close_codes_is_the_references() -> None:
    """Each code of the reference's table has the retry that stands there, and there is no other."""
    documented = {int(code): Retry(retry) for code, retry in ROW.findall(WIRE.read_text("utf-8"))}

    assert documented == RETRIES


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        (4499, Retry.NEVER),
        (4599, Retry.BACK_OFF),
        (1001, Retry.BACK_OFF),
        (1006, Retry.BACK_OFF),
        (1011, Retry.BACK_OFF),
    ],
)
def test_other_codes_go_by_their_hundred(code: int, retry: Retry) -> None:
    """44xx never, 45xx with back-off, and so for what the network says."""
    assert retry is retry_of(code)


@given(st.integers(1, 2000), st.floats(0.01, 5), st.floats(5, 60))
def test_the_time_before_an_attempt_is_below_a_bound_that_doubles(attempts: int, first: float, last: float) -> None:
    """However many attempts there were; and after a connection that lasted it begins anew."""
    backoff = Backoff(Options(backoff=first, max_backoff=last))
    delays = [backoff.delay(0) for _ in range(attempts)]

    assert all(0 <= delay <= min(last, first * 2.0 ** min(n, 60)) for n, delay in enumerate(delays))
    assert backoff.delay(last) <= first


def test_the_random_times_differ() -> None:
    """Two clients that lost one server do not come back together."""
    delays = {Backoff(Options()).delay(0) for _ in range(10)}

    assert 1 < len(delays)


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("wss://example.com", "wss://example.com/ws/a%20b/"),
        ("https://example.com/", "wss://example.com/ws/a%20b/"),
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/a%20b/"),
    ],
)
def test_the_address_is_made_of_site_and_path(site: str, expected: str) -> None:
    """HTTP becomes WebSocket, and what a parameter holds is quoted."""
    assert expected == address(site, FACE, {"name": "a b"})


@pytest.mark.parametrize("slashed", [(), ("name",)])
def test_slashes_are_kept_where_they_divide(slashed: tuple[str, ...]) -> None:
    """What would end the path, or divide it where it is no path, is encoded; signs without a meaning stay."""
    face = Face(path="/ws/{name}/", slashed=slashed)

    assert f"ws://x/ws/a{'/' if slashed else '%2F'}C%23%3F%25(!)/" == address("ws://x", face, {"name": "a/C#?%(!)"})


def test_a_token_travels_by_its_carrier() -> None:
    """In the header with its scheme, encoded in a subprotocol, in the address, or not yet; headers stay."""
    options = Options(headers={"X-One": "1"})
    by_header, by_subprotocol, by_query, by_message = (
        handshake("ws://x/", FACE, options, "s cret", carrier)
        for carrier in ("header", "subprotocol", "query", "message")
    )

    assert {"X-One": "1", "Authorization": "Token s cret"} == by_header.headers
    assert ("wsdrf", "wsdrf.token.cyBjcmV0") == by_subprotocol.subprotocols
    assert "ws://x/?token=s+cret" == by_query.url
    assert ("ws://x/", {"X-One": "1"}, None) == (by_message.url, by_message.headers, by_message.subprotocols)
    assert "s cret" not in repr([by_header, by_query])


async def test_a_token_may_be_a_function() -> None:
    """A value, a function, a coroutine function, or nothing."""

    async def later() -> str:
        return "later"

    assert ["now", "soon", "later", None] == [
        await ask("now"),
        await ask(lambda: "soon"),
        await ask(later),
        await ask(None),
    ]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (
            "h." + base64.urlsafe_b64encode(json.dumps({"exp": 1795000000}).encode()).decode().rstrip("=") + ".s",
            1795000000.0,
        ),
        ("h." + base64.urlsafe_b64encode(b'{"sub": 1}').decode().rstrip("=") + ".s", None),
        ("no.jwt.atall", None),
        ("opaque", None),
    ],
)
def test_only_a_jwt_says_when_it_expires(token: str, expected: float | None) -> None:
    """Anything else is used until the server says that it has expired."""
    assert expected == expiry_of(token)


@frozen(kw_only=True)
class Note:
    text: str
    more: Any = ABSENT


NOTE = f.Record(Note, lambda: (f.Part("text", "text", f.TEXT), f.Part("more", "more", f.ANYTHING)))


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (f.TEXT, 1),
        (f.INTEGER, True),
        (f.INTEGER, 1.0),
        (f.BOOLEAN, 1),
        (f.NUMBER, True),
        (f.NOTHING, 0),
        (f.Choice((1, 1)), True),
        (f.Choice(("a", "a")), []),
        (f.Array(list, f.TEXT), "text"),
        (f.Row(f.TEXT, f.TEXT), ("one",)),
        (f.Map(f.TEXT, f.TEXT), []),
        (NOTE, {"text": "no instance"}),
        (f.OneOf(f.INTEGER, f.TEXT), 0.5),
        (f.Tagged("kind", ("a", lambda: NOTE)), "neither"),
        (TEXTS["date-time"], datetime(2026, 1, 1)),  # noqa: DTZ001 - it is to be refused
        (TEXTS["time-local"], time(1, tzinfo=timezone.utc)),
        (TEXTS["decimal"], Decimal("NaN")),
        (TEXTS["duration"], "P1D"),
    ],
)
def test_what_is_no_value_is_not_written(form: Any, value: Any) -> None:
    """A mistake shows where it was made, before anything is sent."""
    with pytest.raises((TypeError, ValueError)):
        form.write(value)


def test_fields_of_a_newer_server_are_left_out() -> None:
    """An old client reads what it knows, and what is absent is not written."""
    note = NOTE.read({"text": "x", "new": 1})

    assert (Note(text="x"), {"text": "x"}) == (note, NOTE.write(note))


def test_a_duration_keeps_its_sign() -> None:
    """Below zero too."""
    form = TEXTS["duration"]

    assert "-PT1H0.5S" == form.write(-timedelta(hours=1, seconds=0.5))
    assert timedelta(hours=-1, seconds=-0.5) == form.read("-PT1H0.5S")


async def test_a_stream_that_is_not_read_is_given_up() -> None:
    """What came before is given, then the error; later items take no room."""
    exchange = Exchanges().begin("count", Operation(None, {"count": f.INTEGER}), {})
    for number in range(10):
        exchange.answer({"action": "count", "payload": number}, 2)

    assert [0, 1] == [await exchange.next(), await exchange.next()]
    with pytest.raises(QueueFull):
        await exchange.next()
    assert 0 == exchange._found.qsize()


async def test_an_answer_that_is_not_known_is_an_error() -> None:
    """Of an action or of a type that this client has never heard of: it says to make the client anew."""
    for frame in ({"action": "other", "payload": 1}, {"action": "count", "payload": "one"}):
        exchange = Exchanges().begin("count", Operation(None, {"count": f.INTEGER}), {})
        exchange.answer(frame, 2)
        with pytest.raises(ValueError, match="anew"):
            await exchange.next()


async def test_an_answer_is_the_calls_own() -> None:
    """An id is found while the call is under way, and not after."""
    exchanges = Exchanges()
    first, second = (exchanges.begin("count", Operation(None, {}), {}) for _ in range(2))
    exchanges.end(first)
    second.answer({"action": "complete", "payload": None}, 2)

    assert (None, second) == (exchanges.find(first.id), exchanges.find(second.id))
    assert COMPLETE is await second.next()
    assert exchanges.find("1") is None


def test_an_error_says_what_and_where() -> None:
    """Code, status, detail, fields and when to come again."""
    errors = [{"loc": ["payload", 0], "code": "required", "detail": "This field is required."}]
    error = CallError({"code": "throttled", "status_code": 429, "detail": "Wait.", "errors": errors, "retry_after": 3})

    assert ("throttled", 429, "Wait.", 3) == (error.code, error.status_code, error.detail, error.retry_after)
    assert ("payload", 0) == error.errors[0].loc
    assert "429 throttled: Wait." == str(error)
