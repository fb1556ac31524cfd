"""Write how a client may say who it is: authentication classes and carriers as security schemes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from wsdrf.access.carriers import (
    TOKEN_PREFIX,
    AuthorizationHeader,
    FirstMessage,
    QueryParameter,
    Subprotocol,
    reads_session,
    scheme_of,
)
from wsdrf.access.plan import AccessPlan

Schemes = dict[str, dict[str, Any]]


def schemes_of(access: AccessPlan) -> Schemes:
    """Give the security schemes of a consumer, by keys that mean the same in the whole document."""
    found: Schemes = {}
    schemes = list(dict.fromkeys(filter(None, map(scheme_of, access.authentication_classes))))
    if any(map(reads_session, access.authentication_classes)):
        found["session"] = {
            "type": "httpApiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of who is logged in on the site.",
        }
    if schemes:
        for carrier in access.carriers:
            found.update(_carried(carrier, schemes))
    return found


def _carried(carrier: Any, schemes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(carrier, AuthorizationHeader):
        yield from ((f"header.{_key(scheme)}", _header(scheme)) for scheme in schemes)
    elif isinstance(carrier, Subprotocol):
        yield (
            "subprotocol",
            {
                "type": "httpApiKey",
                "in": "header",
                "name": "Sec-WebSocket-Protocol",
                "description": f"Offer `wsdrf` and `{TOKEN_PREFIX}<token>`, the token in unpadded base64url.",
            },
        )
    elif isinstance(carrier, QueryParameter):
        description = "The token in the address."
        query = {"type": "httpApiKey", "in": "query", "name": carrier.name, "description": description}
        yield f"query.{_key(carrier.name)}", query
    elif isinstance(carrier, FirstMessage):
        description = "The token in an `authenticate` frame, which is the first that the client sends."
        yield "first-message", {"type": "apiKey", "in": "password", "description": description}


def _header(scheme: str) -> dict[str, Any]:
    if scheme.lower() in {"basic", "bearer"}:
        return {"type": "http", "scheme": scheme.lower()}
    description = f"`{scheme} <token>`; browsers cannot send it."
    return {"type": "httpApiKey", "in": "header", "name": "Authorization", "description": description}


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
