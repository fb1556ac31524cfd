"""Have somebody leave, or lose what let them in, and see that it ends what it must end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from wsdrf.access.slots import identity
from wsdrf.strategies.machine.findings import Unauthenticated
from wsdrf.strategies.machine.losses import age, deactivate, demote, log_out
from wsdrf.strategies.machine.peer import Peer
from wsdrf.strategies.machine.plan import Utterance
from wsdrf.strategies.machine.roles import is_saved
from wsdrf.strategies.machine.scene import Scene
from wsdrf.strategies.machine.talk import say

LOG_OUT, DEACTIVATE, DEMOTE = "log out", "deactivate", "demote"


async def leave(scene: Scene, peer: Peer) -> None:
    """Have the client close its connection, whatever runs on it."""
    scene.peers.remove(peer)
    scene.speaker = peer.name
    scene.conversation.add(peer.name, f"await {peer.name}.disconnect()")
    await scene.finish(peer)


async def hang_up(scene: Scene, peer: Peer, frame: dict[str, Any]) -> None:
    """Have the client send something and close at once, without waiting for the answer."""
    await peer.client.send_json(frame)
    scene.conversation.add(peer.name, f"await {peer.name}.send_json({frame!r})")
    await leave(scene, peer)


def may_lose(scene: Scene, peer: Peer) -> tuple[str, ...]:
    """Give what can befall whoever is on a connection: nothing where they do not come by credentials."""
    if scene.plan.losses is None or peer.observed is None or not peer.is_in:
        return ()
    if not scene.stage.has_database or not is_saved(getattr(peer.observed.consumer, "user", None)):
        return ()
    if peer.guest.cookie is None and peer.guest.token is None:
        return ()
    own = (LOG_OUT,) if peer.guest.cookie is not None else ()
    return (*own, DEACTIVATE, DEMOTE, *scene.plan.losses)


async def lose(scene: Scene, peer: Peer, what: str) -> None:
    """Let ``what`` befall whoever is on the connection: all of theirs that are not let in any more must end."""
    user = None if peer.observed is None else peer.observed.consumer.user
    concerned = [one for one in scene.peers if one.is_in and one.identity == peer.identity]
    if what == LOG_OUT:
        concerned = [one for one in concerned if one.guest is peer.guest]
    doing, reason = _doing(scene, peer, what, user)
    await sync_to_async(doing)()
    if what == LOG_OUT:
        peer.guest.cookie = None
        for one in concerned:
            one.has_lost = True
    scene.forget_rehearsals()
    await scene.driver.quiet(scene.plan.patience)
    for one in concerned:
        await _follow(scene, one, what, is_told=reason in scene.blueprint.options.revoke_on)


def _doing(scene: Scene, peer: Peer, what: str, user: Any) -> tuple[Callable[[], None], str]:
    who = scene.conversation.meet(peer.guest.role)
    if what == LOG_OUT:
        scene.conversation.add("", f"await sync_to_async(log_out)({peer.name})")
        return lambda: log_out(peer.client), "logout"
    if what in {DEACTIVATE, DEMOTE}:
        act = deactivate if what == DEACTIVATE else demote
        scene.conversation.add("", f"await sync_to_async({act.__name__})({who})")
        return lambda: act(user), "user"
    own = (scene.plan.losses or {})[what]
    scene.conversation.add("", f"await sync_to_async(losses[{what!r}])({who})", f"await sync_to_async(age)({who})")

    def both() -> None:
        own(user)
        age(user)  # what no signal tells of is seen when the credentials get old

    return both, "user"


async def _follow(scene: Scene, peer: Peer, what: str, *, is_told: bool) -> None:
    rehearsal = scene.rehearse(peer)
    if rehearsal is None:
        return
    with scene.ear.deaf():
        verdict = await rehearsal.connect()
    is_somebody_else = identity(getattr(rehearsal.consumer, "user", None)) != peer.identity
    if not (peer.has_lost or not verdict.is_allowed or is_somebody_else):
        return
    peer.has_lost = True
    if not is_told:
        await _grow_old(scene, peer)
    if not await scene.until(lambda: peer.is_closed):
        scene.speaker = peer.name
        raise Unauthenticated(
            f"{peer.name} is connected still, after {what!r} has befallen who it is", "assert CLIENT.closed"
        )


async def _grow_old(scene: Scene, peer: Peer) -> None:
    """Have the credentials be as old as they may get, and a call made, before which they are looked at again."""
    if scene.blueprint.options.revalidate_after is None or peer.observed is None:
        return
    peer.observed.connection.caller.doubt()
    action = next(iter(scene.plan.consumer.routes))
    await say(scene, [(peer, Utterance({"action": action, "id": 0}))])
