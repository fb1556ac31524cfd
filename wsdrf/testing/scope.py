"""Make the ASGI scope that a real server makes of a client's opening handshake."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from urllib.parse import unquote

from django.utils.encoding import iri_to_uri

DENIAL_RESPONSE: Final = "websocket.http.response"
"""The ASGI extension that lets an application refuse a handshake with an HTTP status of its own."""

Scope: TypeAlias = dict[str, Any]
HeaderPairs: TypeAlias = Iterable[tuple[str | bytes, str | bytes]]
Headers: TypeAlias = Mapping[str, str] | HeaderPairs


def build_scope(path: str, headers: Headers, subprotocols: Sequence[str]) -> Scope:
    """Give the scope of a handshake for ``path``, which may have a query and characters still to be quoted."""
    raw_path, _, query = iri_to_uri(path).partition("#")[0].partition("?")
    raw_path = "/" + raw_path.lstrip("/")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1234),
        "root_path": "",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": _all_headers(normalize(headers), subprotocols),
        "subprotocols": list(subprotocols),
        "state": {},
        "extensions": {DENIAL_RESPONSE: {}},
    }


def copy_scope(scope: Scope) -> Scope:
    """Copy ``scope`` with its lists and dicts, so that what an application does to it stays with that connection."""
    return {key: type(value)(value) if isinstance(value, list | dict) else value for key, value in scope.items()}


def normalize(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Give ``headers`` as ASGI has them: names in lower case, bytes, repeated ones kept, in order."""
    pairs = cast(HeaderPairs, headers.items() if isinstance(headers, Mapping) else headers)
    return [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]


def get_header(scope: Scope, name: bytes) -> bytes | None:
    """Give the first header ``name`` (lower case), or ``None``."""
    return next((value for key, value in scope["headers"] if key == name), None)


def set_header(scope: Scope, name: bytes, value: bytes | None) -> None:
    """Replace every header ``name`` by one with ``value``; ``None`` removes them."""
    kept = [header for header in scope["headers"] if header[0] != name]
    scope["headers"] = kept if value is None else [*kept, (name, value)]


def set_cookie(scope: Scope, name: str, value: str | None) -> None:
    """Replace the cookie ``name``, leaving the others; ``None`` removes it."""
    cookies = (get_header(scope, b"cookie") or b"").decode("latin-1").split("; ")
    kept = [cookie for cookie in cookies if cookie and cookie.partition("=")[0] != name]
    changed = kept if value is None else [*kept, f"{name}={value}"]
    set_header(scope, b"cookie", "; ".join(changed).encode("latin-1") or None)


def fitting_origin(scope: Scope) -> bytes:
    """Give the ``Origin`` that a browser sends from a page of the same site."""
    scheme = b"https" if scope["scheme"] == "wss" else b"http"
    return scheme + b"://" + (get_header(scope, b"host") or b"")


def with_token(subprotocols: Sequence[str], token: object) -> list[str]:
    """Add the subprotocols that carry ``str(token)``, as a browser offers them."""
    encoded = urlsafe_b64encode(str(token).encode()).decode().rstrip("=")
    ours = [] if "wsdrf" in subprotocols else ["wsdrf"]
    return [*ours, *subprotocols, f"wsdrf.token.{encoded}"]


def _all_headers(given: list[tuple[bytes, bytes]], subprotocols: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """Put what each WebSocket client sends before the headers that were given, which win."""
    usual = [
        (b"host", b"testserver"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    if subprotocols:
        usual.append((b"sec-websocket-protocol", ", ".join(subprotocols).encode("latin-1")))
    names = {name for name, _ in given}
    return [header for header in usual if header[0] not in names] + given


def _bytes(value: str | bytes) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value
