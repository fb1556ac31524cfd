"""Throw somebody out, or look at their credentials again, in every server process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from rest_framework.request import Request

from wsdrf.connection.hub import deliver_locally, send_parcel
from wsdrf.connection.layer import require_no_loop, timely
from wsdrf.connection.names import OWN
from wsdrf.connection.parcel import NOTICE, Parcel

logger: logging.Logger = logging.getLogger("wsdrf.connection")

EVERYBODY: Final = f"{OWN}all"
"""wsdrf's own group of every connection."""


def disconnect(user: Any = None, *, session: str | None = None, token: Any = None, code: int = 4401) -> None:
    """Close the connections of a user, a session or a token, in every server process; from synchronous code.

    ``user`` is an instance or its primary key, ``session`` a session key, ``token`` the text that the client sent, or
    the row of a token table. ``code`` is 1000, or 3000 to 4999. Within a transaction it waits for the commit. Raises
    ``TypeError`` unless exactly one of the three is given, ``RuntimeError`` in asynchronous code, and what a channel
    layer raises.
    """
    require_no_loop("disconnect()", "adisconnect()")
    parcel = _parcel(_group(user, session, token), {"kind": "disconnect", "code": check_code(code)})
    transaction.on_commit(lambda: async_to_sync(_send)(parcel))


async def adisconnect(user: Any = None, *, session: str | None = None, token: Any = None, code: int = 4401) -> None:
    """Do what ``disconnect`` does, from asynchronous code."""
    await sync_to_async(disconnect)(user, session=session, token=token, code=code)


def recheck(group: str, reason: str, using: str | None = None) -> None:
    """Have the connections of one of wsdrf's own groups look at their credentials again, once this is committed.

    ``using`` names the database of the transaction. A layer that fails is logged: no logout or save may fail
    because of it.
    """
    transaction.on_commit(
        lambda: _tell(_parcel(group, {"kind": "recheck", "reason": reason})), using=using, robust=True
    )


def end_session(key: str, reason: str) -> None:
    """Have the connections of a session closed as not authenticated; like ``recheck`` otherwise."""
    notice = {"kind": "end", "reason": reason}
    transaction.on_commit(lambda: _tell(_parcel(session_group(key), notice)), robust=True)


def drain(seconds: float, host: str | None = None) -> None:
    """Have every connection closed with 4503 at a random moment within ``seconds``; from synchronous code.

    ``host`` is the name of the one machine that is meant, as ``socket.gethostname()`` gives it there; ``None``: all.
    Raises what a channel layer raises.
    """
    async_to_sync(_send)(_parcel(EVERYBODY, {"kind": "drain", "seconds": seconds, "host": host}))


def check_code(code: int) -> int:
    """Give ``code`` back. Raises ``ValueError`` for a close code that not every server can send."""
    if code != 1000 and not 3000 <= code <= 4999:
        raise ValueError(f"Not every server can send the close code {code}: use 1000, or 3000 to 4999.")
    return code


def own_groups(request: Request) -> Iterator[str]:
    """Give wsdrf's own groups of a connection that ``request`` has authenticated."""
    yield EVERYBODY
    user, auth = request.user, request.auth
    if getattr(user, "pk", None) is not None:
        yield user_group(user)
    if auth is not None:
        yield from _token_groups(auth)
    presented = vars(request).get("presented")
    session = getattr(request, "session", None)
    if presented:
        yield _hashed("token", presented)
    if session is None or (presented and auth is not None):  # a token outlives a session that was read beside it
        return
    if "_session_cache" in vars(session) and SESSION_KEY in session:  # it has been read
        yield session_group(session.session_key)


def user_group(user: Any) -> str:
    """Name wsdrf's own group of a user, given as an instance or its primary key."""
    return _hashed("user", getattr(user, "pk", user))


def session_group(key: str) -> str:
    """Name wsdrf's own group of a session."""
    return _hashed("session", key)


def _group(user: Any, session: str | None, token: Any) -> str:
    given = [value for value in (user, session, token) if value is not None]
    if len(given) != 1:
        raise TypeError("disconnect() takes one of: a user, session=..., token=...")
    if session is not None:
        return session_group(session)
    if token is not None:
        return _hashed("token", token) if isinstance(token, str) else next(_token_groups(token))
    return user_group(user)


def _token_groups(auth: Any) -> Iterator[str]:
    if getattr(auth, "pk", None) is not None:
        yield _hashed(type(auth).__qualname__, auth.pk)
    else:
        yield _hashed("token", auth)


def _hashed(kind: str, value: Any) -> str:
    # No key of a session and no token is to be seen in a channel layer.
    return f"{OWN}{kind}.{sha256(str(value).encode('utf-8', 'replace')).hexdigest()}"


def _parcel(group: str, notice: dict[str, Any]) -> Parcel:
    return Parcel((group,), "", event=NOTICE, payload=notice)


async def _send(parcel: Parcel) -> None:
    aliases = [alias for alias in getattr(settings, "CHANNEL_LAYERS", {}) if get_channel_layer(alias) is not None]
    failures = []
    deliver_locally(parcel)  # the connections of this process need no layer; a hub delivers each parcel once
    for alias in aliases:
        try:
            await timely(send_parcel(alias, parcel))  # no logout waits longer
        except Exception as error:  # the others are told all the same
            failures.append(error)
    if failures:
        raise failures[0]


def _tell(parcel: Parcel) -> None:
    try:
        async_to_sync(_send)(parcel)
    except Exception:
        logger.exception("Connections could not be told that credentials have changed")
