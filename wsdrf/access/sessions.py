"""Give a request Django's session and user, without any middleware above the socket."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any
from weakref import ref

from django.apps import apps
from django.conf import settings
from django.contrib import auth
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def attach_session(request: HttpRequest) -> None:
    """Set ``request.session`` and a lazy ``request.user``, as Django's two middlewares do.

    Source: ``SessionMiddleware.process_request`` and ``AuthenticationMiddleware.process_request``.
    """
    store, cookie, has_users = _of_project()
    if store is None:
        return
    request.session = store(request.COOKIES.get(cookie))
    if has_users:
        own = ref(request)  # so that nothing but whoever uses the request keeps it
        request.user = SimpleLazyObject(lambda: _user_of(own()))  # type: ignore[assignment]  # as Django's own


def session_expiry(request: HttpRequest) -> float | None:
    """Give the time, in seconds since the epoch, at which the stored session ends; ``None`` where nobody knows."""
    end: datetime | None = getattr(getattr(request, "session", None), "stored_expiry", None)
    return None if end is None else end.timestamp()


@cache
def _of_project() -> tuple[Any, str, bool]:
    """Give the session class, the name of its cookie, and whether there are users; ``None`` where it cannot work."""
    needs_table = settings.SESSION_ENGINE.endswith(("backends.db", "backends.cached_db"))
    if needs_table and not apps.is_installed("django.contrib.sessions"):
        return None, "", False
    store = _store(import_module(settings.SESSION_ENGINE).SessionStore)
    return store, settings.SESSION_COOKIE_NAME, apps.is_installed("django.contrib.auth")


def _forget(**_: Any) -> None:
    _of_project.cache_clear()


setting_changed.connect(_forget, dispatch_uid="wsdrf.access.sessions")  # as the options do, follow override_settings


@cache
def _store(engine: type[Any]) -> type[Any]:
    """Make the session class of a socket: the project's, which leaves the stored session as it is while it is read."""

    class SocketSession(engine):  # type: ignore[misc]  # its base is the project's choice
        __qualname__ = engine.__qualname__  # Django signs what it stores under this name
        stored_expiry: datetime | None = None
        is_being_read = False

        def _get_session_from_db(self) -> Any:
            row = super()._get_session_from_db()
            self.stored_expiry = getattr(row, "expire_date", None)
            return row

        def cycle_key(self) -> None:
            if not self.is_being_read:
                super().cycle_key()

        def flush(self) -> None:
            if not self.is_being_read:
                super().flush()

    return SocketSession


def _user_of(request: Any) -> Any:
    """Find the user of the session by Django's own rules.

    ``get_user`` gives a session signed under ``SECRET_KEY_FALLBACKS`` a new key. A socket cannot send the browser a
    new cookie, so that would log the browser out: here the key stays, and the next HTTP request changes it.
    """
    session = request.session
    session.is_being_read = True
    try:
        return auth.get_user(request)
    finally:
        session.is_being_read = False
