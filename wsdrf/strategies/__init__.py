"""Strategies for hypothesis: valid and invalid calls of a consumer, and anything else that a socket can carry."""

from __future__ import annotations

try:
    from wsdrf.strategies.calls import calls
    from wsdrf.strategies.frames import frames
    from wsdrf.strategies.invalid import InvalidCall, invalid_calls
    from wsdrf.strategies.machine import ConsumerMachine, state_machine
    from wsdrf.strategies.payloads import payloads
    from wsdrf.strategies.registry import register
except ModuleNotFoundError as _error:
    if _error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "wsdrf.strategies needs hypothesis, which is not installed. Install it with: pip install 'wsdrf[testing]'",
        name="hypothesis",
    ) from None

__all__ = [
    "ConsumerMachine",
    "InvalidCall",
    "calls",
    "frames",
    "invalid_calls",
    "payloads",
    "register",
    "state_machine",
]
