"""How somebody loses what let them in: they log out, are switched off, or are nothing special any more."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, logout
from django.http import HttpRequest

from wsdrf.connection.revocation import recheck, user_group
from wsdrf.testing.communicator import WebsocketCommunicator
from wsdrf.testing.scope import get_header


def log_out(client: WebsocketCommunicator) -> None:
    """End the session whose cookie ``client`` sends, as a view that logs out does."""
    cookies = (get_header(client.scope, b"cookie") or b"").decode("latin-1").split("; ")
    pairs = {name: value for name, _, value in (one.partition("=") for one in cookies)}
    request = HttpRequest()
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(pairs.get(settings.SESSION_COOKIE_NAME))
    logout(request)


def deactivate(user: Any) -> None:
    """Switch the account of ``user`` off."""
    user = _fresh(user)
    user.is_active = False
    user.save()


def demote(user: Any) -> None:
    """Take the flags, the groups and the permissions of ``user``, as far as its model has them."""
    user = _fresh(user)
    for flag in ("is_staff", "is_superuser"):
        if hasattr(user, flag):
            setattr(user, flag, False)
    user.save()
    for name in ("groups", "user_permissions"):
        if hasattr(user, name):
            getattr(user, name).clear()


def age(user: Any) -> None:
    """Have the connections of ``user`` look at their credentials again, as they do by themselves in time."""
    recheck(user_group(user), "user")


def _fresh(user: Any) -> Any:
    return get_user_model()._default_manager.get(pk=user.pk)  # the user of a session is lazy, and none itself
