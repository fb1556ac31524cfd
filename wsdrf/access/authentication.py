"""Decide who may connect: origin, credentials, permissions, throttles and the object, in DRF's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from django.core.exceptions import DisallowedHost
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request

from wsdrf.access.carriers import Credentials, Scope, strip_credentials, take_credentials
from wsdrf.access.permissions import check_object_permissions, check_permissions
from wsdrf.access.request import drf_request, http_request, present
from wsdrf.access.steps import Steps, drive
from wsdrf.access.throttling import check_throttles


@frozen
class AuthenticationResult:
    """What a handshake was found to be worth.

    ``is_authenticated`` tells whether the connection is let in. ``status_code``, ``status_text`` and ``data`` go to
    the client in the ``authentication`` frame; ``data`` is plain JSON data. Of a refusal, ``code`` is the stable
    name, ``challenge`` the ``WWW-Authenticate`` header, ``retry_after`` the seconds to wait. ``auth`` is what DRF calls
    ``request.auth``.
    """

    is_authenticated: bool
    status_code: int = 200
    status_text: str = "OK"
    data: Mapping[str, Any] = field(factory=lambda: {"detail": "OK"})
    user: Any = None
    obj: Any = None
    auth: Any = field(default=None, repr=False)
    code: str = ""
    challenge: str | None = None
    retry_after: int | None = None


class Authenticator:
    """Let a connection in, or say why not. Subclass it and name the subclass as ``authenticator_class``.

    One instance serves one decision: at connect, at each revalidation (``is_connect`` is false, and throttles are
    not spent again) and when a client sends a new ``token``.
    """

    def __init__(self, consumer: Any, *, token: str | None = None, is_connect: bool = True) -> None:
        self.consumer = consumer
        self.token = token
        self.is_connect = is_connect
        self.request: Request | None = None

    async def authenticate(self, scope: Scope) -> AuthenticationResult:
        """Run DRF's authentication, permissions, throttles and object lookup for the handshake ``scope``.

        An override may do otherwise and return its own result; ``request`` then stands for an anonymous handshake
        with that result's user.
        """
        caller = self.consumer._caller
        try:
            result: AuthenticationResult = await drive(self.steps(scope), caller.run)
        except Exception as error:  # whatever a project's classes raise, the door stays shut
            result = await caller.refused(error, self.request)
        return result

    def steps(self, scope: Scope) -> Steps[AuthenticationResult]:
        """Be the steps of ``authenticate``, which may block, in their order."""
        consumer, caller = self.consumer, self.consumer._caller
        request = self.make_request(scope)
        request.user  # noqa: B018  # DRF authenticates when it is first read, as in APIView.perform_authentication
        caller.adopt(request)
        view = caller.view(request)
        permissions = caller.connection_permissions()
        yield from check_permissions(permissions, request, view)
        if self.is_connect:
            check_throttles(consumer.get_throttles(), request, view)
        caller.occupy(request.user)
        obj = None
        if caller.plan.finds_object(consumer):
            obj = yield from caller.fetch_object()
            yield from check_object_permissions(permissions, request, view, obj)
        return AuthenticationResult(True, user=request.user, auth=request.auth, obj=obj)

    def make_request(self, scope: Scope) -> Request:
        """Make the DRF request of the handshake, its host and origin checked, with its credentials presented.

        Raises ``ParseError`` for a host that is not in ``ALLOWED_HOSTS`` or a query string that is not UTF-8,
        ``PermissionDenied`` for a foreign origin, ``AuthenticationFailed`` for credentials sent twice.
        """
        caller = self.consumer._caller
        plan = caller.plan
        try:
            http = http_request(strip_credentials(scope, plan.carriers), plan.auth_method)
            http.get_host()
        except (DisallowedHost, UnicodeDecodeError):
            raise ParseError("Bad request.") from None
        request = self.request = drf_request(http, self.consumer.get_authenticators(), caller.view(None))
        if not plan.origin_rule.admits(http):
            raise PermissionDenied("Origin checking failed.")
        http._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # the origin rule stands in for the token
        present(
            request, take_credentials(scope, plan.carriers) if self.token is None else Credentials(token=self.token)
        )
        return request
