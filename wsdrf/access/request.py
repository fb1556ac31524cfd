"""Make the DRF request that permission classes see, from a handshake and then for each call."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final
from weakref import proxy

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from wsdrf.access.carriers import Credentials, Scope
from wsdrf.access.sessions import attach_session

FORCED: Final = "wsdrf.testing.force_authenticate"
"""Key of the scope under which tests pass ``(user, token)``; no server lets a client set keys of the scope."""


def http_request(scope: Scope, method: str) -> ASGIRequest:
    """Make Django's request of a handshake: path, query, headers, cookies, session, client, host and scheme.

    Raises ``UnicodeDecodeError`` for a query string that is not UTF-8.
    """
    headers = scope.get("headers", ())
    cookies = [value for name, value in headers if name.lower() == b"cookie"]
    if len(cookies) > 1:  # HTTP/2 may split them; joined by ";" they are one header again (RFC 9113 section 8.2.3)
        headers = [pair for pair in headers if pair[0].lower() != b"cookie"] + [(b"cookie", b"; ".join(cookies))]
    scheme: Any = scope.get("scheme")
    request = ASGIRequest(
        {
            **scope,
            "type": "http",
            "method": method,
            "headers": headers,
            "scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
        },
        io.BytesIO(),
    )
    attach_session(request)
    if FORCED in scope:
        forced: Any = request  # DRF's Request reads what its own test client leaves here
        forced._force_auth_user, forced._force_auth_token = scope[FORCED]
    return request


class HandshakeRequest(Request):
    """DRF's request of a handshake, which may have a bare ``token`` where HTTP has an ``Authorization`` header.

    A client that sends a bare token does not say by which scheme. So DRF is asked under the scheme of each class in
    turn, all classes seeing the same header, as over HTTP: the first scheme by which somebody is found counts. Where
    there is none, the first refusal stands.
    """

    _token: str | None = None
    _authenticator: BaseAuthentication | None

    def _authenticate(self) -> None:
        refusal: AuthenticationFailed | None = None
        http = vars(self._request)
        django_user = {"user": http["user"]} if "user" in http else {}
        for authorization in self._authorizations():
            http.update(django_user)  # DRF replaces it with its own nobody when it refuses
            try:
                if authorization is not None:
                    _show(self._request, authorization)
                super()._authenticate()  # type: ignore[misc]  # the stubs leave it out
            except AuthenticationFailed as error:
                refusal = refusal or error
            finally:
                if authorization is not None:
                    _show(self._request, None)
            if self._authenticator is not None:
                return
        if refusal is not None:
            raise refusal

    def _authorizations(self) -> list[str | None]:
        if self._token is None:
            return [None]
        authenticators: Sequence[Any] = self.authenticators or ()
        challenges = [authenticator.authenticate_header(self) or "" for authenticator in authenticators]
        schemes = dict.fromkeys(challenge.split()[0] for challenge in challenges if challenge.strip())
        return [f"{scheme} {self._token}" for scheme in schemes] or [None]


def drf_request(http: ASGIRequest, authenticators: Sequence[BaseAuthentication], view: Any) -> Request:
    """Make the DRF request of a handshake. Its ``data`` is empty; its user is found when first asked for."""
    context = {"view": view, "args": (), "kwargs": view.kwargs}
    request = HandshakeRequest(http, authenticators=list(authenticators), parser_context=context)
    context["request"] = proxy(request)  # where DRF puts the request itself, which then only a garbage collector frees
    request._authenticator = None  # DRF's ``successful_authenticator``, if only because nobody was asked
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
