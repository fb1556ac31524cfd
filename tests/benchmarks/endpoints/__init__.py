"""The same endpoint, written for each contender; a module each, imported only where it is measured."""

from __future__ import annotations

from importlib import import_module

from endpoints.common import Endpoint

WSDRF = "wsdrf"
PLAIN = "plain Channels"
BARE = "bare ASGI, json"
FLOOR = "harness alone"
CHANX = "Chanx"
DCRF_OWN = "djangochannelsrestframework, own permission"
DCRF_DRF = "djangochannelsrestframework, DRF permission"
FASTAPI = "FastAPI, pydantic"
LITESTAR = "Litestar, msgspec"
SOCKETIO = "python-socketio"

MODULES = {
    FLOOR: "bare",
    BARE: "bare",
    PLAIN: "plain",
    CHANX: "chanx_consumer",
    DCRF_OWN: "dcrf",
    DCRF_DRF: "dcrf",
    FASTAPI: "fastapi_app",
    LITESTAR: "litestar_app",
    SOCKETIO: "socketio_app",
    WSDRF: "guarded",
}
CHANNELS = [PLAIN, CHANX, DCRF_OWN, DCRF_DRF, WSDRF]
"""Those that stand on Channels, and so have groups and Django's users."""


def endpoint(name: str, variant: str = "chat") -> Endpoint:
    """Give the endpoint of a contender: ``chat``, or what else its module calls it."""
    found: Endpoint = import_module(f"endpoints.{MODULES[name]}").ENDPOINTS[name, variant]
    return found
