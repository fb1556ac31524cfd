"""One caller: who is on the connection, and what DRF says about each thing that they ask for."""

from __future__ import annotations

import logging
from functools import partial
from inspect import isawaitable
from math import inf
from time import monotonic
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.handlers.base import BaseHandler
from django.http import Http404
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request

from wsdrf.access.authentication import AuthenticationResult, Authenticator, check_handshake, refusal, require_result
from wsdrf.access.carriers import Scope, strip_credentials
from wsdrf.access.current import current, current_view
from wsdrf.access.expiry import seconds_left
from wsdrf.access.failures import denied
from wsdrf.access.objects import as_queryset, find_object
from wsdrf.access.permissions import check_object_permissions, check_permissions, deny
from wsdrf.access.plan import AccessPlan, GuardPlan
from wsdrf.access.request import drf_request, http_request
from wsdrf.access.serializers import field_of, valid_serializer
from wsdrf.access.slots import Slot, claim, identity
from wsdrf.access.steps import Run, Steps, drive, here
from wsdrf.access.throttling import Bucket, check_buckets, check_throttles
from wsdrf.access.view import View, request_of
from wsdrf.envelope import Call
from wsdrf.exceptions import CredentialsLost, Denied, NotConnected, Refusal, Unverified

logger: logging.Logger = logging.getLogger("wsdrf.access")


class Caller:
    """Who is on one connection. Pinned to the first user it lets in; checked again when that gets old."""

    __slots__ = (
        "_buckets",
        "_doubts",
        "_ends_at",
        "_pinned",
        "_slot",
        "_stale_at",
        "_token",
        "_unseen",
        "checked_at",
        "consumer",
        "plan",
        "request",
        "run",
        "scope",
        "user",
    )

    def __init__(self, consumer: Any, plan: AccessPlan, scope: Scope, run: Run) -> None:
        self.consumer: Any = consumer
        self.plan: AccessPlan = plan
        self.scope: Scope = scope
        self.run: Run = run
        self.request: Request | None = None
        #: The user whom the credentials named.
        self.user: Any = None
        self._token: str | None = None
        self._unseen: AuthenticationResult | None = None  # found meanwhile, and not on the consumer yet
        self._pinned: tuple[type, Any] | None = None
        #: The moment of ``time.monotonic`` from which on the credentials were last found to be good.
        self.checked_at: float = 0.0
        self._stale_at, self._ends_at = 0.0, inf
        self._doubts = 0
        self._slot: Slot | None = None
        self._buckets: dict[str, list[Bucket]] = {}
        consumer.scope = strip_credentials(scope, plan.carriers)

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nobody has been pinned to the connection yet."""
        return self._pinned is None

    @property
    def age(self) -> float:
        """Give the seconds since the credentials were last found to be good."""
        return monotonic() - self.checked_at

    @property
    def seconds_left(self) -> float | None:
        """Give the seconds until the credentials end, or ``None`` where they do not say."""
        return None if self._ends_at == inf else max(0.0, self._ends_at - monotonic())

    # -- who ---------------------------------------------------------------------------------------------------------

    async def authenticate(self, token: str | None = None, *, is_connect: bool = True) -> AuthenticationResult:
        """Decide whether the caller is let in, by the handshake or by a ``token`` that came in a message.

        A result that lets in becomes the caller's, and the consumer's; any other leaves things as they were.
        """
        result = await self._look(token, is_connect)
        self._show()
        return result

    async def _look(self, token: str | None, is_connect: bool) -> AuthenticationResult:
        shown, doubts, started = self._token if token is None else token, self._doubts, monotonic()
        authenticator = self.plan.authenticator_class(self.consumer, token=shown, is_connect=is_connect)
        result = await self._ask(authenticator)
        if token is None and shown != self._token:  # renewed meanwhile: what was found is about credentials of the past
            return await self._look(None, is_connect)
        if result.is_authenticated and self._pinned not in (None, identity(result.user)):
            result = await self.refused(self._change_of(result.user), authenticator.request)
        if result.is_authenticated:
            self._take_over(result, authenticator.request, shown)
            self.checked_at = started
            after = inf if self.plan.revalidate_after is None else self.plan.revalidate_after
            # A doubt raised meanwhile may have come too late for this look.
            self._stale_at = 0.0 if doubts != self._doubts else min(started + after, self._ends_at)
        return result

    def doubt(self) -> None:
        """Have the credentials looked at before anything else is done for the caller, however young they are."""
        self._doubts += 1
        self._stale_at = 0.0

    async def revalidate(self) -> None:
        """Look at the credentials once more; the consumer has what was found from its next turn on.

        Raises ``CredentialsLost`` where they no longer let in, ``Unverified`` where that could not be found out.
        """
        result = await self._look(None, is_connect=False)
        if result.status_code >= 500:
            raise Unverified
        if not result.is_authenticated:
            raise CredentialsLost(result)

    async def refused(self, error: Exception, request: Request | None) -> AuthenticationResult:
        """Give the result for a handshake that ``error`` refused; what DRF does not answer is logged, and a 500."""
        view = self.view(request)
        try:
            answer = Denied(error.failure) if isinstance(error, Refusal) else await self.denied(error, view)
        except Exception:  # a project's EXCEPTION_HANDLER that fails: the first error is the one to tell of
            logger.exception("The exception handler failed")
            answer = None
        if answer is None:
            logger.error("An internal error kept a client out", exc_info=error)
        return refusal(answer, getattr(error, "auth_header", None))

    def adopt(self, request: Request) -> None:
        """Let the guards of a first connect see ``request`` and its user on the consumer."""
        if self.request is None:
            self.consumer.request, self.consumer.user, self.consumer.auth = request, request.user, request.auth

    def occupy(self, user: Any) -> None:
        """Take one of the user's places, or keep it. Raises DRF's ``Throttled`` where there is none. May block."""
        limit = self.plan.max_connections_per_user
        if limit is None or identity(user) is None:
            return
        if self._slot is None or not self._slot.renew():
            self._slot = claim(user, limit)
        if self._slot is None:
            raise Throttled(detail="Too many connections.")

    async def vacate(self) -> None:
        """Give the user's place back."""
        slot, self._slot = self._slot, None
        if slot is not None:
            await self.run(slot.release)

    async def _ask(self, authenticator: Authenticator) -> AuthenticationResult:
        try:
            if type(authenticator).authenticate is not Authenticator.authenticate:
                check_handshake(self.consumer.scope, self.plan)  # comes first, whatever a project's own looks at
            return require_result(await authenticator.authenticate(self.scope), authenticator)
        except Exception as error:  # whatever a project's authenticator raises, the door stays shut
            return await self.refused(error, authenticator.request)

    def _take_over(self, result: AuthenticationResult, request: Request | None, token: str | None) -> None:
        self._token = token
        self._pinned = self._pinned or identity(result.user)
        request = request or drf_request(http_request(self.consumer.scope, self.plan.auth_method), (), self.view(None))
        request.user, request.auth = result.user, result.auth  # an override may name another, and make no request
        left = seconds_left(request)
        self._ends_at = inf if left is None else monotonic() + left
        self.request, self.user = request, result.user
        self._unseen = result

    def _show(self) -> None:
        """Put on the consumer what was found. Between turns only: a handler saves the object that it has changed."""
        found, self._unseen = self._unseen, None
        if found is not None:
            one = self.consumer
            one.request, one.user, one.auth, one.obj = self.request, found.user, found.auth, found.obj

    def _change_of(self, user: Any) -> Exception:
        if identity(user) is None:
            return NotAuthenticated()
        return AuthenticationFailed("The user of a connection cannot change.")

    # -- what --------------------------------------------------------------------------------------------------------

    async def permit(self, guard: GuardPlan, call: Call) -> None:
        """Let ``call`` pass: fresh credentials, then the guards, then the throttles.

        Raises ``CredentialsLost``, and what DRF raises for a refusal.
        """
        if monotonic() >= self._stale_at:
            await self.revalidate()
        self._show()
        if self.request is None:
            raise NotConnected("No handler runs before the connection is authenticated.")
        current.set((self.consumer, self.request, guard, call))
        await drive(self._permit(guard, *self._seen()), self.run if guard.may_block else here)
        if guard.rates:
            check_buckets(self._buckets_of(guard))

    def permit_now(self, guard: GuardPlan, call: Call) -> bool:
        """Do what ``permit`` does, where nothing has to be awaited for it; else do nothing, and give False."""
        request = self.request
        if guard.inline is None or request is None or monotonic() >= self._stale_at:
            return False
        if self._unseen is not None:
            self._show()
        current.set((self.consumer, request, guard, call))
        asked: Any
        # DRF's property costs more than the guard. A user who was put there since is the one to be asked about.
        is_pinned = guard.asks_user_alone and getattr(request, "_user", None) is self.user
        view, asked = (None, self) if is_pinned else self._seen()
        for permission in guard.inline:
            if not permission.has_permission(asked, view):
                deny(request, permission)
        if guard.rates:
            check_buckets(self._buckets_of(guard))
        return True

    async def may_hear(self, guard: GuardPlan, payload: Any) -> bool:
        """Tell whether an event may reach the caller: fresh credentials, then the guards.

        Raises ``CredentialsLost``.
        """
        try:
            if not self.permit_now(guard, call := Call(guard.action, payload)):
                await self.permit(guard, call)
            await self.load(guard, None)
        except (APIException, Http404, DjangoPermissionDenied):
            return False
        return True

    async def load(self, guard: GuardPlan, payload: Any) -> dict[str, Any]:
        """Fetch what the action ``@loads``, each object asked for permission; or ask about the connection's own.

        Raises ``Http404``, and what DRF raises for a refusal.
        """
        if guard.loads or ((guard.asks_object or guard.asks_connection) and self.consumer.obj is not None):
            return await drive(self._load(guard, payload), self.run)
        return {}

    async def serialize(self, kind: Any, payload: Any) -> Any:
        """Give the valid serializer of a payload. Raises ``InvalidCall``."""
        return await self.run(valid_serializer, kind, payload, self._view())

    async def call(self, work: partial[Any]) -> Any:
        """Run a ``def`` handler in a thread, inside a transaction where ``ATOMIC_REQUESTS`` asks for one."""
        # Where Django's own decorator says which databases are left out; a partial does not pass it on.
        vars(work)["_non_atomic_requests"] = getattr(work.func, "_non_atomic_requests", set())
        return await self.run(BaseHandler().make_view_atomic(work))

    async def check_permissions(self) -> None:
        """Ask the connection's guards again, and those of the current action."""
        view = self._view()
        own = view.object_permissions if current_view() else ()
        permissions = [*self.connection_permissions(), *(permission() for permission in own)]
        await drive(check_permissions(permissions, request_of(view), view), self.run)

    async def check_object_permissions(self, obj: Any) -> None:
        """Ask the guards of the current action (outside of one, the connection's) about ``obj``."""
        view = self._view()
        await drive(self._ask_about(view, obj), self.run)

    async def find_object(self, queryset: Any, lookup: dict[str, Any]) -> Any:
        """Get one object and ask for permission. Raises ``Http404``, and what DRF raises for a refusal."""
        return await drive(self._find(self._view(), queryset, lookup), self.run)

    async def denied(self, error: Exception, view: View | None = None) -> Denied | None:
        """Give what DRF answers for ``error``, or ``None`` where that is an internal error."""
        view = view or self._view()
        authenticators = self.consumer.get_authenticators()
        if self.plan.handler_may_block:
            answer: Denied | None = await self.run(denied, error, view, authenticators, self.plan.exception_handler)
            return answer
        return denied(error, view, authenticators, self.plan.exception_handler)

    def view(self, request: Request | None) -> View:
        """Make the view of the connection itself."""
        return View(self.consumer, request, None, (*self.plan.permission_classes, *self.plan.class_guards))

    def connection_permissions(self) -> list[Any]:
        """Make the connection's guards anew, those that the consumer chooses included."""
        return [*self.consumer.get_permissions(), *(guard() for guard in self.plan.class_guards)]

    def fetch_object(self) -> Steps[Any]:
        """Get the connection's own object by ``get_object()``, which may be ``async def``."""
        obj = self.consumer.get_object()
        return (yield obj) if isawaitable(obj) else obj

    def _view(self) -> View:
        return current_view() or self.view(self.request)

    def _seen(self) -> tuple[View, Request]:
        view = self._view()
        return view, request_of(view)

    def _permit(self, guard: GuardPlan, view: View, request: Request) -> Steps[None]:
        if guard.permissions is None:
            permissions = [*self.connection_permissions(), *(permission() for permission in guard.own)]
        else:
            permissions = [permission() for permission in guard.permissions]
        yield from check_permissions(permissions, request, view)
        check_throttles([throttle() for throttle in guard.throttles], request, view)

    def _load(self, guard: GuardPlan, payload: Any) -> Steps[dict[str, Any]]:
        view = self._view()
        if self.consumer.obj is not None:
            yield from self._ask_about_own(view, guard)
        loaded = {}
        for load in guard.loads:
            lookup = {key: field_of(payload, name) for key, name in load.lookup.items()}
            loaded[load.name] = yield from self._find(view, load.queryset, lookup)
        return loaded

    def _ask_about_own(self, view: View, guard: GuardPlan) -> Steps[None]:
        # The connection's guards were asked at connect, but not with the method of this action.
        permissions = self.connection_permissions() if guard.asks_connection else []
        if guard.asks_object:
            permissions += [permission() for permission in guard.own]
        yield from check_object_permissions(permissions, request_of(view), view, self.consumer.obj)

    def _find(self, view: View, queryset: Any, lookup: dict[str, Any]) -> Steps[Any]:
        obj = find_object(as_queryset(queryset, self.plan.owner), lookup)
        yield from self._ask_about(view, obj)
        return obj

    def _ask_about(self, view: View, obj: Any) -> Steps[None]:
        permissions = [permission() for permission in view.object_permissions]
        yield from check_object_permissions(permissions, request_of(view), view, obj)

    def _buckets_of(self, guard: GuardPlan) -> list[Bucket]:
        buckets = self._buckets.get(guard.action)
        if buckets is None:
            buckets = self._buckets[guard.action] = [Bucket(rate.count, rate.period_seconds) for rate in guard.rates]
        return buckets
