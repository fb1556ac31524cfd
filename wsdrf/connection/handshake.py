"""Answer a handshake: accept it, or refuse it in the way that the client can read."""

from __future__ import annotations

import json
from typing import Any, Final

from wsdrf.access.authentication import AuthenticationResult
from wsdrf.access.carriers import Scope, subprotocol_of
from wsdrf.connection.outbox import Send

TOO_LATE: Final = AuthenticationResult(
    False, 408, "Request Timeout", {"detail": "Authentication took too long."}, code="timeout"
)
"""What becomes of a client that does not say in time who it is."""


async def accept(send: Send, scope: Scope) -> None:
    """Accept the connection, with the subprotocol ``wsdrf`` where the client offers it."""
    await send({"type": "websocket.accept", "subprotocol": subprotocol_of(scope)})


async def refuse(send: Send, scope: Scope, result: AuthenticationResult) -> None:
    """Refuse the handshake with the HTTP response that REST would give, or with 403 where the server cannot.

    Source: ASGI's WebSocket Denial Response extension. Browsers show neither status nor body.
    """
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    body = json.dumps(result.data, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if result.challenge:
        headers.append((b"www-authenticate", result.challenge.encode("latin-1", "replace")))
    if result.retry_after is not None:
        headers.append((b"retry-after", str(result.retry_after).encode()))
    await send({"type": "websocket.http.response.start", "status": result.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def close_code(status_code: int) -> int:
    """Give the close code that says an HTTP status: 4000 more, or 4500 for what is no error of HTTP."""
    return 4000 + status_code if 400 <= status_code < 600 else 4500


def payload_of(result: AuthenticationResult) -> dict[str, Any]:
    """Give the payload of an ``authentication`` frame."""
    return {"status_code": result.status_code, "status_text": result.status_text, "data": result.data}
