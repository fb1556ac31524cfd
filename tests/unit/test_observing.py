"""What observers are told holds no secret, and what they raise is theirs alone."""

from __future__ import annotations

import asyncio
import logging
import string
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.observing import SECRET_HEADERS, CallRecord, ConnectionRecord, Observer, fields_of, tell

NAMES = st.one_of(
    st.sampled_from(sorted(name.decode() for name in SECRET_HEADERS)), st.text(string.ascii_letters + "-", max_size=12)
)


class Room:
    """Stands for a consumer."""


def record_of(headers: Any = (), user: Any = None) -> ConnectionRecord:
    return ConnectionRecord("one", Room, SimpleNamespace(scope={"headers": headers}, user=user))


@given(NAMES, st.randoms(use_true_random=False))
def test_no_header_that_may_hold_a_secret_is_told(name: str, random: Any) -> None:
    """However its name is written, a header with credentials is not given, and any other is."""
    written = "".join(random.choice((letter.upper(), letter.lower())) for letter in name)
    encoded = written.encode()
    record = record_of([(b"host", b"x"), (encoded, "grün".encode("latin-1"))])

    expected = None if encoded.lower() in SECRET_HEADERS else "x" if encoded.lower() == b"host" else "grün"
    assert expected == record.header(name)
    assert "grün" not in repr(record)


def test_a_header_that_is_not_there_is_none() -> None:
    """A header that the handshake did not have, or a handshake without any, gives nothing."""
    assert (None, None) == (record_of().header("traceparent"), record_of(None).header("traceparent"))


def test_a_connection_tells_who_and_where_in_plain_words() -> None:
    """The consumer is named by module and class; the user by the primary key, nobody by ``None``."""
    assert f"{__name__}.Room" == record_of().consumer
    assert (None, None, 7) == (
        record_of().user_pk,
        record_of(user=SimpleNamespace()).user_pk,
        record_of(user=SimpleNamespace(pk=7)).user_pk,
    )


def test_the_log_has_the_facts_and_nothing_else() -> None:
    """The fields of a call's log record are these, with ``items`` for a stream."""
    call = CallRecord(record_of(user=SimpleNamespace(pk=7)), "chat.say", duration=0.0123456)
    expected = {
        "action": "chat.say",
        "user_pk": 7,
        "status_code": 200,
        "code": "ok",
        "duration_ms": 12.346,
        "connection_id": "one",
        "consumer": f"{__name__}.Room",
    }
    assert expected == fields_of(call)
    call.items = 0
    assert expected | {"items": 0} == fields_of(call)


class Failing(Observer):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def connected(self, connection: ConnectionRecord) -> None:
        raise self.error


class Counting(Observer):
    count = 0

    def connected(self, connection: ConnectionRecord) -> None:
        self.count += 1


@pytest.mark.parametrize("error", [ValueError("x"), asyncio.CancelledError()])
def test_what_an_observer_raises_is_logged_and_goes_no_further(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """An observer that fails is named in the log; the others are told."""
    counting = Counting()
    tell(record_of(), "connected", [Failing(error), counting])

    assert 1 == counting.count
    (record,) = caplog.records
    assert ("wsdrf.observing", logging.ERROR, "An observer failed") == (record.name, record.levelno, record.message)
    assert ("Failing", "connected") == (vars(record)["observer"], vars(record)["event"])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()])
def test_the_end_of_the_process_is_no_failure_of_an_observer(error: BaseException) -> None:
    """What ends the process is not held back."""
    with pytest.raises(type(error)):
        tell(record_of(), "connected", [Failing(error)])


def test_an_observer_hears_what_it_wants() -> None:
    """Each method does nothing unless it is overridden."""
    call = CallRecord(record_of(), "chat.say")
    for what in ("begun", "enter", "handled"):
        tell(call, what, [Observer()])
    for what in ("connected", "refused", "disconnected"):
        tell(call.connection, what, [Observer()])
    assert {} == call.notes == call.connection.notes
