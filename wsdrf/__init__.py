"""Django REST framework on WebSockets: the same users, tokens, permissions, throttles and error words.

A name is loaded when it is first used: messages can be declared, and this module imported, without loading Django.
The types of the names stand in ``__init__.pyi``.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "AuthenticationResult": "wsdrf.access.authentication",
    "Authenticator": "wsdrf.access.authentication",
    "AuthorizationHeader": "wsdrf.access.carriers",
    "Consumer": "wsdrf.consumer",
    "FirstMessage": "wsdrf.access.carriers",
    "QueryParameter": "wsdrf.access.carriers",
    "Subprotocol": "wsdrf.access.carriers",
    "adisconnect": "wsdrf.connection.revocation",
    "disconnect": "wsdrf.connection.revocation",
    "loads": "wsdrf.declare",
    "message": "wsdrf.messages",
    "on": "wsdrf.declare",
    "receives": "wsdrf.declare",
    "requires": "wsdrf.declare",
    "throttle": "wsdrf.declare",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]  # __init__.pyi spells it out


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
