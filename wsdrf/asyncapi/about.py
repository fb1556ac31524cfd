"""Read the setting ``WSDRF_ASYNCAPI``: what a project's document says of the project itself."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
from attrs import field, frozen
from django.conf import settings

from wsdrf.exceptions import ConfigurationError

SETTING: Final = "WSDRF_ASYNCAPI"
_PROTOCOLS: Final = ("ws", "wss")


@frozen
class About:
    """What the document says of the project. ``servers`` are AsyncAPI's server objects, by name."""

    title: str
    version: str = "0.0.0"
    description: str = ""
    servers: Mapping[str, Mapping[str, Any]] = field(factory=dict, hash=False)


KEYS: Final = tuple(one.name.upper() for one in attrs.fields(About))
"""What the setting may have."""


def about_project() -> About:
    """Read the settings; the title is by default the package that ``ASGI_APPLICATION`` is in.

    Raises ``ConfigurationError`` for a key or a value that is wrong.
    """
    given = getattr(settings, SETTING, {})
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f'{SETTING} is {reprlib.repr(given)}, which is no dict. Write {SETTING} = {{"TITLE": "Chat"}}.'
        )
    for key in given:
        _check_key(key)
    texts = {key.lower(): _text(key, given[key]) for key in given if key != "SERVERS"}
    title = str(getattr(settings, "ASGI_APPLICATION", None) or "WebSockets").partition(".")[0]
    return About(**{"title": title, **texts}, servers=_servers(given.get("SERVERS", {})))


def _check_key(key: Any) -> None:
    if key in KEYS:
        return
    (near, *_) = difflib.get_close_matches(str(key).upper(), KEYS, n=1, cutoff=0)
    raise ConfigurationError(f'{SETTING}[{key!r}] is no option. Did you mean "{near}"? There are {", ".join(KEYS)}.')


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{SETTING}[{key!r}] is {reprlib.repr(value)}. It must be a text.")
    return value


def _servers(given: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f'{SETTING}["SERVERS"] is {reprlib.repr(given)}. It must be a dict, such as '
            f'{{"production": "wss://example.com"}}.'
        )
    return {str(name): _server(str(name), value) for name, value in given.items()}


def _server(name: str, value: Any) -> dict[str, Any]:
    where = f'{SETTING}["SERVERS"][{name!r}]'
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ConfigurationError(f"{where} has a name with other characters than letters, digits, _ and -. Rename it.")
    if isinstance(value, Mapping):
        if not {"host", "protocol"} <= value.keys():
            raise ConfigurationError(f"{where} has no host or no protocol. An AsyncAPI server has both.")
        return dict(value)
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in _PROTOCOLS or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f'{where} is {reprlib.repr(value)}. It must be an address such as "wss://example.com", or a dict.'
        )
    path = {"pathname": parts.path} if parts.path.strip("/") else {}
    return {"host": parts.netloc, "protocol": parts.scheme, **path}
