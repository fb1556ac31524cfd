"""What the laws of access draw: authentication classes and permission expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from attrs import frozen
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from hypothesis import strategies as st
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.exceptions import AuthenticationFailed, NotAcceptable, PermissionDenied, Throttled
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    DjangoModelPermissions,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework_simplejwt.authentication import JWTAuthentication

# -- authentication ----------------------------------------------------------------------------------------------------


class Refusing(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        raise AuthenticationFailed("The moon is wrong.", code="wrong_moon")

    def authenticate_header(self, request: Any) -> str:
        return f'Moon realm="{request.get_host()}"'


class Broken(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        return request.no_such_attribute


class Silent(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        return None

    def authenticate_header(self, request: Any) -> str:
        return "Silent"


class KnoxByName(KnoxAuthentication):
    """Knox under a scheme of its own, so that it stands beside DRF's tokens."""

    def authenticate_header(self, request: Any) -> str:
        return "Knox"


TOKEN_CLASSES = {TokenAuthentication: "Token", JWTAuthentication: "Bearer", KnoxByName: "Knox"}
AUTHENTICATION_CLASSES = [SessionAuthentication, BasicAuthentication, *TOKEN_CLASSES, Silent]
authentications = st.one_of(
    st.lists(st.sampled_from(AUTHENTICATION_CLASSES), unique=True, max_size=4),
    st.lists(st.sampled_from([*AUTHENTICATION_CLASSES, Refusing, Broken]), unique=True, max_size=3),
)

# -- permissions -------------------------------------------------------------------------------------------------------


class Worded(BasePermission):
    message = "Not without a hat."
    code = "no_hat"

    def has_permission(self, request: Any, view: Any) -> bool:
        return "hat" in request.query_params


class Structured(BasePermission):
    message = {"reason": "hatless", "advice": ["buy one"]}

    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Falsy(BasePermission):
    def has_permission(self, request: Any, view: Any) -> Any:
        return [] if request.user is None or request.user.is_staff else "yes"


class Hidden(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise Http404


class HiddenInWords(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise Http404("There is nothing here.")


class DeniedByDjango(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise DjangoPermissionDenied("Go away.")


class DeniedByDRF(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise PermissionDenied("Come back on Monday.", code="closed_today")


class Slow(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise Throttled(wait=2.5)


class Odd(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise NotAcceptable


class Crashing(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise ZeroDivisionError


class OpenObject(BasePermission):
    message = "This one is closed."
    code = "closed"

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return obj.name == "open"


class OpenOrReadOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return "pk" in view.kwargs

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method == "GET" or obj.name == "open"


class HiddenObject(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        if obj.name != "open":
            raise Http404
        return bool(request.user and request.user.is_authenticated)


QUESTIONS = ("has_permission", "has_object_permission")


def made_async(kind: type[Any]) -> type[Any]:
    """Give the twin of a permission class whose questions are ``async def``."""

    def twin(question: str) -> Callable[..., Any]:
        async def ask(self: Any, *args: Any) -> Any:
            return getattr(kind, question)(self, *args)

        return ask

    return type(
        f"Async{kind.__name__}", (kind,), {question: twin(question) for question in QUESTIONS if question in vars(kind)}
    )


DRF_LEAVES = [AllowAny, IsAuthenticated, IsAdminUser, IsAuthenticatedOrReadOnly, DjangoModelPermissions]
OWN_LEAVES = [Worded, Structured, Falsy, Hidden, HiddenInWords, DeniedByDjango, DeniedByDRF, Slow, Odd, Crashing]
OBJECT_LEAVES = [OpenObject, OpenOrReadOnly, HiddenObject]


@frozen
class Guard:
    """One expression of permission classes: as wsdrf gets it, and the twin of it that DRF understands."""

    ours: Any
    theirs: Any

    @property
    def asks_objects(self) -> bool:
        """Tell whether any class in it has something to say about an object."""
        return _asks_objects(self.theirs)


def asking_objects(guards: Sequence[Guard]) -> list[Any]:
    """Give DRF's side of ``guards``, if any class in them has something to say about an object."""
    return [guard.theirs for guard in guards] if any(guard.asks_objects for guard in guards) else []


def _asks_objects(expression: Any) -> bool:
    sides = [getattr(expression, name) for name in ("op1_class", "op2_class") if hasattr(expression, name)]
    return any(map(_asks_objects, sides)) if sides else "has_object_permission" in vars(expression)


def _plain(kinds: list[type[Any]]) -> st.SearchStrategy[Guard]:
    return st.sampled_from([Guard(kind, kind) for kind in kinds])


def _asynchronous(kinds: list[type[Any]]) -> st.SearchStrategy[Guard]:
    return st.sampled_from([Guard(made_async(kind), kind) for kind in kinds])


def _joined(operation: Callable[[Any, Any], Any], guards: list[Guard]) -> Guard:
    return Guard(reduce(operation, [one.ours for one in guards]), reduce(operation, [one.theirs for one in guards]))


leaf_guards = st.one_of(
    _plain(DRF_LEAVES), _plain(OBJECT_LEAVES), _plain(OWN_LEAVES), _asynchronous(OBJECT_LEAVES + OWN_LEAVES[:6])
)
expressions = st.recursive(
    leaf_guards,
    lambda inner: st.one_of(
        st.builds(_joined, st.sampled_from([and_, or_]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda one: Guard(~one.ours, ~one.theirs), inner),
    ),
    max_leaves=4,
)
guard_lists = st.lists(expressions, max_size=2)
opening_lists = st.one_of(
    st.lists(st.one_of(_plain(OBJECT_LEAVES), _asynchronous(OBJECT_LEAVES)), max_size=1), guard_lists
)
"""What a connection may be guarded by where calls are to follow: mostly something that lets in."""
