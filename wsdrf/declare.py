"""Mark a method or class with what it declares, and return it unchanged.

A mark is a frozen record. Those of a function stand in reading order, top to bottom, in a tuple that is the function's
attribute ``__wsdrf_marks__`` (which ``functools.wraps`` copies to a wrapper, as it copies the docstring); those of a
class in its own ``__wsdrf_guards__``. Both are wsdrf's own business: read them with ``marks_of`` and ``class_guards``.

A mark goes to the function itself, so a function that a consumer has already gathered is sealed: to mark
``Base.say`` again from a subclass would change ``Base``. An override is marked instead.
"""

from __future__ import annotations

import inspect
import itertools
import keyword
import math
import reprlib
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import FunctionType, MappingProxyType
from typing import Any, Final, Protocol, TypeVar, cast
from weakref import WeakSet

import attrs
from attrs import field, frozen

from wsdrf.envelope import is_reserved, is_well_formed
from wsdrf.exceptions import DeclarationError
from wsdrf.options import METHODS, Rate

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=Callable[..., Any])

_MARKS: Final = "__wsdrf_marks__"
_CLASS_GUARDS: Final = "__wsdrf_guards__"


class Permission(Protocol):
    """Be what a permission class makes: DRF's, or one whose method is ``async def``."""

    def has_permission(self, request: Any, view: Any, /) -> bool | Awaitable[bool]:
        """Tell whether the request may go on."""
        ...


class Expression(Protocol):
    """Be what DRF makes of permission classes with ``&``, ``|`` and ``~``."""

    operator_class: Any
    op1_class: Any


@frozen
class Place:
    """Where a mark stands: ``module.Class.method`` and ``file:line``, for messages about conflicts."""

    qualname: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@frozen
class Action:
    """Made by ``@on``: the method answers ``name``. ``timeout`` is in seconds."""

    name: str
    method: str
    timeout: float | None
    concurrent: bool
    place: Place


@frozen
class Guards:
    """Made by ``@requires``: DRF permission classes or expressions of them, in reading order."""

    permissions: tuple[Any, ...]
    place: Place


@frozen
class Throttles:
    """Made by ``@throttle``: rates such as ``"20/m"`` and DRF throttle classes, in reading order."""

    rates: tuple[Any, ...]
    place: Place


@frozen
class Load:
    """Made by ``@loads``: fetch one object by fields of the payload and hand it over as keyword ``name``.

    ``lookup`` maps the queryset's lookup to the payload's field, as in ``pk="line_id"``.
    """

    name: str
    queryset: Any = field(hash=False)
    lookup: Mapping[str, str] = field(hash=False)
    place: Place


@frozen
class Receipt:
    """Made by ``@receives``: the method gets each published event of ``message``."""

    message: type
    place: Place


Mark = Action | Guards | Throttles | Load | Receipt

SIGN: Final[Mapping[type[Mark], str]] = MappingProxyType(
    {Action: "@on", Guards: "@requires", Throttles: "@throttle", Load: "@loads", Receipt: "@receives"}
)
"""How a mark is written, for messages."""


def on(action: str, *, method: str = "POST", timeout: float | None = 30, concurrent: bool = False) -> Callable[[F], F]:
    """Answer ``action`` with this method.

    ``method`` is what permission classes see as ``request.method``. ``timeout`` is in seconds, ``None`` for no end.
    ``concurrent`` lets the method run beside others of its connection. Raises ``DeclarationError``.
    """
    _check_action(action, method, timeout, concurrent)

    def mark(function: F) -> F:
        return _mark(function, Action(action, method, timeout, concurrent, _place(function, "@on")))

    return mark


def requires(*permissions: type[Permission] | Expression) -> Callable[[T], T]:
    """Ask these permission classes before the method; on a class, before every connection and each of its methods.

    Takes DRF permission classes, their ``&``, ``|`` and ``~``, and classes whose methods are ``async def``. It only
    ever adds: no subclass can take a guard away. Raises ``DeclarationError``.
    """
    if not permissions:
        raise DeclarationError("@requires() asks for nothing. Name a class, as in @requires(IsAuthenticated).")
    for permission in permissions:
        _check_guard(permission)

    def mark(target: T) -> T:
        if isinstance(target, type):
            guards = Guards(permissions, _class_place(target))
            setattr(target, _CLASS_GUARDS, (guards, *vars(target).get(_CLASS_GUARDS, ())))
            return cast("T", target)
        return _mark(target, Guards(permissions, _place(target, "@requires")))

    return mark


def throttle(*rates: str | type[Any]) -> Callable[[F], F]:
    """Limit how often the method is called.

    A rate such as ``"20/m"`` is a bucket of the connection and action; a DRF throttle class shares its budget with
    REST. Raises ``DeclarationError``.
    """
    if not rates:
        raise DeclarationError('@throttle() limits nothing. Give a rate, as in @throttle("20/m").')
    for rate in rates:
        _check_rate(rate)

    def mark(function: F) -> F:
        return _mark(function, Throttles(rates, _place(function, "@throttle")))

    return mark


def loads(name: str, queryset: Any, /, **lookup: str) -> Callable[[F], F]:
    """Fetch one object by fields of the payload, check its permissions, and hand it over as keyword ``name``.

    ``queryset`` is a QuerySet, a Manager or a model class; ``lookup`` maps its lookups to fields of the payload, as in
    ``pk="line_id"``. Raises ``DeclarationError``.
    """
    _check_load(name, queryset, lookup)

    def mark(function: F) -> F:
        return _mark(function, Load(name, queryset, MappingProxyType(lookup), _place(function, "@loads")))

    return mark


def receives(message: type[Any]) -> Callable[[F], F]:
    """Give this method each event of the class ``message`` that is published to a group of its connection.

    Raises ``DeclarationError`` for anything but an attrs class, which ``@message`` makes.
    """
    _check_message(message)

    def mark(function: F) -> F:
        return _mark(function, Receipt(message, _place(function, "@receives")))

    return mark


def marks_of(value: Any) -> tuple[Mark, ...]:
    """Give the marks on a function, or on whatever a decorator made of it, in reading order."""
    # Statically, where it is no function: a lazy object in a class body must not be woken by the question.
    marks: tuple[Mark, ...] = (getattr if inspect.isfunction(value) else inspect.getattr_static)(value, _MARKS, ())
    return marks


def class_guards(cls: type) -> tuple[Any, ...]:
    """Give the permissions that ``@requires`` put on ``cls`` and its bases, those of the furthest base first."""
    marks = (mark for base in reversed(cls.__mro__) for mark in vars(base).get(_CLASS_GUARDS, ()))
    return tuple(permission for mark in marks for permission in mark.permissions)


# What follows is for collect: what was marked lately, and what may not be marked any more.

_numbers: Final = itertools.count(1)
_recent: Final[deque[tuple[int, Mark]]] = deque(maxlen=1024)
_sealed: Final[WeakSet[Callable[..., Any]]] = WeakSet()


def now() -> int:
    """Give a moment for ``marked_since``."""
    return next(_numbers)


def marked_since(moment: int, module: str, owner: str) -> list[Mark]:
    """Give the marks put since ``moment`` on functions that are written in the body of the class ``owner``."""
    prefix = f"{module}.{owner}."
    return [
        mark
        for number, mark in tuple(_recent)
        if number > moment and mark.place.qualname.startswith(prefix) and "." not in mark.place.qualname[len(prefix) :]
    ]


def seal(function: Callable[..., Any]) -> None:
    """Let nobody mark ``function`` any more: a consumer's table already says what it means."""
    _sealed.add(function)


def place_of(function: Callable[..., Any]) -> Place:
    """Say where ``function`` is written, looking through ``functools.wraps``."""
    inner: Any = inspect.unwrap(function)
    written: Any = inner if inspect.isfunction(inner) else function  # a partial has neither code nor a name
    code = written.__code__
    return Place(f"{written.__module__}.{written.__qualname__}", code.co_filename, code.co_firstlineno)


def _mark(function: F, mark: Mark) -> F:
    if function in _sealed:
        raise DeclarationError(
            f"{mark.place.qualname}() already belongs to a consumer, which {SIGN[type(mark)]} would change. "
            f"Write an override that calls it, and mark that. ({mark.place})"
        )
    setattr(function, _MARKS, (mark, *marks_of(function)))
    _recent.append((now(), mark))
    return function


def _place(function: Any, sign: str) -> Place:
    if isinstance(function, type):
        cure = "Set throttle_classes on it instead." if sign == "@throttle" else "Put it on a method."
        raise DeclarationError(f"{sign} stands on the class {function.__qualname__}. {cure}")
    if isinstance(function, (staticmethod, classmethod, property)):
        raise DeclarationError(f"{sign} stands on a {type(function).__name__}. A handler is a plain method with self.")
    if not inspect.isfunction(function):
        raise DeclarationError(
            f"{sign} stands on {reprlib.repr(function)}, which is no function. Put it on a plain `async def` or `def`; "
            "a `def` runs in a thread by itself."
        )
    return place_of(function)


def _class_place(cls: type) -> Place:
    # Two frames up: mark() and this function lie between here and the class statement.
    frame = sys._getframe(2)
    return Place(f"{cls.__module__}.{cls.__qualname__}", frame.f_code.co_filename, frame.f_lineno)


def _unnamed(sign: str, given: Any, cure: str) -> str:
    bare = inspect.isfunction(given)
    what = f"stands on {given.__qualname__}() without parentheses" if bare else f"got {reprlib.repr(given)}"
    return f"{sign} {what}. {cure}"


def _check_action(action: Any, method: Any, timeout: Any, concurrent: Any) -> None:
    if not isinstance(action, str):
        raise DeclarationError(_unnamed("@on", action, 'Write @on("room.say").'))
    who = f"@on({reprlib.repr(action)})"
    if not is_well_formed(action):
        raise DeclarationError(f'{who} is no action. Use 1 to 100 letters, digits and _ . - : / as in "room.say".')
    if is_reserved(action):
        raise DeclarationError(f'{who} belongs to the protocol. Choose another name, such as "room.{action}".')
    if method not in METHODS:
        raise DeclarationError(f"{who} has method={reprlib.repr(method)}. Use one of {', '.join(METHODS)}.")
    if timeout is not None and not (type(timeout) in (int, float) and math.isfinite(timeout) and timeout > 0):
        raise DeclarationError(f"{who} has timeout={timeout!r}. Use seconds, more than 0, or None for no end.")
    if type(concurrent) is not bool:
        raise DeclarationError(f"{who} has concurrent={reprlib.repr(concurrent)}. Use True or False.")


def _check_guard(guard: Any) -> None:
    cure = "Name permission classes, as in @requires(IsAuthenticated, CanSpeak | IsStaff)."
    if isinstance(guard, type):
        if not callable(getattr(guard, "has_permission", None)):
            raise DeclarationError(
                f"@requires got the class {guard.__qualname__}, which has no has_permission(). {cure}"
            )
    elif hasattr(guard, "operator_class") and hasattr(guard, "op1_class"):
        for side in ("op1_class", "op2_class"):
            if hasattr(guard, side):
                _check_guard(getattr(guard, side))
    elif callable(getattr(guard, "has_permission", None)):
        name = type(guard).__qualname__
        raise DeclarationError(f"@requires got an instance of {name}. Name the class itself: @requires({name}).")
    else:
        raise DeclarationError(_unnamed("@requires", guard, cure))


def _check_rate(rate: Any) -> None:
    if isinstance(rate, str):
        try:
            Rate.parse(rate)
        except ValueError as error:
            raise DeclarationError(f"@throttle got {reprlib.repr(rate)}. It must be {error}.") from None
    elif not isinstance(rate, type) or not callable(getattr(rate, "allow_request", None)):
        cure = 'Give rates and DRF throttle classes, as in @throttle("20/m", UserRateThrottle).'
        raise DeclarationError(_unnamed("@throttle", rate, cure))


def _check_message(message: Any) -> None:
    if not isinstance(message, type) or not attrs.has(message):
        raise DeclarationError(_unnamed("@receives", message, "Name a @message class, as in @receives(RoomRenamed)."))


def _check_load(name: Any, queryset: Any, lookup: Mapping[str, Any]) -> None:
    example = 'as in @loads("line", Line.objects.all(), pk="line_id").'
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise DeclarationError(_unnamed("@loads", name, f"Name the handler's parameter first, {example}"))
    who = f'@loads("{name}")'
    if queryset is None or isinstance(queryset, (str, FunctionType)):
        raise DeclarationError(f"{who} has no queryset but {reprlib.repr(queryset)}. Give one, {example}")
    if not lookup:
        raise DeclarationError(f"{who} does not say which object. Name a lookup and its payload field, {example}")
    for key, source in lookup.items():
        if not isinstance(source, str) or not source:
            raise DeclarationError(f"{who} has {key}={reprlib.repr(source)}. Name a payload field, {example}")
