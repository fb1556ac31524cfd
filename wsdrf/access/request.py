"""Make the DRF request that permission classes see, from a handshake and then for each call."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
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


class HandshakeRequest(Request):
    """DRF's request of a handshake, whose bare ``token`` each authenticator finds in the ``Authorization`` header.

    A client that sends a bare token does not say whose it is. So each class sees it under its own scheme, and one that
    refuses it leaves the answer to those after it that know tokens; where none does, the first refusal stands.
    """

    _token: str | None = None
    _authenticator: BaseAuthentication | None
    _not_authenticated: Callable[[], None]  # DRF's own, which its stubs leave out

    def _authenticate(self) -> None:
        # DRF's own loop, but for the header, which changes for each class.
        if self._token is None:
            super()._authenticate()  # type: ignore[misc]  # the stubs leave it out
            return
        refusal: AuthenticationFailed | None = None
        authenticator: Any
        for authenticator in self.authenticators or ():
            scheme = _scheme_of(authenticator, self)
            if refusal is not None and scheme is None:
                continue
            try:
                found = self._ask(authenticator, scheme)
            except AuthenticationFailed as error:
                refusal, found = refusal or error, None
            except APIException:
                self._not_authenticated()
                raise
            if found is not None:
                self._authenticator = authenticator
                self.user, self.auth = found
                return
        self._not_authenticated()
        if refusal is not None:
            raise refusal

    def _ask(self, authenticator: BaseAuthentication, scheme: str | None) -> Any:
        try:
            _show(self._request, None if scheme is None else f"{scheme} {self._token}")
            return authenticator.authenticate(self)
        finally:
            _show(self._request, None)


def drf_request(http: ASGIRequest, authenticators: Sequence[BaseAuthentication], view: Any) -> Request:
    """Make the DRF request of a handshake. Its ``data`` is empty; its user is found when first asked for."""
    context = {"view": view, "args": (), "kwargs": view.kwargs}
    request = HandshakeRequest(http, parsers=(), authenticators=list(authenticators), parser_context=context)
    _fill(request, {})
    return request


def present(request: Request, credentials: Credentials) -> None:
    """Show ``credentials`` to the authenticators of ``request``, made by ``drf_request``, as a header."""
    vars(request)["presented"] = credentials.secret
    if credentials.authorization is not None:
        _show(request._request, credentials.authorization)
    elif not hasattr(request._request, "_force_auth_user"):
        vars(request)["_token"] = credentials.token


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


def _show(http: HttpRequest, authorization: str | None) -> None:
    if authorization is None:
        http.META.pop("HTTP_AUTHORIZATION", None)
    else:
        http.META["HTTP_AUTHORIZATION"] = authorization
    vars(http).pop("headers", None)  # Django keeps what it made of META before


def _scheme_of(authenticator: BaseAuthentication, request: Request) -> str | None:
    challenge = (authenticator.authenticate_header(request) or "").split()
    return challenge[0] if challenge else None
