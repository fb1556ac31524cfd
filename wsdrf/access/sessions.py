"""Give a request Django's session and user, without any middleware above the socket."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def attach_session(request: HttpRequest) -> None:
    """Set ``request.session`` and a lazy ``request.user``, as Django's two middlewares do.

    Source: ``SessionMiddleware.process_request`` and ``AuthenticationMiddleware.process_request``.
    """
    if settings.SESSION_ENGINE.endswith(("backends.db", "backends.cached_db")) and not apps.is_installed(
        "django.contrib.sessions"
    ):
        return
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    if apps.is_installed("django.contrib.auth"):
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]  # as Django's own


def _user_of(request: HttpRequest) -> Any:
    """Find the user of the session by Django's own rules, and leave the stored session as it is.

    ``get_user`` gives a session signed under ``SECRET_KEY_FALLBACKS`` a new key. A socket cannot send the browser a
    new cookie, so that would log the browser out: here the key stays, and the next HTTP request changes it.
    """
    session: Any = request.session
    session.cycle_key = session.flush = lambda: None
    try:
        return auth.get_user(request)
    finally:
        del session.cycle_key, session.flush
