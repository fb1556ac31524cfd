"""Credentials that say when they end are read right, whatever they are; those that do not never end by a mistake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from time import time, tzset
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils.timezone import override
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.tokens import AccessToken

from wsdrf.access.expiry import seconds_left


def request(auth: Any, authenticator: Any = None, session: Any = None) -> Request:
    http = APIRequestFactory().get("/")
    if session is not None:
        http.session = session
    made = Request(http)
    made.user, made.auth = User(), auth
    made._authenticator = authenticator
    return made


def left(auth: Any) -> float | None:
    return seconds_left(request(auth))


NAMES = ["expiry", "expires", "expires_at"]
SLACK = 30
"""Seconds by which a busy machine may be late between two looks at the clock; a wrong zone is off by more."""
SECONDS = st.integers(-(10**8), 10**8)


@given(SECONDS)
def test_claims(seconds):
    """``exp`` of a mapping, or of an object that keeps claims in ``payload``, is seconds since the epoch."""
    end = int(time()) + seconds
    for auth in ({"exp": end}, SimpleNamespace(payload={"exp": end}), {"exp": float(end)}):
        assert max(0.0, end - time()) == pytest.approx(left(auth), abs=SLACK)


@given(st.sampled_from(NAMES), SECONDS)
def test_rows(name, seconds):
    """The end of a token's row is a datetime of whatever time zone."""
    for zone in (timezone.utc, timezone(timedelta(hours=9))):
        end = datetime.now(zone) + timedelta(seconds=seconds)
        assert max(0.0, float(seconds)) == pytest.approx(left(SimpleNamespace(**{name: end})), abs=SLACK)


def test_what_has_ended_has_no_second_left():
    """However long ago credentials have ended, nothing is left of them."""
    assert [0.0] * 3 == [left({"exp": time() - ago}) for ago in (0, 0.5, 10**6)]


@contextmanager
def of_the_machine(zone: str) -> Iterator[None]:
    """Let the process be in ``zone``: Django has it be in ``TIME_ZONE``, but not everywhere."""
    with patch.dict(os.environ, TZ=zone):
        tzset()
        yield
    tzset()


def test_a_naive_end():
    """A datetime without a time zone is in the project's, not in one that is active by chance, nor in the machine's."""
    with override_settings(TIME_ZONE="Asia/Tokyo"), override("America/Lima"), of_the_machine("Europe/Berlin"):
        end = datetime.now(timezone(timedelta(hours=9))).replace(tzinfo=None) + timedelta(seconds=90)
        assert 90 == pytest.approx(left(SimpleNamespace(expiry=end)), abs=SLACK)


@pytest.mark.parametrize("end", [None, True, "tomorrow", "1", [], {}])
def test_what_is_no_end(end):
    """What is no time is not taken for one."""
    assert left({"exp": end}) is None
    assert left(SimpleNamespace(expiry=end)) is None


@pytest.mark.parametrize("auth", [None, "abc", object(), {}, 7, ("exp", 1)])
def test_who_does_not_say(auth):
    """Credentials that say nothing of their end have none."""
    assert left(auth) is None


@pytest.mark.parametrize("end", [10**400, float("inf")])
def test_an_end_beyond_all_clocks(end):
    """An end that no clock will ever show is none."""
    assert left({"exp": end}) is None


def test_nan():
    """A number that is none is no end."""
    assert left({"exp": float("nan")}) is None


def test_simplejwt():
    """A token of simplejwt's own is read."""
    token = AccessToken()
    token.set_exp(lifetime=timedelta(seconds=90))
    assert 90 == pytest.approx(left(token), abs=SLACK)


def test_a_session_that_authenticated():
    """The end of a session counts where it has authenticated, and not where it was only there."""
    session = SimpleNamespace(stored_expiry=datetime.now(timezone.utc) + timedelta(seconds=90))
    assert 90 == pytest.approx(seconds_left(request(None, SessionAuthentication(), session)), abs=SLACK)
    assert seconds_left(request(None, TokenAuthentication(), session)) is None
    assert seconds_left(request(None, SessionAuthentication(), SimpleNamespace())) is None
    assert seconds_left(request(None, SessionAuthentication())) is None
