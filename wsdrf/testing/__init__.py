"""Test your sockets: a client in the test's process, a test case, a fixture for pytest, a matrix of rights."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

# pytest imports this package together with its plugin, before Django settings are known; so each name is imported when
# it is first asked for. Their types are in __init__.pyi, which is why pyright does not find them here.
# pyright: reportUnsupportedDunderAll=false
__all__ = [
    "Answer",
    "Close",
    "Response",
    "WebsocketCommunicator",
    "WebsocketTestCase",
    "aassert_permission_matrix",
    "assert_permission_matrix",
    "find_application",
    "signals_delivered",
]

_HOMES: Final = {
    "Answer": "frames",
    "Close": "server",
    "Response": "server",
    "WebsocketCommunicator": "communicator",
    "WebsocketTestCase": "case",
    "aassert_permission_matrix": "matrix",
    "assert_permission_matrix": "matrix",
    "find_application": "application",
    "signals_delivered": "signals",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
