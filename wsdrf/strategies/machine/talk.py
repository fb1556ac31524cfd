"""Say something on one or more connections at once, and wait for everything that follows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from attrs import define

from wsdrf.access.plan import open_actions
from wsdrf.access.slots import identity
from wsdrf.access.verdicts import Verdict
from wsdrf.envelope import Call
from wsdrf.exceptions import Refusal
from wsdrf.strategies.machine.findings import Finding, Forbidden, Unauthenticated, Unguarded
from wsdrf.strategies.machine.peer import Asked, Peer
from wsdrf.strategies.machine.plan import Utterance
from wsdrf.strategies.machine.scene import Scene, require_answers

Batch = Sequence[tuple[Peer, Utterance]]


@define
class Ready:
    """A frame that is about to be sent, and what it asks, where it is a call of the consumer's."""

    peer: Peer
    frame: str | bytes
    asked: Asked | None = None


async def say(scene: Scene, batch: Batch) -> None:
    """Send all frames of ``batch`` before any is answered; then wait, and judge."""
    prepared = [ready for peer, one in batch if (ready := await _prepare(scene, peer, one)) is not None]
    before = {peer.seat: Counter(_began(peer)) for peer, _ in batch}
    sent = [ready for ready in prepared if await _send(scene, ready)]
    peers = list({peer.seat: peer for peer, _ in batch}.values())
    await scene.until(lambda: all(peer.is_settled() for peer in peers))
    if sum((_began(peer) - before[peer.seat]).total() for peer in peers) > 1:
        _forget_objects(sent)
    await scene.confirm()
    for peer in peers:
        scene.speaker = peer.name
        asked = [ready.asked for ready in sent if ready.asked is not None and ready.peer is peer]
        await _review(scene, peer, asked, _began(peer) - before[peer.seat])
        if peer.is_in:
            require_answers(peer)


async def _prepare(scene: Scene, peer: Peer, one: Utterance) -> Ready | None:
    if peer.is_closed:
        return None
    frame: Any = one.frame
    if one.cancels is not None:
        frame = json.dumps({"action": "cancel", "id": one.cancels})
    elif isinstance(frame, dict):
        frame = json.dumps(frame | ({"id": peer.new_id(frame["id"])} if "id" in frame else {}))
    if _size(frame) > scene.blueprint.options.max_message_size:
        peer.close_codes |= {4413}
        return Ready(peer, frame)
    try:
        call = scene.blueprint.codec.decode(frame)
    except Refusal as refusal:
        return _malformed(peer, frame, refusal)
    if call.action == "cancel":
        _cancel(peer, call)
        return Ready(peer, frame)
    if call.id in peer.answered or call.id in peer.pending or call.action == "authenticate":
        return None  # an id that was had before, or a new user: what follows is not said here
    if call.action == "ping":
        peer.pings.append(call.id)
        return Ready(peer, frame)
    return Ready(peer, frame, await _ask(scene, peer, call, one))


def _malformed(peer: Peer, frame: str | bytes, refusal: Refusal) -> Ready | None:
    call_id = getattr(refusal, "id", None)
    if call_id in peer.answered or call_id in peer.pending:
        return None
    if call_id is None:
        peer.owed_errors += 1
        return Ready(peer, frame)
    failure = refusal.failure
    call = Call("", id=call_id)
    peer.pending[call_id] = Asked(call, None, Verdict(False, failure.status_code, failure.code))
    peer.turns.append(call_id)
    return Ready(peer, frame)


def _cancel(peer: Peer, call: Call) -> None:
    asked = peer.pending.get(call.id)
    if asked is not None and not asked.is_ordered:
        asked.was_cancelled = True


async def _ask(scene: Scene, peer: Peer, call: Call, one: Utterance) -> Asked:
    route = scene.plan.consumer.routes.get(call.action)
    verdict: Verdict | None = Verdict(False, 404, "unknown_action")
    if route is not None:
        verdict = await foresee(scene, peer, call)
    asked = Asked(call, route, verdict, one.wrong, is_endless=call.action in scene.plan.endless)
    if call.id is not None:
        peer.pending[call.id] = asked
        if asked.is_ordered:
            peer.turns.append(call.id)
    elif route is None:
        peer.owed_errors += 1
    else:
        peer.nameless[call.action] = route
        peer.open_errors += 1
    return asked


def _forget_objects(sent: list[Ready]) -> None:
    """Forget what was foreseen of objects: the calls beside may have made them, and taken them away again."""
    for ready in sent:
        if ready.asked is not None and ready.asked.route is not None and ready.asked.route.loads:
            ready.asked.verdict = None


async def foresee(scene: Scene, peer: Peer, call: Call) -> Verdict | None:
    """Give what the guards, the payload's type and the loaded objects say of a call; ``None`` where nobody knows."""
    rehearsal = scene.rehearsal_of(peer)
    if rehearsal is None:
        return None
    with scene.ear.deaf():
        return await rehearsal.call(call.action, call.payload)


async def _send(scene: Scene, ready: Ready) -> bool:
    """Send a frame; tell whether it could be: the connection may have ended while its guards were asked."""
    peer = ready.peer
    if peer.is_closed:
        return False
    peer.frames_left -= 1
    scene.speaker = peer.name
    scene.conversation.send(peer.name, ready.frame)
    if isinstance(ready.frame, str):
        await peer.client.send_text(ready.frame)
    else:
        await peer.client.send_bytes(ready.frame)
    return True


async def _review(scene: Scene, peer: Peer, asked: list[Asked], began: Counter[str]) -> None:
    """Hold the handlers that have begun to what the guards allow."""
    if peer.observed is not None and peer.observed.too_early:
        raise Unauthenticated(f"{peer.observed.too_early[0]!r} began before {peer.name} was let in, or after its end")
    for action, count in began.items():
        mine = [one for one in asked if one.call.action == action]
        forbidden = [one for one in mine if one.verdict and not one.verdict.is_allowed and one.verdict.code != "error"]
        if count > len(mine) - len(forbidden) and forbidden and await scene.still_holds(peer, forbidden[0]):
            raise _forbidden(peer, forbidden[0])
        if _is_nobody(peer) and action in open_actions(scene.blueprint.access, scene.plan.consumer.routes.values()):
            raise Unguarded(
                f"{action!r} was run for {peer.guest.role!r}, who is nobody, and no guard stands before it. "
                "Guard it with @requires(...); @requires(AllowAny) states that everybody may.",
                'assert "error" in [frame["action"] for frame in frames]',
            )


def _forbidden(peer: Peer, asked: Asked) -> Finding:
    verdict = asked.verdict
    said = "" if verdict is None else f", where the guards say {verdict.status_code} {verdict.code!r}"
    return Forbidden(
        f"The handler of {asked.call.action!r} was run for {peer.guest.role!r}{said}",
        'assert "error" in [frame["action"] for frame in frames]',
    )


def _is_nobody(peer: Peer) -> bool:
    return peer.observed is not None and identity(getattr(peer.observed.consumer, "user", None)) is None


def _began(peer: Peer) -> Counter[str]:
    return Counter() if peer.observed is None else peer.observed.began


def _size(frame: str | bytes) -> int:
    return len(frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass"))
