"""Who tries a consumer: users, tokens, or nobody, and how each shows who it is."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from attrs import define, field
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

from wsdrf.access.carriers import (
    AuthorizationHeader,
    FirstMessage,
    QueryParameter,
    Subprotocol,
    reads_session,
    token_scheme,
)
from wsdrf.access.plan import AccessPlan
from wsdrf.testing.communicator import WebsocketCommunicator
from wsdrf.testing.scope import get_header, set_cookie, set_header

Roles = Mapping[str, Any]


@define(eq=False)
class Guest:
    """Somebody in one role of one example. ``user`` and ``token`` are ``None`` for nobody.

    ``cookie`` is that of the session that was made for the user, once there is one. ``is_out`` tells that the last
    connection was refused.
    """

    role: str
    user: Any = None
    token: str | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)
    is_out: bool = False

    @property
    def is_nobody(self) -> bool:
        """Tell whether the role is anonymous."""
        return self.user is None and self.token is None


def invite(roles: Roles) -> dict[str, Guest]:
    """Make the guest of each role; a callable is asked for it. Runs in the example's transaction."""
    return {name: _guest(name, given() if _makes_one(given) else given) for name, given in roles.items()}


def _makes_one(given: Any) -> bool:
    return callable(given)


def _guest(name: str, who: Any) -> Guest:
    if isinstance(who, str):
        return Guest(name, token=who)
    if who is None or getattr(who, "is_anonymous", False):
        return Guest(name)
    return Guest(name, user=_own_copy(who))


def _own_copy(user: Any) -> Any:
    """Give a user of the example's own, so that what becomes of it is undone with the example."""
    if is_saved(user):
        return get_user_model()._default_manager.get(pk=user.pk)
    return copy.copy(user)


def is_saved(user: Any) -> bool:
    """Tell whether ``user`` is a row of the project's table of users."""
    model: Any = get_user_model() if apps.is_installed("django.contrib.auth") else ()
    return isinstance(user, model) and user.pk is not None and not user._state.adding


def uses_session(guest: Guest, access: AccessPlan) -> bool:
    """Tell whether the guest can log in: there is a row of its user, and the consumer reads sessions."""
    reads = any(map(reads_session, access.authentication_classes))
    return reads and apps.is_installed("django.contrib.sessions") and is_saved(guest.user)


def carrier_of(access: AccessPlan) -> Any:
    """Give the carrier by which a bare token travels: the one that shows it least, of those the consumer reads."""
    kinds: tuple[Any, ...] = (Subprotocol, QueryParameter, AuthorizationHeader, FirstMessage)
    return next((carrier for kind in kinds for carrier in access.carriers if isinstance(carrier, kind)), None)


async def present(client: WebsocketCommunicator, guest: Guest, access: AccessPlan) -> None:
    """Have ``client``, not yet connected, show who it is."""
    if guest.token is not None:
        _present_token(client, guest.token, access)
    elif guest.user is not None and uses_session(guest, access):
        await _present_session(client, guest)
    elif guest.user is not None:
        client.force_authenticate(guest.user)


def _present_token(client: WebsocketCommunicator, token: str, access: AccessPlan) -> None:
    if " " in token:
        client.credentials(HTTP_AUTHORIZATION=token)
    elif isinstance(carrier_of(access), AuthorizationHeader):
        client.credentials(HTTP_AUTHORIZATION=f"{token_scheme(access.authentication_classes)} {token}")


async def _present_session(client: WebsocketCommunicator, guest: Guest) -> None:
    name = settings.SESSION_COOKIE_NAME
    if guest.cookie is None:
        await client.login(guest.user)
        cookies = (get_header(client.scope, b"cookie") or b"").decode("latin-1").split("; ")
        guest.cookie = next(one.partition("=")[2] for one in cookies if one.startswith(f"{name}="))
    else:
        set_cookie(client.scope, name, guest.cookie)
        set_header(client.scope, b"origin", b"http://testserver")
