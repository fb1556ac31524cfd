"""Read the marks off a class body, once, when the class is defined.

``ConsumerType`` is the metaclass; ``body`` watches a class body being written, ``signature`` reads what one method
takes and gives, and ``table`` puts both together along the MRO.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from wsdrf.collect.body import Body, check_body, check_lost
from wsdrf.collect.signature import Scope
from wsdrf.collect.table import gather
from wsdrf.exceptions import ConfigurationError
from wsdrf.naming import class_name
from wsdrf.routing import Receptions, Routes

__all__ = ["ConsumerType"]

InstanceT = TypeVar("InstanceT")

_OF_ASGI: Final = 3
"""How many arguments an ASGI application is called with: scope, receive, send."""


class ConsumerType(ABCMeta):
    """Be the class of consumer classes: gather what their bodies and their mixins declare into ``routes``.

    A class may have a classmethod ``__wsdrf_declared__``, which is called when its tables are complete. It is an
    ``ABCMeta``, so that abstract classes can be mixed in. Raises ``DeclarationError``.
    """

    routes: Routes
    receptions: Receptions

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **kwargs: Any) -> Body:
        """Give a namespace that notices a method being defined twice."""
        return Body(bases)

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **kwargs: Any) -> ConsumerType:
        """Define the class, then fill its tables."""
        cls = super().__new__(mcls, name, bases, dict(namespace), **kwargs)
        check_body(cls)
        if isinstance(namespace, Body):
            check_lost(cls, since=namespace.began)
        cls.routes, cls.receptions = gather(cls, _enclosing_scope())
        declared = getattr(cls, "__wsdrf_declared__", None)
        if declared is not None:
            declared()
        return cls

    def __call__(cls: type[InstanceT], *args: Any, **kwargs: Any) -> InstanceT:
        """Make one that serves a connection; whoever routes to the class itself is told so."""
        if len(args) == _OF_ASGI:
            name = class_name(cls)
            raise ConfigurationError(f"{name} is no ASGI application. Route to {name}.as_asgi().")
        instance: InstanceT = super().__call__(*args, **kwargs)  # type: ignore[misc]  # super() of a metaclass
        return instance


def _enclosing_scope() -> Scope:
    """Give the names that are visible where the class statement stands, for annotations written as strings."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_name == "__new__":
        frame = frame.f_back
    local: Mapping[str, Any] = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
    return Scope(frame.f_globals, MappingProxyType(local))
