"""Find out when credentials end, where they say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import time
from typing import Any, Final

from django.utils import timezone
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from wsdrf.access.sessions import session_expiry

FOREVER: Final = 1e15
"""Seconds since the epoch which no clock will show; an end from there on is none."""


def seconds_left(request: Request) -> float | None:
    """Give the seconds until the credentials of ``request`` end, or ``None`` where they do not say.

    Read are the ``exp`` of a JWT (RFC 7519 section 4.1.4), an ``expiry``, ``expires`` or ``expires_at`` of a token's
    row, and the stored end of a session that was used to authenticate.
    """
    end = _end_of(request.auth)
    if end is None and isinstance(request.successful_authenticator, SessionAuthentication):
        end = session_expiry(request._request)
    return None if end is None else max(0.0, end - time())


def _end_of(auth: Any) -> float | None:
    if auth is None:
        return None
    claims = getattr(auth, "payload", auth)  # simplejwt keeps the claims there
    end = claims.get("exp") if isinstance(claims, Mapping) else None
    for name in ("expiry", "expires", "expires_at"):
        if end is None:
            end = getattr(auth, name, None)
    if isinstance(end, datetime):
        zone = timezone.get_default_timezone()
        return (timezone.make_aware(end, zone) if timezone.is_naive(end) else end).timestamp()
    if isinstance(end, bool) or not isinstance(end, (int, float)) or not end < FOREVER:  # so is what is no number
        return None
    return float(end)
