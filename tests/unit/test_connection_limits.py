"""The bounds of one connection: size, rate and errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.connection.limits import Limits
from wsdrf.envelope import Failure
from wsdrf.options import Options, Rate


@given(st.integers(1, 1000), st.integers(0, 2000))
def test_only_what_is_too_large_closes_with_4413(limit: int, size: int) -> None:
    """A frame of up to ``max_message_size`` bytes is read, and one of more closes with 4413."""
    assert (4413 if size > limit else None) == Limits(Options(max_message_size=limit)).admit(size)


@given(st.integers(1, 20))
def test_who_is_throttled_and_goes_on_is_closed(count: int) -> None:
    """``message_rate`` admits its count, answers ``throttled`` as often again, and then closes with 4429."""
    limits = Limits(Options(message_rate=Rate(count, 86400)))

    verdicts = [limits.admit(1) for _ in range(2 * count + 1)]

    assert [None] * count == verdicts[:count]
    for refused in verdicts[count : 2 * count]:
        assert isinstance(refused, Failure)
        assert ("throttled", 429) == (refused.code, refused.status_code)
        assert (refused.retry_after or 0) >= 1
    assert 4429 == verdicts[2 * count]


@pytest.mark.parametrize(
    ("code", "closing"),
    [("parse_error", 4400), ("invalid", 4400), ("unknown_action", 4400), ("permission_denied", 4429), ("busy", 4429)],
)
def test_errors_have_a_budget(code: str, closing: int) -> None:
    """``max_errors`` failures are answered; the next closes, with 4400 if it was malformed and else with 4429."""
    limits = Limits(Options(max_errors=Rate(3, 86400)))
    failure = Failure(400, code, "No.")

    assert [None, None, None, closing] == [limits.fail(failure) for _ in range(4)]


@pytest.mark.parametrize(("status_code", "code"), [(500, "error"), (504, "timeout"), (503, "service_unavailable")])
def test_failures_of_the_server_cost_the_client_nothing(status_code: int, code: str) -> None:
    """Who calls what the server cannot do is answered each time, and stays."""
    limits = Limits(Options(max_errors=Rate(3, 86400)))

    assert {None} == {limits.fail(Failure(status_code, code, "No.")) for _ in range(100)}
    assert [None, None, None, 4429] == [limits.fail(Failure(503, "busy", "No.")) for _ in range(4)]


def test_limits_can_be_off() -> None:
    """``None`` switches the rate and the budget off."""
    limits = Limits(Options(message_rate=None, max_errors=None))

    assert {None} == {limits.admit(1) for _ in range(1000)} | {
        limits.fail(Failure(500, "error", "")) for _ in range(1000)
    }
