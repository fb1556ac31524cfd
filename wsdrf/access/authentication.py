"""Decide who may connect: origin, credentials, permissions, throttles and the object, in DRF's order."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request

from wsdrf.access.carriers import (
    Carrier,
    Credentials,
    Scope,
    reads_first_message,
    strip_credentials,
    take_credentials,
)
from wsdrf.access.failures import status_text
from wsdrf.access.permissions import check_object_permissions, check_permissions
from wsdrf.access.request import drf_request, http_request, present
from wsdrf.access.steps import Steps, drive, here
from wsdrf.access.throttling import check_throttles
from wsdrf.exceptions import Denied

logger: logging.Logger = logging.getLogger("wsdrf.access")


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
            is_own = type(self) is not Authenticator  # and nobody knows what it asks
            run = caller.run if is_own or caller.plan.connecting_may_block(self.consumer) else here
            result: AuthenticationResult = await drive(self.steps(scope), run)
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
        # Of the connection's own scope the consumer has what is left without tokens.
        shown = self.consumer.scope if scope is caller.scope else strip_credentials(scope, plan.carriers)
        http = _hosted_request(shown, plan.auth_method)
        authenticators = self.consumer.get_authenticators()
        request = self.request = drf_request(http, authenticators, caller.view(None))
        _check_origin(plan, http)
        _trust(http, authenticators)
        present(
            request, take_credentials(scope, plan.carriers) if self.token is None else Credentials(token=self.token)
        )
        return request


def check_handshake(scope: Scope, plan: Any) -> None:
    """Check host, query and origin of a handshake, as ``Authenticator.make_request`` does, and raise what it raises."""
    _check_origin(plan, _hosted_request(scope, plan.auth_method))


def refusal(answer: Denied | None, challenge: str | None) -> AuthenticationResult:
    """Give the result for what DRF answered; ``None`` stands for an internal error."""
    if answer is None:
        return AuthenticationResult(False, 500, status_text(500), {"detail": "A server error occurred."}, code="error")
    failure = answer.failure
    return AuthenticationResult(
        is_authenticated=False,
        status_code=failure.status_code,
        status_text=status_text(failure.status_code),
        data=answer.data,
        code=failure.code,
        challenge=challenge,
        retry_after=failure.retry_after,
    )


def require_result(result: Any, authenticator: Authenticator) -> AuthenticationResult:
    """Give ``result`` back. Raises ``TypeError`` where a project's authenticator gave something else."""
    if not isinstance(result, AuthenticationResult):
        who = type(authenticator).__qualname__
        raise TypeError(
            f"{who}.authenticate() returned {reprlib.repr(result)}. It must return an AuthenticationResult."
        )
    return result


def _hosted_request(scope: Scope, method: str) -> ASGIRequest:
    try:
        http = http_request(scope, method)
        http.get_host()
    except DisallowedHost as error:
        # As Django logs it: a browser is not told, and whoever forgot the setting has nothing else to go by.
        logger.warning("The Host of a handshake is not in ALLOWED_HOSTS: %.300s", error, extra={"reason": str(error)})
        raise ParseError("Bad request.") from None
    except UnicodeDecodeError:
        raise ParseError("Bad request.") from None
    return http


def _trust(http: Any, authenticators: Iterable[Any]) -> None:
    # The origin rule stands in for the CSRF token.
    http._dont_enforce_csrf_checks = True
    for authenticator in authenticators:
        if getattr(type(authenticator), "enforce_csrf", None) is SessionAuthentication.enforce_csrf:
            authenticator.enforce_csrf = _is_no_forgery  # which would make Django's middleware anew, to ask it nothing


def _is_no_forgery(request: Request) -> None:
    """Stand where DRF asks for a CSRF token."""


def _check_origin(plan: Any, http: ASGIRequest) -> None:
    if not plan.origin_rule.admits(http):
        facts = {"origin": http.META["HTTP_ORIGIN"], "host": http.get_host(), "is_secure": http.is_secure()}
        logger.warning(
            "The Origin of a handshake, %(origin).200r, is neither the site's own nor in CSRF_TRUSTED_ORIGINS: "
            "the Host is %(host)r, TLS is %(is_secure)s",
            facts,
            extra=facts,
        )
        raise PermissionDenied("Origin checking failed.")


def may_still_log_in(result: AuthenticationResult, carriers: Iterable[Carrier]) -> bool:
    """Tell whether who is refused by ``result`` has shown nothing yet, and may do so by a message."""
    # An authenticator of the project's own gives no code.
    is_nobody = result.code == "not_authenticated" or (not result.code and result.status_code == 401)
    return is_nobody and reads_first_message(carriers)
