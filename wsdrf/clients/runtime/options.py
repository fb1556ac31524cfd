"""How a client behaves: times, bounds and headers; where its token comes from and how it travels."""

from __future__ import annotations

import base64
import inspect
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from attrs import define, field, frozen

from .face import Face

TokenSource: TypeAlias = str | Callable[[], "str | Awaitable[str]"]
"""A token, or a function that gives one and is asked again when it has expired."""


@frozen(kw_only=True)
class Options:
    """Times are in seconds.

    ``timeout`` is how long a call may take, queueing included, and ``connect_timeout`` how long ``connect()`` tries.
    ``open_timeout`` is for one handshake, until the server has let the client in. After ``heartbeat`` without a frame
    the client pings, and after another it takes the connection for dead. The time before an attempt is random, below
    ``backoff`` that doubles up to ``max_backoff``, and begins anew after a connection of ``max_backoff``. A token that
    says when it expires is renewed ``renew_before``. ``max_queue`` bounds the calls that wait for a connection,
    ``max_items`` the items of a stream that wait for their reader. ``headers`` go with the handshake, such as a
    ``Cookie``; ``websocket`` are further arguments for ``websockets.connect()``, such as ``ssl``.
    """

    timeout: float = 30.0
    connect_timeout: float = 30.0
    open_timeout: float = 15.0
    heartbeat: float = 25.0
    backoff: float = 0.5
    max_backoff: float = 30.0
    renew_before: float = 30.0
    max_queue: int = 100
    max_items: int = 10_000
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    websocket: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)


@define
class Backoff:
    """How long to wait before the next attempt: full jitter, so that clients of one server come back apart."""

    options: Options
    _attempts: int = 0

    def delay(self, lived: float) -> float:
        """Give seconds, after a connection that lived for ``lived``."""
        if lived >= self.options.max_backoff:
            self._attempts = 0
        bound = min(self.options.max_backoff, self.options.backoff * 2.0 ** min(self._attempts, 60))
        self._attempts += 1
        return random.uniform(0, bound)  # noqa: S311 - it only spreads clients over time


@frozen
class Handshake:
    """What a connection is opened with."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    subprotocols: tuple[str, ...] | None = field(repr=False)


def address(url: str, face: Face, params: Mapping[str, object]) -> str:
    """Give the address of the consumer on the site ``url`` (``wss://...`` or ``https://...``)."""
    site = url.rstrip("/")
    for scheme, other in (("https://", "wss://"), ("http://", "ws://")):
        if site.startswith(scheme):
            site = other + site[len(scheme) :]
    return site + face.path.format(**{name: _encoded(value, name in face.slashed) for name, value in params.items()})


def _encoded(value: object, is_slashed: bool) -> str:
    """Write a parameter as a part of a path, as ``encodeURIComponent`` of JavaScript does."""
    return quote(str(value), safe="!'()*/" if is_slashed else "!'()*")


def handshake(url: str, face: Face, options: Options, token: str | None, carrier: str) -> Handshake:
    """Say how to connect with ``token``, by ``carrier``: header, subprotocol, query or message."""
    headers = dict(options.headers)
    subprotocols = None
    if token is not None and carrier == "header":
        headers["Authorization"] = f"{face.scheme} {token}"
    elif token is not None and carrier == "subprotocol":
        encoded = base64.urlsafe_b64encode(token.encode()).decode("ascii").rstrip("=")
        subprotocols = ("wsdrf", f"wsdrf.token.{encoded}")
    elif token is not None and carrier == "query":
        url += "?" + urlencode({face.query: token})
    return Handshake(url, headers, subprotocols)


async def ask(source: TokenSource | None) -> str | None:
    """Give the token of a source; whatever its function raises goes up."""
    if source is None or isinstance(source, str):
        return source
    given = source()
    return await given if inspect.isawaitable(given) else given


def expiry_of(token: str) -> float | None:
    """Tell when a JWT expires, in seconds since 1970; ``None`` for a token that does not say."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, TypeError, KeyError):
        return None
