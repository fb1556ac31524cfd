"""Find out who may call what by really calling, and undo what that did to the databases."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any, Final

from asgiref.sync import async_to_sync
from attrs import evolve, field, frozen
from django.conf import settings
from django.core.cache import caches
from django.db import connections, transaction
from django.test.utils import override_settings

from wsdrf.access.carriers import QueryParameter, Subprotocol, reads_first_message
from wsdrf.access.verdicts import ALLOWED, Rehearsal, Verdict
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.connection.mounts import application_of_project
from wsdrf.connection.pool import thread_sensitive
from wsdrf.consumer import Consumer
from wsdrf.dispatch import Step
from wsdrf.envelope import ABSENT
from wsdrf.exceptions import DeclarationError, NotConnected
from wsdrf.testing.communicator import WebsocketCommunicator
from wsdrf.testing.matrix import CONNECT, Matrix, bare_token, handshake, place
from wsdrf.testing.scope import fitting_origin, set_header
from wsdrf.testing.server import Close

HAS_HYPOTHESIS: Final = find_spec("hypothesis") is not None
SILENCE: Final = Verdict(False, 504, "no_answer", "Nothing was answered.")
UNMADE: Final = object()
"""Stands for a payload that nobody could make."""


@frozen
class Findings:
    """What really calling showed: the matrix of the answers, where guards were passed by, and what was not called."""

    matrix: Matrix
    faults: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()


@frozen
class _Somebody:
    """One role at one consumer: how they connect, and by whose application they are answered."""

    blueprint: Blueprint
    path: str
    kwargs: Mapping[str, Any]
    who: Any = field(repr=False)

    def scope(self) -> dict[str, Any]:
        return handshake(self.path, self.kwargs, self.who, self.blueprint)

    @property
    def token(self) -> str | None:
        return bare_token(self.who)


def probe(consumer: type[Consumer], matrix: Matrix, roles: Mapping[str, Any]) -> Findings:
    """Call every action of ``consumer`` as each of ``roles``, through the project's whole application.

    Each call has a connection and a transaction of its own, which is rolled back; payloads are the simplest that are
    valid. Meanwhile mail is dropped, and caches and channel layers are ones in memory. Whatever else a handler does is
    done. ``matrix`` is what the guards alone say.
    """
    path, kwargs = place(consumer, matrix.path)
    verdicts: dict[str, dict[str, Verdict]] = {action: {} for action in matrix.verdicts}
    faults: list[str] = []
    with sealed():
        blueprint = blueprint_of(consumer, Consumer)
        payloads = {CONNECT: ABSENT} | {action: payload_of(step) for action, step in blueprint.steps.items()}
        uncalled = tuple(action for action, payload in payloads.items() if payload is UNMADE)
        for name, who in roles.items():
            somebody = _Somebody(blueprint, path, kwargs, who)
            for action, payload in payloads.items():
                if payload is UNMADE:
                    verdicts[action][name] = matrix.verdicts[action][name]
                    continue
                expected, answered = _compare(somebody, action, payload)
                verdicts[action][name] = answered
                if not expected.is_allowed and answered != expected:
                    faults.append(f"The guards refuse {name} {action} at {path}, but the call was answered otherwise.")
    return Findings(evolve(matrix, verdicts=verdicts, by_object=frozenset()), tuple(faults), uncalled)


def payload_of(step: Step) -> Any:
    """Make the simplest valid payload of an action: ``ABSENT`` where it takes none, ``UNMADE`` where nobody can."""
    if step.route.payload is None or not step.route.payload_required:
        return ABSENT
    if not HAS_HYPOTHESIS:
        return UNMADE
    hypothesis: Any = import_module("hypothesis")
    draw: Any = import_module("wsdrf.strategies.payloads").payloads
    quiet = hypothesis.settings(database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    try:
        strategy = draw(step.route.payload)
        return hypothesis.find(strategy, lambda _: True, settings=quiet, random=Random(0))  # noqa: S311 - no secret
    except (DeclarationError, hypothesis.errors.HypothesisException):
        return UNMADE


def _compare(somebody: _Somebody, action: str, payload: Any) -> tuple[Verdict, Verdict]:
    """Give what the guards say to the very same call, and what it is answered."""
    for cache in caches.all():
        cache.clear()  # in memory, by now: what one call left to throttles is not the next one's
    with _rolled_back(), thread_sensitive():
        expected: Verdict = async_to_sync(_rehearse)(somebody, action, payload)
        answered: Verdict = async_to_sync(_talk)(somebody, action, payload)
    # A handshake that is refused tells status and detail, and no code.
    is_same = expected.status_code == answered.status_code and (not answered.code or expected.code == answered.code)
    return expected, expected if is_same else answered


async def _rehearse(somebody: _Somebody, action: str, payload: Any) -> Verdict:
    rehearsal = Rehearsal(somebody.blueprint, somebody.scope(), token=somebody.token)
    return await (rehearsal.connect() if action == CONNECT else rehearsal.call(action, payload))


async def _talk(somebody: _Somebody, action: str, payload: Any) -> Verdict:
    scope = somebody.scope()
    del scope["url_route"]
    set_header(scope, b"origin", fitting_origin(scope))  # middleware may insist on one
    socket = WebsocketCommunicator(application_of_project(), somebody.path)
    socket.scope = scope
    try:
        return await _enter(socket, somebody) or (
            ALLOWED if action == CONNECT else await _call(socket, action, payload)
        )
    except (AssertionError, NotConnected):
        return _ending(socket.closed)
    finally:
        await socket.disconnect()


async def _enter(socket: WebsocketCommunicator, somebody: _Somebody) -> Verdict | None:
    """Connect, and log in by message where it takes one; give the refusal, or ``None``."""
    is_accepted, _ = await socket.connect()
    if not is_accepted:
        return Verdict(False, socket.response.status if socket.response else 403)
    carriers = somebody.blueprint.access.carriers
    if reads_first_message(carriers):
        has_travelled = any(isinstance(carrier, (Subprotocol, QueryParameter)) for carrier in carriers)
        is_login = somebody.token is not None and not has_travelled
        # Who is anonymous is waited for; any other frame than a login ends that.
        await socket.send_json({"action": "authenticate", "token": somebody.token} if is_login else {"action": "ping"})
    if somebody.blueprint.options.send_authentication_message:
        told = await socket.wait_for_auth()
        if told["status_code"] != 200:
            return Verdict(False, told["status_code"], "", told["data"].get("detail", ""))
    else:
        await socket.send_json({"action": "ping"})
        await socket.receive_json()
    return None


def _ending(closed: Close | None) -> Verdict:
    is_refusal = closed is not None and 4400 <= closed.code < 4600
    return Verdict(False, closed.code - 4000) if closed is not None and is_refusal else SILENCE


async def _call(socket: WebsocketCommunicator, action: str, payload: Any) -> Verdict:
    answer = await socket.call(action, payload)
    if not answer.is_error:
        return ALLOWED
    return Verdict(False, answer.payload["status_code"], answer.payload["code"], answer.payload["detail"])


@contextmanager
def sealed() -> Generator[None, None, None]:
    """Let no client hear a broadcast, nobody get mail, and no budget of a throttle be spent."""
    layers = {
        alias: {"BACKEND": "channels.layers.InMemoryChannelLayer"} for alias in getattr(settings, "CHANNEL_LAYERS", {})
    }
    memory = "django.core.cache.backends.locmem.LocMemCache"
    in_memory = {alias: {"BACKEND": memory, "LOCATION": f"wsdrf-probe-{alias}"} for alias in settings.CACHES}
    mail = "django.core.mail.backends.dummy.EmailBackend"
    # Since Django 6.1 a project has either, and Django refuses both at once.
    mailers = {alias: {"BACKEND": mail} for alias in getattr(settings, "MAILERS", {})}
    mute: dict[str, Any] = {"MAILERS": mailers} if hasattr(settings, "MAILERS") else {"EMAIL_BACKEND": mail}
    override = override_settings(CHANNEL_LAYERS=layers, CACHES=in_memory, **mute)
    with _unwarned():
        override.enable()
    try:
        yield
    finally:
        with _unwarned():
            override.disable()


@contextmanager
def _unwarned() -> Generator[None, None, None]:
    """Let Django 6.1 not warn of ``EMAIL_BACKEND``, which a project without ``MAILERS`` may well have never named."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The EMAIL_BACKEND setting is deprecated")
        yield


@contextmanager
def _rolled_back() -> Generator[None, None, None]:
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
        yield
