"""Ask DRF permission classes, sync or async, alone or inside ``&``, ``|`` and ``~``, as ``APIView`` would."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import (
    AND,
    NOT,
    OR,
    AllowAny,
    BasePermission,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request

from wsdrf.access.steps import Steps

USER_ALONE: Final = frozenset({AllowAny, IsAuthenticated, IsAdminUser})
"""Permission classes that look at nothing but a user who is already loaded. A subclass is not one of them."""

NON_BLOCKING: Final = USER_ALONE | {IsAuthenticatedOrReadOnly}
"""Permission classes that do not block: they look at that user, and at the method. Nor is a subclass one of these."""


def leaves(guard: Any) -> Iterable[Any]:
    """Give the permission classes that ``guard``, a class or an expression of classes, is made of."""
    operands = [getattr(guard, name) for name in ("op1_class", "op2_class") if hasattr(guard, name)]
    if not operands:
        yield guard
    for operand in operands:
        yield from leaves(operand)


def covers(guards: Iterable[Any]) -> bool:
    """Tell whether ``guards`` ask for anything: ``AllowAny`` alone, or nothing, lets everybody in."""
    return any(leaf is not AllowAny for guard in guards for leaf in leaves(guard))


def needs_steps(guard: Any) -> bool:
    """Tell whether asking ``guard`` may block or await: everything may that is not known not to."""
    return any(leaf not in NON_BLOCKING for leaf in leaves(guard))


def may_block(guard: Any) -> bool:
    """Tell whether asking ``guard`` for ``has_permission`` may block, as everything may of which it is not known."""
    return any(_may_block(leaf) for leaf in leaves(guard))


def looks_at_user_alone(guard: Any) -> bool:
    """Tell whether ``guard`` looks at nothing of a request but its user."""
    return all(leaf in USER_ALONE for leaf in leaves(guard))


def asks_objects(guard: Any) -> bool:
    """Tell whether ``guard`` has something of its own to say about an object."""
    return any(_overrides(leaf, "has_object_permission") for leaf in leaves(guard))


def asks_only_objects(guard: Any) -> bool:
    """Tell whether ``guard`` is one class that says nothing before there is an object."""
    return isinstance(guard, type) and asks_objects(guard) and not _overrides(guard, "has_permission")


def check_permissions(permissions: Iterable[Any], request: Request, view: Any) -> Steps[None]:
    """Ask each of ``permissions``, in order; the first that says no decides.

    Raises ``NotAuthenticated`` or ``PermissionDenied`` as ``APIView.check_permissions`` does.
    """
    for permission in permissions:
        if not (yield from _has_permission(permission, request, view)):
            deny(request, permission)


def check_object_permissions(permissions: Iterable[Any], request: Request, view: Any, obj: Any) -> Steps[None]:
    """Ask each of ``permissions`` about ``obj``, as ``APIView.check_object_permissions`` does."""
    for permission in permissions:
        if not (yield from _has_object_permission(permission, request, view, obj)):
            deny(request, permission)


def deny(request: Request, permission: Any) -> None:
    """Raise what ``APIView.permission_denied`` raises for ``permission``."""
    if request.authenticators and not request.successful_authenticator:
        raise NotAuthenticated
    raise PermissionDenied(detail=getattr(permission, "message", None), code=getattr(permission, "code", None))


def _has_permission(permission: Any, request: Request, view: Any) -> Steps[bool]:
    kind = type(permission)
    if kind is AND:
        return (yield from _has_permission(permission.op1, request, view)) and (
            yield from _has_permission(permission.op2, request, view)
        )
    if kind is OR:
        return (yield from _has_permission(permission.op1, request, view)) or (
            yield from _has_permission(permission.op2, request, view)
        )
    if kind is NOT:
        return not (yield from _has_permission(permission.op1, request, view))
    return (yield from _verdict(permission.has_permission(request, view)))


def _has_object_permission(permission: Any, request: Request, view: Any, obj: Any) -> Steps[bool]:
    kind = type(permission)
    if kind is AND:
        return (yield from _has_object_permission(permission.op1, request, view, obj)) and (
            yield from _has_object_permission(permission.op2, request, view, obj)
        )
    if kind is OR:
        return (yield from _has_both(permission.op1, request, view, obj)) or (
            yield from _has_both(permission.op2, request, view, obj)
        )
    if kind is NOT:
        return not (yield from _has_object_permission(permission.op1, request, view, obj))
    return (yield from _verdict(permission.has_object_permission(request, view, obj)))


def _has_both(permission: Any, request: Request, view: Any, obj: Any) -> Steps[bool]:
    # DRF's OR asks both questions of one operand, so that an object does not open what the view keeps shut.
    return (yield from _has_permission(permission, request, view)) and (
        yield from _has_object_permission(permission, request, view, obj)
    )


def _verdict(answer: Any) -> Steps[bool]:
    # A coroutine is truthy: DRF would take it for a yes.
    if isawaitable(answer):
        answer = yield answer
    return bool(answer)


def _may_block(leaf: Any) -> bool:
    if leaf in NON_BLOCKING:
        return False
    cls: Any = leaf
    if not isinstance(leaf, type) or cls.__init__ is not object.__init__:
        return True
    # Each class says so for itself: a subclass may well ask the database.
    if vars(cls).get("blocking") is False or not _overrides(cls, "has_permission"):
        return False
    return not iscoroutinefunction(cls.has_permission)


def _overrides(leaf: Any, question: str) -> bool:
    if not isinstance(leaf, type):
        return True  # a callable that makes a permission: nobody knows which
    default = getattr(BasePermission, question)
    return getattr(leaf, question, default) is not default
