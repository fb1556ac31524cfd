"""Where a token may travel to the socket, and how it is taken out of the scope before anybody else sees it."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote_plus

from attrs import field, frozen
from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

Scope: TypeAlias = Mapping[str, Any]

SUBPROTOCOL: Final = "wsdrf"
TOKEN_PREFIX: Final = f"{SUBPROTOCOL}.token."

_SCHEME: Final = re.compile(r"[A-Za-z0-9._~+-]+")


@frozen
class Credentials:
    """What a client sent to be known by, besides cookies: a whole ``Authorization`` header, or a bare ``token``."""

    authorization: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def secret(self) -> str | None:
        """Give the bare token, or what follows the scheme in the header."""
        return self.token if self.authorization is None else self.authorization.partition(" ")[2].strip()


@frozen
class AuthorizationHeader:
    """Take the ``Authorization`` header of the handshake, as over HTTP. Browsers cannot send it."""

    def find(self, scope: Scope) -> Iterable[Credentials]:
        """Give each ``Authorization`` header."""
        for name, value in scope.get("headers", ()):
            if name.lower() == b"authorization":
                yield Credentials(authorization=value.decode("latin-1"))

    def strip(self, scope: Scope) -> Scope:
        """Give ``scope`` without the header."""
        if b"authorization" not in _names(scope):
            return scope
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"authorization"]
        return {**scope, "headers": headers}


@frozen
class Subprotocol:
    """Take the token from the offered subprotocols: ``["wsdrf", "wsdrf.token.<unpadded base64url of the token>"]``.

    The server answers ``wsdrf``, never the token. Source of the form: RFC 6455 section 4.1, RFC 4648 section 5.
    """

    def find(self, scope: Scope) -> Iterable[Credentials]:
        """Give each offered token.

        Raises ``AuthenticationFailed`` for one that is not base64url, or that is offered without ``wsdrf``.
        """
        offered = scope.get("subprotocols") or ()
        for name in offered:
            if name.startswith(TOKEN_PREFIX):
                if SUBPROTOCOL not in offered:
                    raise AuthenticationFailed("Offer the subprotocol wsdrf beside the token.")
                yield Credentials(token=_decode(name[len(TOKEN_PREFIX) :]))

    def strip(self, scope: Scope) -> Scope:
        """Give ``scope`` without offered tokens, in the list and in the header."""
        if not scope.get("subprotocols") and b"sec-websocket-protocol" not in _names(scope):
            return scope
        headers = [
            (name, _without_tokens(value) if name.lower() == b"sec-websocket-protocol" else value)
            for name, value in scope.get("headers", ())
        ]
        offered = [name for name in scope.get("subprotocols") or () if not name.startswith(TOKEN_PREFIX)]
        return {**scope, "headers": headers, "subprotocols": offered}


@frozen
class QueryParameter:
    """Take the token from the query string, under ``name``. Servers and proxies log it: prefer another carrier."""

    name: str = "token"

    def find(self, scope: Scope) -> Iterable[Credentials]:
        """Give each value of the parameter."""
        query = bytes(scope.get("query_string") or b"").decode("utf-8", "replace")
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name == self.name:
                yield Credentials(token=value)

    def strip(self, scope: Scope) -> Scope:
        """Give ``scope`` without the parameter; the others stay as they were written."""
        pairs = bytes(scope.get("query_string") or b"").split(b"&")
        kept = [pair for pair in pairs if unquote_plus(pair.partition(b"=")[0].decode("latin-1")) != self.name]
        return {**scope, "query_string": b"&".join(kept)}


@frozen
class FirstMessage:
    """Take the token from the first frame: ``{"action": "authenticate", "token": "..."}``.

    The connection is accepted without a user, answers nothing else, and is closed after ``authentication_timeout``.
    """

    def find(self, scope: Scope) -> Iterable[Credentials]:
        """Find nothing in the handshake: the token comes later."""
        return ()

    def strip(self, scope: Scope) -> Scope:
        """Give ``scope`` as it is."""
        return scope


_ALWAYS_STRIPPED: Final = (AuthorizationHeader(), Subprotocol())

Carrier: TypeAlias = AuthorizationHeader | Subprotocol | QueryParameter | FirstMessage


def take_credentials(scope: Scope, carriers: Sequence[Carrier]) -> Credentials:
    """Give the credentials of the handshake ``scope``, found by any of ``carriers``.

    Raises ``AuthenticationFailed`` when more than one came: two identities are none.
    """
    found = [credentials for carrier in carriers for credentials in carrier.find(scope)]
    if len(found) > 1:
        raise AuthenticationFailed("Send one token, in one place.")
    return found[0] if found else Credentials()


def strip_credentials(scope: Scope, carriers: Sequence[Carrier]) -> Scope:
    """Give ``scope`` without any token, whether one of ``carriers`` reads it or not. Cookies stay."""
    for carrier in (*_ALWAYS_STRIPPED, *(carrier for carrier in carriers if carrier not in _ALWAYS_STRIPPED)):
        scope = carrier.strip(scope)
    return scope


def reads_first_message(carriers: Iterable[Carrier]) -> bool:
    """Tell whether a token may come after the connection is accepted."""
    return any(isinstance(carrier, FirstMessage) for carrier in carriers)


def subprotocol_of(scope: Scope) -> str | None:
    """Give the subprotocol to accept: ``wsdrf`` where it was offered."""
    return SUBPROTOCOL if SUBPROTOCOL in (scope.get("subprotocols") or ()) else None


def reads_session(authentication: Any) -> bool:
    """Tell whether an authentication class goes by the session of the site, whose cookie needs no carrier."""
    return isinstance(authentication, type) and issubclass(authentication, SessionAuthentication)


def scheme_of(authentication: Any) -> str:
    """Give the scheme that an authentication class reads in the ``Authorization`` header; empty for none."""
    try:
        challenge = authentication().authenticate_header(Request(HttpRequest()))
    except Exception:  # a project's class, asked outside of a connection: what it says then is no scheme
        return ""
    word = str(challenge or "").strip().partition(" ")[0]
    return word if _SCHEME.fullmatch(word) else ""


def token_scheme(authentication_classes: Iterable[Any]) -> str:
    """Give the scheme under which a token travels: the first that is not ``Basic``, or else ``Bearer``."""
    schemes = map(scheme_of, authentication_classes)
    return next((scheme for scheme in schemes if scheme not in {"", "Basic"}), "Bearer")


def _names(scope: Scope) -> list[bytes]:
    return [pair[0].lower() for pair in scope.get("headers", ())]


def _without_tokens(header: bytes) -> bytes:
    return b",".join(part for part in header.split(b",") if not part.strip().startswith(TOKEN_PREFIX.encode()))


def _decode(encoded: str) -> str:
    try:
        token = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        token = ""
    if not token or not token.isprintable() or "=" in encoded:
        raise AuthenticationFailed("The token of the subprotocol is not base64url.")
    return token
