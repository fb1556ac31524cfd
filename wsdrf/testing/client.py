"""Be somebody who asks for a connection: who it is, how the connection is opened, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from attrs import define, field
from django.conf import settings
from django.test import Client

from wsdrf.access.request import FORCED
from wsdrf.exceptions import NotConnected
from wsdrf.testing.scope import (
    DENIAL_RESPONSE,
    Headers,
    Scope,
    build_scope,
    copy_scope,
    fitting_origin,
    get_header,
    normalize,
    set_cookie,
    set_header,
    with_token,
)
from wsdrf.testing.server import Application, Close, Response, Server


@define(eq=False, slots=False)
class WebsocketClient:
    """Ask ``application`` for a connection at ``path``, as a WebSocket client does, in this process.

    ``headers`` is a mapping or pairs. ``token`` travels in the subprotocols, as from a browser. No wait is longer than
    ``timeout`` seconds. ``denial_response`` announces that the server can refuse a handshake with any HTTP status.

    ``scope`` may be changed until the connection is opened. Who has disconnected may connect again.
    """

    application: Application
    path: str
    headers: Headers | None = None
    subprotocols: Sequence[str] | None = None
    token: object = field(default=None, kw_only=True, repr=False)
    timeout: float = field(default=5.0, kw_only=True)
    denial_response: bool = field(default=True, kw_only=True)
    scope: Scope = field(init=False, repr=False)
    _server: Server | None = field(default=None, init=False, repr=False)
    _credentials: list[bytes] = field(factory=list[bytes], init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        offered = list(self.subprotocols or ())
        if self.token is not None:
            offered = with_token(offered, self.token)
        self.scope = build_scope(self.path, self.headers or (), offered)
        if not self.denial_response:
            del self.scope["extensions"][DENIAL_RESPONSE]

    async def login(self, user: Any, backend: str | None = None) -> None:
        """Make a session for ``user`` and send its cookie, with the ``Origin`` of the site itself if none was given.

        The password is not asked for, as with ``force_login`` of Django's test client.
        """
        self._require_unopened("login()")
        client = Client()
        await sync_to_async(client.force_login)(user, backend)
        set_cookie(self.scope, settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
        if get_header(self.scope, b"origin") is None:
            set_header(self.scope, b"origin", fitting_origin(self.scope))

    def force_authenticate(self, user: Any = None, token: Any = None) -> None:
        """Be ``user`` without any credentials, with ``token`` as ``request.auth``; with neither, be nobody again.

        The pair travels as ``scope["wsdrf.testing.force_authenticate"]``, which no client of a real server can set.
        """
        self._require_unopened("force_authenticate()")
        if user is None and token is None:
            self.scope.pop(FORCED, None)
            set_cookie(self.scope, settings.SESSION_COOKIE_NAME, None)
        else:
            self.scope[FORCED] = (user, token)

    def credentials(self, **meta: str) -> None:
        """Send these headers, named as in ``request.META``: ``HTTP_AUTHORIZATION="Token ..."``.

        They replace those of an earlier call; without any, those are taken back.
        """
        self._require_unopened("credentials()")
        for name in self._credentials:
            set_header(self.scope, name, None)
        headers = normalize((name.removeprefix("HTTP_").replace("_", "-"), value) for name, value in meta.items())
        self._credentials = [name for name, _ in headers]
        for name, value in headers:
            set_header(self.scope, name, value)

    async def connect(self, timeout: float | None = None) -> tuple[bool, str | int | None]:
        """Ask for the connection; give ``(True, subprotocol)``, or ``(False, code)`` where it was refused.

        ``code`` is the close code, or the HTTP status where the application refused with one; see ``response``.
        Raises what the application raised, and ``AssertionError`` where the handshake is not answered.
        """
        self._require_unopened("connect()")
        server = self._server = Server(self.application, copy_scope(self.scope))
        limit = self._limit(timeout)
        await server.wait_until(lambda: server.is_open or server.closed is not None, limit)
        if server.response is None:
            server.raise_crash()
            raise AssertionError(f"The handshake was not answered: {server.describe(limit)}")
        if server.response.is_accepted:
            return True, server.subprotocol
        return False, None if server.closed is None else server.closed.code

    async def disconnect(self, code: int = 1000, reason: str = "", timeout: float | None = None) -> None:
        """Close, and wait until the application has returned; nothing happens where no connection was opened.

        Raises what the application raised, and ``AssertionError`` where it does not return in time.
        """
        if self._server is not None:
            self._server.leave(code, reason)
            await self._server.finish(self._limit(timeout))

    @property
    def response(self) -> Response | None:
        """How the handshake was answered, in HTTP: 101, or the refusal; ``None`` while it was not."""
        return None if self._server is None else self._server.response

    @property
    def closed(self) -> Close | None:
        """How the connection ended, or ``None``."""
        return None if self._server is None else self._server.closed

    def _limit(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    def _require_unopened(self, call: str) -> None:
        if self._server is not None and self._server.closed is None:
            raise RuntimeError(f"{call} comes too late: the connection is open. Call it before, or disconnect() first.")

    def _require_server(self) -> Server:
        if self._server is None:
            raise NotConnected("No connection was opened. Call connect() first, or use `async with`.")
        return self._server

    def _require_open(self) -> Server:
        server = self._require_server()
        if not server.is_open:
            server.raise_crash()
            raise NotConnected(f"The connection is not open: {server.describe()}")
        return server
