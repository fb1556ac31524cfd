"""Make the DRF request that permission classes see, from a handshake and then for each call."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from wsdrf.access.carriers import Credentials, Scope
from wsdrf.access.sessions import attach_session

FORCED = "wsdrf.testing.force_authenticate"
"""Key of the scope under which tests pass ``(user, token)``; no server lets a client set keys of the scope."""


def http_request(scope: Scope, method: str) -> ASGIRequest:
    """Make Django's request of a handshake: path, query, headers, cookies, session, client, host and scheme.

    Raises ``UnicodeDecodeError`` for a query string that is not UTF-8.
    """
    headers = list(scope.get("headers", ()))
    cookies = [value for name, value in headers if name.lower() == b"cookie"]
    if len(cookies) > 1:  # HTTP/2 may split them; joined by ";" they are one header again (RFC 9113 section 8.2.3)
        headers = [pair for pair in headers if pair[0].lower() != b"cookie"] + [(b"cookie", b"; ".join(cookies))]
    scheme = scope.get("scheme")
    request = ASGIRequest(
        {
            **scope,
            "type": "http",
            "method": method,
            "headers": headers,
            "root_path": scope.get("root_path", ""),
            "scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme) if scheme else None,
        },
        io.BytesIO(),
    )
    attach_session(request)
    if FORCED in scope:
        forced: Any = request  # DRF's Request reads what its own test client leaves here
        forced._force_auth_user, forced._force_auth_token = scope[FORCED]
    return request


def drf_request(http: ASGIRequest, authenticators: Sequence[BaseAuthentication], view: Any) -> Request:
    """Make the DRF request of a handshake. Its ``data`` is empty; its user is found when first asked for."""
    context = {"view": view, "args": (), "kwargs": view.kwargs}
    request = Request(http, parsers=(), authenticators=list(authenticators), parser_context=context)
    _fill(request, {})
    return request


def present(request: Request, credentials: Credentials) -> None:
    """Show ``credentials`` to the authenticators of ``request`` as an ``Authorization`` header."""
    if credentials.authorization is not None:
        request._request.META["HTTP_AUTHORIZATION"] = credentials.authorization
    elif credentials.token is not None and not hasattr(request._request, "_force_auth_user"):
        request.authenticators = _Presenting(request.authenticators or (), request, credentials.token)


def request_for_call(handshake: Request, method: str, data: Any) -> Request:
    """Make the request of one call: the caller of ``handshake``, with the action's method and payload.

    A copy for each call, so that nothing that one permission class leaves on it is seen by the next call.
    """
    http = ASGIRequest.__new__(ASGIRequest)
    http.__dict__.update(handshake._request.__dict__)
    http.method = method
    http.META = {**http.META, "REQUEST_METHOD": method}
    request: Request = Request.__new__(type(handshake))
    request.__dict__.update(handshake.__dict__)
    request._request = http
    _fill(request, data)
    return request


def _fill(request: Any, data: Any) -> None:
    request._data = request._full_data = data
    request._files = {}
    request.version = request.versioning_scheme = None


class _Presenting(list[Any]):
    """The authenticators of one request, each of which finds the token in the header, under its own scheme.

    DRF asks them one after the other; the scheme is the first word of what the class would answer as
    ``WWW-Authenticate``: ``Token``, ``Bearer``, ...
    """

    def __init__(self, authenticators: Sequence[Any], request: Request, token: str) -> None:
        super().__init__(authenticators)
        self._request = request
        self._token = token

    def __iter__(self) -> Iterator[Any]:
        meta = self._request.META
        for authenticator in super().__iter__():
            challenge = (authenticator.authenticate_header(self._request) or "").split()
            if challenge:
                meta["HTTP_AUTHORIZATION"] = f"{challenge[0]} {self._token}"
            try:
                yield authenticator
            finally:
                meta.pop("HTTP_AUTHORIZATION", None)
