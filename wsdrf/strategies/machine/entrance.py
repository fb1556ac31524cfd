"""Connect somebody, and hold how they are let in, or not, to what the guards say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wsdrf.access.authentication import Authenticator
from wsdrf.access.carriers import AuthorizationHeader, FirstMessage, QueryParameter, Subprotocol, token_scheme
from wsdrf.access.slots import identity
from wsdrf.access.verdicts import Verdict
from wsdrf.connection.state import State
from wsdrf.exceptions import ConfigurationError
from wsdrf.strategies.machine.findings import Forbidden, Unanswered, Unauthenticated, WrongRefusal, fail_inside
from wsdrf.strategies.machine.peer import Peer
from wsdrf.strategies.machine.plan import Utterance
from wsdrf.strategies.machine.roles import Guest, carrier_of, present, uses_session
from wsdrf.strategies.machine.scene import Scene
from wsdrf.strategies.machine.script import identifier
from wsdrf.strategies.machine.talk import say
from wsdrf.strategies.machine.witness import SEAT
from wsdrf.testing.communicator import WebsocketCommunicator


async def enter(scene: Scene, role: str, early: Sequence[Utterance] = ()) -> Peer:
    """Connect as ``role``; ``early`` is sent before it is known whether that is let in."""
    guest = scene.guests[role]
    peer = _peer(scene, guest)
    await present(peer.client, guest, scene.blueprint.access)
    scene.peers.append(peer)
    scene.speaker = peer.name
    await _open(scene, peer)
    if early and not peer.is_closed:
        await say(scene, [(peer, one) for one in early])
    await _be_told(scene, peer)
    return peer


def _peer(scene: Scene, guest: Guest) -> Peer:
    scene.seats += 1
    access, carrier = scene.blueprint.access, carrier_of(scene.blueprint.access)
    bare = guest.token if guest.token is not None and " " not in guest.token else None
    path = scene.setting.path
    if bare is not None and isinstance(carrier, QueryParameter):
        path = f"{path}{'&' if '?' in path else '?'}{carrier.name}={bare}"
    by_subprotocol = bare is not None and isinstance(carrier, Subprotocol)
    client = WebsocketCommunicator(
        scene.application, path, token=bare if by_subprotocol else None, timeout=scene.plan.patience
    )
    client.scope[SEAT] = scene.seats
    if scene.setting.kwargs:
        client.scope["url_route"] = {"args": (), "kwargs": dict(scene.setting.kwargs)}
    name = f"{identifier(guest.role)}_{scene.seats}"
    peer = Peer(name, scene.seats, guest, client)
    if bare is not None and isinstance(carrier, FirstMessage):
        peer.first_token = bare
    _write(scene, peer, uses_session=uses_session(guest, access))
    return peer


def _write(scene: Scene, peer: Peer, *, uses_session: bool) -> None:
    guest, name, setting = peer.guest, peer.name, scene.setting
    who = "" if guest.is_nobody else scene.conversation.meet(guest.role)
    shown = guest.token if peer.first_token is None else None
    access = scene.blueprint.access
    by_header = shown is not None and (" " in shown or isinstance(carrier_of(access), AuthorizationHeader))
    token = f", token={who}" if shown is not None and not by_header else ""
    lines = [f"{name} = WebsocketCommunicator({setting.application}, {setting.path!r}{token})"]
    if setting.kwargs:
        lines.append(f'{name}.scope["url_route"] = {{"args": (), "kwargs": {setting.kwargs!r}}}')
    if by_header and shown is not None:
        scheme = "" if " " in shown else f"{token_scheme(access.authentication_classes)} "
        lines.append(f'{name}.credentials(HTTP_AUTHORIZATION=f"{scheme}{{{who}}}")')
    if guest.user is not None:
        lines.append(f"await {name}.login({who})" if uses_session else f"{name}.force_authenticate({who})")
    scene.conversation.add(name, *lines, f"await {name}.connect()")


async def _open(scene: Scene, peer: Peer) -> None:
    peer.spend(scene.blueprint.options)
    try:
        await peer.client.connect()
    except AssertionError as error:
        raise Unanswered(str(error)) from error
    if peer.first_token is not None and not peer.is_closed:
        frame = json.dumps({"action": "authenticate", "token": peer.first_token})
        scene.conversation.send(peer.name, frame)
        await peer.client.send_text(frame)
    peer.observed = scene.witness.find(peer.seat)
    if peer.observed is None and not peer.is_closed:
        raise ConfigurationError(
            f"{scene.setting.path!r} leads to no {scene.setting.consumer}. Pass its path, or no path to try the "
            "consumer alone."
        )
    if not scene.blueprint.options.send_authentication_message and not peer.is_closed:
        peer.is_in = True


async def _be_told(scene: Scene, peer: Peer) -> None:
    await scene.until(lambda: peer.is_in or peer.is_closed)
    if peer.observed is not None and peer.is_in:
        peer.identity = identity(getattr(peer.observed.consumer, "user", None))
    if not peer.is_closed and not peer.is_in and not _still_waits(peer):
        raise Unanswered(f"{peer.name} has connected, and was told nothing", "assert frames")
    await _check_told(scene, peer)
    peer.guest.is_out = peer.is_closed
    if peer.is_closed:
        _check_refused(peer)
        peer.has_lost = True


def _still_waits(peer: Peer) -> bool:
    """Tell whether the consumer waits for a token, which this client does not have."""
    return peer.observed is not None and peer.observed.connection.state is State.AUTHENTICATING


async def _check_told(scene: Scene, peer: Peer) -> None:
    """Hold what the client was told to what the guards say, asked afresh where that differs from what they said."""
    rehearsal = scene.rehearsal_of(peer)
    if rehearsal is None or scene.blueprint.access.authenticator_class is not Authenticator:
        return  # what a project's own authenticator takes may be good for one time only
    with scene.ear.deaf():
        verdict = await rehearsal.connect()
        if not _agrees(peer, verdict) and (fresh := scene.rehearse(peer)) is not None:
            peer.rehearsal, verdict = fresh, await fresh.connect()
    if _agrees(peer, verdict):
        return
    if not peer.is_closed:
        raise Forbidden(
            f"{peer.guest.role!r} was let in, where the guards say {verdict.status_code} {verdict.code!r}",
            "assert not frames",
        )
    raise WrongRefusal(
        f"{peer.guest.role!r} was refused with {_told(peer)}, where the guards say {verdict.status_code}",
        "assert frames",
    )


def _agrees(peer: Peer, verdict: Verdict) -> bool:
    if verdict.is_allowed or verdict.status_code == 500:
        return True  # whom the guards let in, build_groups() and connected() may still refuse
    if not peer.is_closed:
        return not peer.is_in
    return _told(peer) in {verdict.status_code, 101, 429}


def _told(peer: Peer) -> Any:
    response = peer.client.response
    return peer.refusal["status_code"] if peer.refusal else None if response is None else response.status


def _check_refused(peer: Peer) -> None:
    if _told(peer) == 500:
        fail_inside(f"{peer.guest.role!r} could not be let in: {peer.refusal}")
    if peer.observed is not None and peer.observed.began and not peer.is_in:
        action = next(iter(peer.observed.began))
        raise Unauthenticated(f"{action!r} was run for {peer.guest.role!r}, who was never let in")
