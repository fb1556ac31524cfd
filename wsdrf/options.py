"""Every option of a consumer: its name, its default, what it may be, and where it was set.

An option is a class attribute of the consumer; ``WSDRF = {"UPPER_CASE_NAME": ...}`` in the Django settings changes its
default for the project. Times are in seconds, sizes in bytes, rates such as ``"20/s"`` are written as in Django REST
framework. ``None`` switches a limit off where the option's own line says so, and nowhere else.

An attribute whose name misses an option's by one letter, its case or its plural would silently change nothing, and
``permission_class = [IsMember]`` would let everybody in. ``misspelt`` finds these names; the metaclass refuses them.
"""

from __future__ import annotations

import difflib
import importlib
import math
import os
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import attrs
from attrs import field, frozen

from wsdrf.envelope import ABSENT
from wsdrf.exceptions import ConfigurationError
from wsdrf.naming import class_name

Read = Callable[[Any], Any]
"""Turn what was set into the option's value, or raise ``ValueError`` with the words for what would be right."""

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
"""What ``request.method`` may be."""

REVOCATIONS: Final = ("logout", "user", "token", "permissions")
"""What Django tells of that may end credentials."""

KIB: Final = 1024
MIB: Final = 1024 * 1024

PERIODS: Final = MappingProxyType(
    {
        **dict.fromkeys(("s", "sec", "second"), 1),
        **dict.fromkeys(("m", "min", "minute"), 60),
        **dict.fromkeys(("h", "hour"), 3600),
        **dict.fromkeys(("d", "day"), 86400),
    }
)


@frozen
class Rate:
    """Allow ``count`` in ``period_seconds``."""

    count: int
    period_seconds: int

    @classmethod
    def parse(cls, text: Any) -> Rate:
        """Read ``"20/m"``: a whole number, a slash, and s, m, h or d (or sec, min, hour, day).

        Raises ``ValueError`` for anything else: where Django REST framework looks at the period's first letter only,
        a month would be taken for a minute.
        """
        match = re.fullmatch(r"([0-9]{1,9})/([a-z]+)", text) if isinstance(text, str) else None
        period = PERIODS.get(match[2]) if match else None
        if match is None or period is None or int(match[1]) < 1:
            raise ValueError('a rate such as "20/s", "100/m", "1000/hour" or "5/day"')
        return cls(int(match[1]), period)


def _whole(value: Any, *, least: int, unit: str) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"a whole number of {unit}, at least {least}")
    return value


def _seconds(value: Any, *, zero: bool = False) -> float:
    good = type(value) in (int, float) and math.isfinite(value) and (value > 0 or (zero and value == 0))
    if not good:
        raise ValueError(f"a number of seconds, {'0 or more' if zero else 'more than 0'}")
    return float(value)


def _or_none(read: Read) -> Read:
    def read_or_none(value: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            raise ValueError(f"{error}; or None for no limit") from None

    return read_or_none


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("True or False")
    return value


def _choice(value: Any, *, among: tuple[str, ...]) -> str:
    if value not in among or type(value) is not str:
        raise ValueError(" or ".join(f'"{one}"' for one in among))
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ValueError("a list of strings")
    strings = tuple(value)
    if not all(isinstance(one, str) for one in strings):
        raise ValueError("a list of strings")
    return strings


def _revocations(value: Any) -> tuple[str, ...]:
    words = _strings(value)
    if not set(words) <= set(REVOCATIONS):
        raise ValueError(f"any of {', '.join(map(repr, REVOCATIONS))}")
    return words


def _origins(value: Any) -> tuple[str, ...]:
    origins = _strings(value)
    if not all(re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s?#@]+", origin) for origin in origins):
        raise ValueError('a list of origins with their scheme and without a path, such as ["https://app.example.com"]')
    return origins


def _imported(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    module, dot, name = value.rpartition(".")
    if not dot:
        raise ValueError('the thing itself or its dotted path, such as "accounts.sockets.TicketAuthenticator"')
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the dotted path of something that can be imported ({error})") from error


def _carriers(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, type)) or not isinstance(value, Iterable):
        raise ValueError("a list of carriers, such as [AuthorizationHeader(), Subprotocol()]")
    carriers = tuple(_imported(one) for one in value)
    if any(isinstance(one, type) for one in carriers):
        raise ValueError("a list of carriers, not of their classes, such as [AuthorizationHeader(), Subprotocol()]")
    return carriers


def _observers(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (str, bytes, type)) or not isinstance(value, Iterable):
        raise ValueError('a list of observers or their dotted paths, such as ["wsdrf.telemetry.metrics.Prometheus"]')
    return tuple(_imported(one) for one in value)


def _by(read: Read) -> dict[str, Read]:
    return {"read": read}


_positive_seconds: Final = _or_none(_seconds)
_bytes: Final = partial(_whole, least=1, unit="bytes")
_calls: Final = partial(_whole, least=1, unit="calls")


@frozen
class Options:
    """Hold every option of one consumer. ``origin`` says of each where it was set.

    An origin is the name of the class whose body sets it, ``"WSDRF"`` or ``"default"``.
    """

    #: ``request.method`` while the connection is admitted.
    auth_method: str = field(default="GET", metadata=_by(partial(_choice, among=METHODS)))
    #: The class, or its dotted path, that authenticates. ``None``: wsdrf's own ``Authenticator``.
    authenticator_class: Any = field(default=None, metadata=_by(_imported))
    #: Whether the client is told by an ``authentication`` frame.
    send_authentication_message: bool = field(default=True, metadata=_by(_flag))
    #: Where a token may travel, in order. ``None``: ``AuthorizationHeader()``, then ``Subprotocol()``.
    credential_carriers: tuple[Any, ...] | None = field(
        default=None, metadata=_by(lambda value: value if value is None else _carriers(value))
    )
    #: How a refusal is told: ``"message"`` accepts, says why and closes; ``"handshake"`` never accepts.
    denial: str = field(default="message", metadata=_by(partial(_choice, among=("message", "handshake"))))
    #: Origins beside the site's own and ``CSRF_TRUSTED_ORIGINS``.
    allowed_origins: tuple[str, ...] = field(default=(), metadata=_by(_origins))
    #: Age in seconds at which credentials are checked again before a handler. 0: each time. ``None``: never.
    revalidate_after: float | None = field(default=5.0, metadata=_by(_or_none(partial(_seconds, zero=True))))
    #: The same for a connection that only listens, in seconds. ``None``: never.
    revalidate_idle_after: float | None = field(default=60.0, metadata=_by(_positive_seconds))
    #: Seconds to authenticate in before the connection is accepted.
    connect_timeout: float = field(default=4.0, metadata=_by(_seconds))
    #: Seconds to authenticate in by the first message.
    authentication_timeout: float = field(default=10.0, metadata=_by(_seconds))
    #: Bytes of UTF-8 that one frame may have.
    max_message_size: int = field(default=64 * KIB, metadata=_by(_bytes))
    #: Calls that may wait for their turn.
    max_queued_messages: int = field(default=256, metadata=_by(_calls))
    #: Bytes of the calls that wait for their turn.
    max_queued_bytes: int = field(default=MIB, metadata=_by(_bytes))
    #: Frames of one connection, counted before they are parsed. ``None``: no limit.
    message_rate: Rate | None = field(default=None, metadata=_by(_or_none(Rate.parse)))
    #: Actions declared ``concurrent=True`` that run at once.
    max_concurrent_actions: int = field(default=16, metadata=_by(partial(_whole, least=1, unit="actions")))
    #: Streams that run at once. 0: none at all.
    max_streams: int = field(default=16, metadata=_by(partial(_whole, least=0, unit="streams")))
    #: Groups that one connection may join, without wsdrf's own. 0: none at all.
    max_groups: int = field(default=100, metadata=_by(partial(_whole, least=0, unit="groups")))
    #: Seconds that one frame may take to be sent.
    send_timeout: float = field(default=10.0, metadata=_by(_seconds))
    #: Bytes that may wait to be sent.
    max_unsent_bytes: int = field(default=MIB, metadata=_by(_bytes))
    #: Malformed or refused calls before the connection is closed. ``None``: no limit.
    max_errors: Rate | None = field(default=Rate(100, 60), metadata=_by(_or_none(Rate.parse)))
    #: Connections that one user may have open in all processes together. ``None``: no limit.
    max_connections_per_user: int | None = field(
        default=None, metadata=_by(_or_none(partial(_whole, least=1, unit="connections")))
    )
    #: Seconds within which clients leave when the server is told to end (SIGTERM). ``None``: as the server does it.
    drain_timeout: float | None = field(default=5.0, metadata=_by(_or_none(_seconds)))
    #: Whether field names are camelCase on the wire.
    camelize: bool = field(default=False, metadata=_by(_flag))
    #: Threads of the pool that runs guards, authentication and ``def`` handlers.
    sync_threads: int = field(
        default=min(8, (os.cpu_count() or 1) + 4), metadata=_by(partial(_whole, least=1, unit="threads"))
    )
    #: What has connections looked at again at once: any of ``"logout"``, ``"user"``, ``"token"``, ``"permissions"``.
    revoke_on: tuple[str, ...] = field(default=REVOCATIONS, metadata=_by(_revocations))
    #: Who hears what becomes of connections and calls: subclasses of ``wsdrf.telemetry.Observer``.
    observers: tuple[Any, ...] = field(default=(), metadata=_by(_observers))
    #: Actions that are not logged.
    log_ignored_actions: tuple[str, ...] = field(default=(), metadata=_by(_strings))

    origin: Mapping[str, str] = field(factory=lambda: MappingProxyType({}), eq=False, repr=False)

    def where(self, name: str) -> str:
        """Name the place that ``name`` was set at, for a message: ``RoomConsumer.denial`` or ``WSDRF["DENIAL"]``."""
        return _where(name, self.origin.get(name, "default"))


_READS: Final[Mapping[str, Read]] = MappingProxyType(
    {one.name: one.metadata["read"] for one in attrs.fields(Options) if "read" in one.metadata}
)
OPTION_NAMES: Final = tuple(_READS)
"""The options, in the order of the reference."""

_DRF: Final = MappingProxyType(
    {
        "authentication_classes": "DEFAULT_AUTHENTICATION_CLASSES",
        "permission_classes": "DEFAULT_PERMISSION_CLASSES",
        "throttle_classes": "DEFAULT_THROTTLE_CLASSES",
    }
)
_SHORT: Final = 6
_CLASS_ONLY: Final = ("queryset", "lookup_field", "lookup_url_kwarg", "sends")
CLASS_NAMES: Final = (*OPTION_NAMES, *_DRF, *_CLASS_ONLY)
"""Every attribute that wsdrf reads off a consumer's body: the options, DRF's own, and what only a class can say."""


def resolve(cls: type, project: Mapping[str, Any]) -> Options:
    """Read every option: from ``cls`` and its bases, else from ``project`` (the setting ``WSDRF``), else the default.

    Raises ``ConfigurationError`` for a key that is no option and for a value that is none, saying where it was set.
    """
    check_project(project)
    found = {name: _find(cls, name, project) for name in OPTION_NAMES}
    values = {name: _read(name, value, origin) for name, (value, origin) in found.items() if origin != "default"}
    origins = MappingProxyType({name: origin for name, (_, origin) in found.items()})
    options = Options(**values, origin=origins)
    if options.max_queued_bytes < options.max_message_size:
        raise ConfigurationError(
            f"{options.where('max_queued_bytes')} is {options.max_queued_bytes}, less than one message may have: "
            f"{options.where('max_message_size')} is {options.max_message_size}. Raise the first or lower the second."
        )
    return options


def check_project(project: Any) -> None:
    """Raise ``ConfigurationError`` for a key of the setting ``WSDRF`` that is no option, naming the nearest one."""
    if not isinstance(project, Mapping):
        raise ConfigurationError(
            f'WSDRF is {reprlib.repr(project)}, which is no dict. Write WSDRF = {{"MAX_MESSAGE_SIZE": 65536}}.'
        )
    known = [name.upper() for name in OPTION_NAMES]
    for key in project:
        if key not in known:
            raise ConfigurationError(f"WSDRF[{key!r}] is no option. {_cure(str(key), known)}")


def misspelt(name: str) -> str | None:
    """Give the attribute that ``name`` is most likely meant for, where it is none itself.

    That is one whose name differs by case, by one letter (added, lost, changed or swapped), or by its plural. A short
    name is left alone: ``ends`` is a word of its own.
    """
    if name in CLASS_NAMES or name.startswith("_") or len(name) < _SHORT:
        return None
    lower = name.lower()
    return next((known for known in CLASS_NAMES if lower == known or is_near(lower, known)), None)


def is_near(name: str, known: str) -> bool:
    """Tell whether ``name`` differs from ``known`` by one letter, by two that are swapped, or by its plural."""
    if known in (name + "es", name + "s") or name in (known + "es", known + "s"):
        return True
    if abs(len(name) - len(known)) > 1:
        return False
    start = next(
        (at for at, (one, other) in enumerate(zip(name, known, strict=False)) if one != other),
        min(len(name), len(known)),
    )
    left, right = name[start:], known[start:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


def _cure(key: str, known: list[str]) -> str:
    lower = key.lower()
    if lower in _DRF:
        return f'Set REST_FRAMEWORK["{_DRF[lower]}"], or {lower} on the consumer.'
    if lower in _CLASS_ONLY:
        return f"Set {lower} on the consumer."
    near = difflib.get_close_matches(key.upper(), known, n=1, cutoff=0)
    return f'Did you mean "{near[0]}"? The options are {", ".join(known)}.'


def _find(cls: type, name: str, project: Mapping[str, Any]) -> tuple[Any, str]:
    for owner in cls.__mro__:
        if name in vars(owner):
            return vars(owner)[name], class_name(owner)
    value = project.get(name.upper(), ABSENT)
    return (value, "default") if value is ABSENT else (value, "WSDRF")


def _read(name: str, value: Any, origin: str) -> Any:
    try:
        return _READS[name](value)
    except ValueError as error:
        raise ConfigurationError(f"{_where(name, origin)} is {reprlib.repr(value)}. It must be {error}.") from error


def _where(name: str, origin: str) -> str:
    if origin == "WSDRF":
        return f'WSDRF["{name.upper()}"]'
    return f"{'the default of ' if origin == 'default' else origin + '.'}{name}"
