"""Watch a class body being written: what stands in it twice, in the wrong place, or under a decorator that hides it."""

from __future__ import annotations

import gc
import inspect
from types import CellType, FunctionType, ModuleType
from typing import Any, Final

from wsdrf.declare import SIGN, Mark, marked_since, marks_of, now, place_of
from wsdrf.exceptions import DeclarationError
from wsdrf.naming import class_name
from wsdrf.options import is_near, misspelt
from wsdrf.routing import Receptions, Routes

_TABLES: Final = {"routes": Routes, "receptions": Receptions}
_HOOKS: Final = (
    "build_groups",
    "connected",
    "disconnected",
    "get_authenticators",
    "get_permissions",
    "get_queryset",
    "get_throttles",
    "handle_exception",
)
_AWAITED: Final = ("build_groups", "connected", "disconnected", "handle_exception")
_OF_CHANNELS: Final = {
    "connect": "connected()",
    "disconnect": "disconnected(code)",
    "receive": 'a handler with @on("...")',
    "receive_json": 'a handler with @on("...")',
    "websocket_connect": "connected()",
    "websocket_disconnect": "disconnected(code)",
    "websocket_receive": 'a handler with @on("...")',
}
"""What a consumer of Channels has, and what stands for it here."""
_DEPTH: Final = 8
"""How many objects lie at most between a decorator's product and the function it hides: closures, cells, attributes."""


class Body(dict[str, Any]):
    """Be the namespace of a class body, and refuse a handler that is defined in it twice."""

    def __init__(self, bases: tuple[type, ...]) -> None:
        super().__init__()
        self.began: int = now()
        self._inherited = frozenset(
            name for base in bases for owner in base.__mro__ for name, value in vars(owner).items() if marks_of(value)
        )

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            self._check_second(name, self[name], value)
        super().__setitem__(name, value)

    def _check_second(self, name: str, first: Any, second: Any) -> None:
        declared = marks_of(first) or marks_of(second) or name in self._inherited
        if not declared or not inspect.isfunction(first) or first in hidden_functions(second):
            return
        who = f"{self['__qualname__'].rpartition('<locals>.')[2]}.{name}()"
        places = f"{place_of(first)}; {place_of(second)}" if inspect.isfunction(second) else f"{place_of(first)}"
        raise DeclarationError(
            f"{who} is defined twice in one body, and only the second would count. Rename one of them. ({places})"
        )


def check_body(cls: type) -> None:
    """Refuse what cannot be meant in the body of ``cls`` and of its plain bases. Raises ``DeclarationError``."""
    for name, value in vars(cls).items():
        if name in _TABLES and not isinstance(value, _TABLES[name]):
            raise DeclarationError(f"{class_name(cls)}.{name} is where wsdrf keeps its table. Choose another name.")
        defined = hasattr(type(value), "__get__") or getattr(value, "__qualname__", "") == f"{cls.__qualname__}.{name}"
        known = None if defined else misspelt(name)
        if known is not None:
            raise DeclarationError(
                f"{class_name(cls)}.{name} means nothing to wsdrf. Did you mean {known}? "
                "If it is an attribute of your own, choose a name that is less alike."
            )
        if type(value) is FunctionType and not marks_of(value):
            _check_hook(cls, name)
    _check_awaited(cls)
    for owner in cls.__mro__:
        if owner is cls or (type(owner) is not type(cls) and owner is not object):
            _check_values(owner)


def _check_hook(cls: type, name: str) -> None:
    """Refuse a method that nobody calls because its name is not quite a hook's."""
    known = _OF_CHANNELS.get(name) or next((f"{hook}()" for hook in _HOOKS if is_near(name, hook) and name != hook), "")
    if known:
        raise DeclarationError(
            f"{class_name(cls)}.{name}() is never called by wsdrf. Write {known}. "
            "If it is a method of your own, choose a name that is less alike."
        )


def _check_awaited(cls: type) -> None:
    """Refuse a plain function where wsdrf awaits what a hook gives, in the body or in a mixin."""
    for name in _AWAITED:
        value = inspect.getattr_static(cls, name, None)
        if type(value) is FunctionType and not inspect.iscoroutinefunction(inspect.unwrap(value)):
            raise DeclarationError(
                f"{class_name(cls)}.{name}() is awaited, and is no coroutine function. "
                f"Write async def {name}. ({place_of(value)})"
            )


def check_lost(cls: type, *, since: int) -> None:
    """Refuse a mark put in the body of ``cls`` since then that nothing in the finished class bears."""
    kept = [mark for value in vars(cls).values() for mark in marks_of(value)]
    for mark in marked_since(since, cls.__module__, cls.__qualname__):
        if not any(mark is one for one in kept):
            raise DeclarationError(_lost(class_name(cls), mark.place.qualname.rpartition(".")[2], mark))


def hidden_functions(value: Any) -> list[FunctionType]:
    """Give the functions that ``value``, a decorator's product, keeps: itself, wrapped, closed over, as attributes."""
    found: list[FunctionType] = []
    seen: set[int] = set()
    layer = [value]
    for _ in range(_DEPTH):
        fresh = {id(one): one for one in layer if id(one) not in seen and _may_hide(one)}
        seen.update(fresh)
        found.extend(one for one in fresh.values() if type(one) is FunctionType)
        layer = [inner for one in fresh.values() for inner in _kept(one)]
    return found


def _may_hide(value: Any) -> bool:
    if isinstance(value, (type, ModuleType)):
        return False
    return isinstance(value, (CellType, tuple, list, dict)) or callable(value) or hasattr(type(value), "__get__")


def _kept(value: Any) -> list[Any]:
    # The collector's view holds for slots and for what is written in C, such as a property, a partial or a cache.
    # A function's globals and builtins are everybody's: what they hold is not kept by it.
    world = [getattr(value, name, None) for name in ("__globals__", "__builtins__")]
    return [one for one in gc.get_referents(value) if not any(one is each for each in world)]


def _check_values(owner: type) -> None:
    for name, value in vars(owner).items():
        hidden = () if isinstance(value, (dict, list, tuple)) or not _may_hide(value) else hidden_functions(value)
        own = marks_of(value)
        home = (owner.__module__, f"{owner.__qualname__}.{name}")
        marks = [mark for one in hidden if (one.__module__, one.__qualname__) == home for mark in marks_of(one)]
        if (own or marks) and not inspect.isfunction(value):
            sign = SIGN[type((*own, *marks)[0])]
            raise DeclarationError(
                f"{class_name(owner)}.{name} has {sign} but is a {type(value).__name__}. A handler is a plain method "
                "with self: take the other decorator away, or let it return a function made with functools.wraps."
            )
        for mark in marks:
            if not any(mark is one for one in own):
                raise DeclarationError(_lost(class_name(owner), name, mark))


def _lost(owner: str, name: str, mark: Mark) -> str:
    sign = SIGN[type(mark)]
    return (
        f"{owner}.{name}() has lost its {sign} under another decorator. Use functools.wraps in that decorator, "
        f"or put {sign} above it. ({mark.place})"
    )
