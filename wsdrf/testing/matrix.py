"""Find out who may call what, by asking the guards; and hold a test to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from inspect import isawaitable
from pathlib import Path
from typing import Any, Final, TypeAlias

from asgiref.sync import async_to_sync, sync_to_async
from attrs import field, frozen
from django.conf import settings
from django.http.request import validate_host

from wsdrf.access.carriers import AuthorizationHeader, QueryParameter, Subprotocol
from wsdrf.access.permissions import asks_objects
from wsdrf.access.request import FORCED
from wsdrf.access.verdicts import Rehearsal, Verdict
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.mounts import application_of_project, mounts
from wsdrf.connection.pool import thread_sensitive
from wsdrf.consumer import Consumer
from wsdrf.exceptions import ConfigurationError
from wsdrf.naming import class_name
from wsdrf.testing.scope import Scope, build_scope, set_header, with_token
from wsdrf.testing.snapshot import BY_OBJECT, YES, Change, Rights, breadth, compare, explain, read, write

CONNECT: Final = "(connect)"
"""The row of connecting itself."""

Role: TypeAlias = Any
"""A user, a token as ``str``, a callable that makes one of them, or ``None`` for nobody."""


@frozen
class Matrix:
    """Who may call what of one consumer at one path: by action, then by role; ``CONNECT`` is the first action.

    The actions ``by_object`` load an object about which their guards are asked, too: it decides for whom they allow.
    """

    name: str
    path: str
    roles: tuple[str, ...]
    verdicts: Mapping[str, Mapping[str, Verdict]] = field(repr=False)
    by_object: frozenset[str] = frozenset()

    def rights(self) -> dict[str, dict[str, str]]:
        """Give the verdicts in words: ``yes``, ``by object``, or status and code, as in ``403 permission_denied``."""
        return {
            action: {role: self._words(action, verdict) for role, verdict in row.items()}
            for action, row in self.verdicts.items()
        }

    def _words(self, action: str, verdict: Verdict) -> str:
        if verdict.is_allowed:
            return BY_OBJECT if action in self.by_object else YES
        return f"{verdict.status_code} {verdict.code}".rstrip()


def assert_permission_matrix(
    consumer: type[Consumer],
    roles: Mapping[str, Role],
    path: str | None = None,
    *,
    expected: Mapping[str, Collection[str]] | None = None,
    snapshot: Path | None = None,
) -> None:
    """Assert who may connect to ``consumer`` and call its actions, by asking its guards; no handler runs.

    ``roles`` maps names of yours to users, tokens, callables that make one of them, or ``None`` for nobody. ``path``
    says where to connect; it can be left out where the URL captures nothing. ``expected`` maps every action, and
    ``"(connect)"``, to the names of those who may, be it only with some objects. Or ``snapshot`` is a file that holds
    the matrix: where there is none it is written, and the test fails for once, so that somebody looks at it.

    For synchronous tests, inside a transaction too; in others await ``aassert_permission_matrix``. Raises
    ``AssertionError`` with each right that differs, ``ConfigurationError`` for a path that does not lead there.
    """
    async_to_sync(aassert_permission_matrix)(consumer, roles, path, expected=expected, snapshot=snapshot)


async def aassert_permission_matrix(
    consumer: type[Consumer],
    roles: Mapping[str, Role],
    path: str | None = None,
    *,
    expected: Mapping[str, Collection[str]] | None = None,
    snapshot: Path | None = None,
) -> None:
    """Do what ``assert_permission_matrix`` does, in an ``async def`` test."""
    if (expected is None) == (snapshot is None):
        raise TypeError("Give expected={action: names of those who may}, or snapshot=Path(...), and not both.")
    matrix = await draw(consumer, roles, path)
    if expected is not None:
        changes = _differences(matrix, expected)
    elif snapshot is not None:
        changes = await sync_to_async(_compared)(matrix, snapshot)
    else:
        changes = []
    if changes:
        raise AssertionError(f"{matrix.name}: not the rights that it should give.\n{explain(changes)}")


async def draw(consumer: type[Consumer], roles: Mapping[str, Role], path: str | None = None) -> Matrix:
    """Ask the guards of ``consumer`` for each of ``roles``, connecting to ``path``."""
    where, kwargs = place(consumer, path)
    blueprint = blueprint_of(consumer, Consumer)
    verdicts: dict[str, dict[str, Verdict]] = {action: {} for action in (CONNECT, *blueprint.steps)}
    with thread_sensitive():
        for name, role in roles.items():
            rehearsal = _rehearsal(blueprint, await make(role), where, kwargs)
            verdicts[CONNECT][name] = await rehearsal.connect()
            for action in blueprint.steps:
                verdicts[action][name] = await rehearsal.call(action)
    guards = {action: step.guard for action, step in blueprint.steps.items()}
    by_object = {
        action for action, guard in guards.items() if guard.loads and any(map(asks_objects, guard.object_permissions))
    }
    return Matrix(class_name(consumer), where, tuple(roles), verdicts, frozenset(by_object))


async def make(role: Role) -> Any:
    """Give the user or the token of a role, or ``None``; one that is nobody in particular is ``None`` too."""
    made = await sync_to_async(_call)(role) if callable(role) else role  # it may be async, or block
    if isawaitable(made):
        made = await made
    return None if getattr(made, "is_authenticated", True) is False else made


def place(consumer: type[Consumer], path: str | None) -> tuple[str, dict[str, Any]]:
    """Give path and kwargs of a connection to ``consumer``.

    A consumer that the project does not mount can be asked too, as if it were at the root, without kwargs. Raises
    ``ConfigurationError`` where the path does not lead there, or where one is needed.
    """
    name = class_name(consumer)
    own = [mount for mount in mounts(application_of_project()) if mount.consumer_class is consumer]
    if path is None:
        simple = next((mount for mount in own if not mount.parameters), None)
        if own and simple is None:
            raise ConfigurationError(
                f"{name} is at {own[0].path}, and nobody knows with what in it. Say where to connect, with path=."
            )
        path = "/" if simple is None else simple.path
    elif not any(mount.match(_bare(path)) is not None for mount in own):
        places = " and ".join(mount.path for mount in own) or "nowhere below ASGI_APPLICATION"
        raise ConfigurationError(f"{path} does not lead to {name}, which is {'at ' * bool(own)}{places}.")
    matches = (mount.match(_bare(path)) for mount in own)
    return path, next((kwargs for kwargs in matches if kwargs is not None), {})


def handshake(path: str, kwargs: Mapping[str, Any], who: Any, blueprint: Blueprint) -> Scope:
    """Make the scope with which ``who``, a user, a token or ``None``, connects to ``path``.

    A token travels by the first of the consumer's carriers that can hold it; one with a space in it is the whole
    ``Authorization`` header.
    """
    carriers = blueprint.access.carriers
    subprotocols: list[str] = []
    if bare_token(who) is not None:
        parameter = next((one.name for one in carriers if isinstance(one, QueryParameter)), None)
        if any(isinstance(one, Subprotocol) for one in carriers):
            subprotocols = with_token(subprotocols, who)
        elif parameter is not None:
            path = f"{path}{'&' if '?' in path else '?'}{parameter}={who}"
    scope = build_scope(path, (), subprotocols)
    set_header(scope, b"host", _host().encode("latin-1"))
    if isinstance(who, str) and " " in who and any(isinstance(one, AuthorizationHeader) for one in carriers):
        set_header(scope, b"authorization", who.encode("latin-1"))
    if who is not None and not isinstance(who, str):
        scope[FORCED] = (who, None)
    scope["url_route"] = {"args": (), "kwargs": dict(kwargs)}
    return scope


def bare_token(who: Any) -> str | None:
    """Give ``who`` where it is a token by itself, and not a header."""
    return who if isinstance(who, str) and " " not in who else None


def _rehearsal(blueprint: Blueprint, who: Any, path: str, kwargs: Mapping[str, Any]) -> Rehearsal:
    scope = handshake(path, kwargs, who, blueprint)
    return Rehearsal(blueprint, scope, token=bare_token(who))


def _call(role: Callable[[], Any]) -> Any:
    return role()


def _host() -> str:
    """Give a host by which this project may be called."""
    allowed = settings.ALLOWED_HOSTS or (["localhost"] if settings.DEBUG else [])
    named = [host.lstrip(".") for host in allowed if host != "*"]
    return next((host for host in ("testserver", "localhost", *named) if validate_host(host, allowed)), "testserver")


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _differences(matrix: Matrix, expected: Mapping[str, Collection[str]]) -> list[Change]:
    strangers = {name for names in expected.values() for name in names} - set(matrix.roles)
    if strangers:
        raise ValueError(f"expected names {', '.join(sorted(strangers))}, who are not among the roles.")
    words = matrix.rights()
    changes: list[Change] = []
    for action in dict.fromkeys([*words, *expected]):
        for role in matrix.roles:
            should = None if action not in expected else YES if role in expected[action] else "no"
            does = words.get(action, {}).get(role)
            if should is None or does is None or (should == YES) is not (breadth(does) > 0):
                changes.append(Change(matrix.name, action, role, should, does))
    return changes


def _compared(matrix: Matrix, snapshot: Path) -> list[Change]:
    rights: Rights = {matrix.name: matrix.rights()}
    if not snapshot.exists():
        write(snapshot, rights)
        raise AssertionError(f"{snapshot} was not there and has been written. Look at it, commit it, and run again.")
    return compare(read(snapshot), rights)
