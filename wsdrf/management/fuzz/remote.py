"""Hold generated conversations with a server that runs, knowing of it only what it answers and how it is declared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen
from typing_extensions import override

from wsdrf.access.carriers import FirstMessage, QueryParameter, Subprotocol, reads_first_message
from wsdrf.access.verdicts import Rehearsal
from wsdrf.connection.blueprint import Blueprint, blueprint_of
from wsdrf.consumer import Consumer
from wsdrf.exceptions import ConfigurationError
from wsdrf.management.fuzz.script import RemoteConversation
from wsdrf.management.fuzz.tally import CountingJudge
from wsdrf.management.fuzz.trial import Recorder, Trial
from wsdrf.management.fuzz.wire import Wire
from wsdrf.strategies.machine.declared import Declared
from wsdrf.strategies.machine.findings import ClosedUnexpectedly, Finding, Unanswered, WrongRefusal, fail_inside
from wsdrf.strategies.machine.judge import Judge
from wsdrf.strategies.machine.machine import MAX_PEERS
from wsdrf.strategies.machine.peer import Peer
from wsdrf.strategies.machine.plan import Plan, Utterance
from wsdrf.strategies.machine.roles import Guest, carrier_of, present
from wsdrf.strategies.machine.scene import Scene
from wsdrf.strategies.machine.script import Conversation, Setting, identifier
from wsdrf.strategies.machine.talk import say
from wsdrf.testing.communicator import WebsocketCommunicator
from wsdrf.testing.frames import Received
from wsdrf.testing.scope import get_header

Result = TypeVar("Result")

A_MOMENT: Final = 0.02
"""Seconds in which most servers answer."""

LAST_WORDS: Final = 0.1
"""Seconds at the end of a conversation in which a server may answer what has no id."""


@frozen
class Visitor:
    """Who comes to a server: with a token, with the cookie of a session, or as nobody."""

    token: str | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)


@frozen
class Address:
    """Where the server is, and who comes to it."""

    url: str
    visitors: Mapping[str, Visitor]


class OutsideJudge(CountingJudge):
    """Judges what can be known outside: not what guards say, but what an invalid call is answered if they let it by."""

    @override
    def take(self, peer: Peer, received: Received) -> None:
        asked = peer.pending.get(received.id) if isinstance(received.id, (str, int)) else None
        super().take(peer, received)
        if asked is None or asked.wrong is None or received.action != "error":
            return
        payload, wrong = received.data["payload"], asked.wrong
        told = [(tuple(one["loc"]), one["code"]) for one in payload.get("errors", ())]
        if payload["code"] == "invalid" and (wrong.loc, wrong.code) not in told:
            place = ".".join(map(str, wrong.loc))
            raise WrongRefusal(
                f"A call of {asked.call.action!r} with {wrong.code!r} at {place} was refused without saying so: "
                f"{received.data!r}",
                f"assert {received.data!r} not in frames",
            )


class RemoteScene(Scene):
    """A conversation with a server: nobody watches in there, nothing is rolled back, and rest is a matter of time."""

    def __init__(self, plan: Plan, address: Address, trial: Trial) -> None:
        consumer: Any = plan.consumer
        self.plan = plan
        self.address = address
        self.setting: Setting = Setting(consumer.__name__, consumer.__module__, "", urlsplit(address.url).path)
        self.plans: Blueprint = blueprint_of(consumer, Consumer)
        self.written: RemoteConversation = RemoteConversation(address.url)
        self.conversation: Conversation = self.written
        self.guests: dict[str, Guest] = {
            role: Guest(role, token=who.token, cookie=who.cookie) for role, who in address.visitors.items()
        }
        self.judge: Judge = OutsideJudge(
            Judge(
                Declared(consumer, self.plans.codec),
                tells=self.plans.options.send_authentication_message,
                explains=consumer.handle_exception is not Consumer.handle_exception,
            ),
            trial.tally,
        )
        self.peers: list[Peer] = []
        self.seats: int = 0
        self.speaker: str = ""
        self.wires: list[Wire] = []
        self.changed: asyncio.Event = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()

    @property
    @override
    def blueprint(self) -> Blueprint:
        return self.plans

    @override
    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self.loop.run_until_complete(self._all_of(work))
        except Finding as finding:
            finding.script = self.conversation.write(finding, self.speaker, self.setting)
            raise

    @override
    async def hear_all(self) -> None:
        # What has no id is waited for by nobody else.
        await asyncio.sleep(A_MOMENT if any(peer.open_errors for peer in self.peers) else 0)
        self.take()
        for peer in list(self.peers):
            if peer.is_closed:
                await self.see_off(peer)

    @override
    def take(self) -> None:
        for peer in self.peers:
            wire: Any = peer.client
            while wire.received:
                received = wire.received.popleft()
                self.conversation.receive(peer.name, received.raw)
                self.speaker = peer.name
                self.judge.take(peer, received)

    @override
    async def until(self, is_so: Callable[[], bool]) -> bool:
        deadline = self.loop.time() + self.plan.patience
        while True:
            self.changed.clear()
            self.take()
            left = deadline - self.loop.time()
            if (is_so() and not self._has_closing_ones()) or left <= 0:
                return is_so()
            try:
                await asyncio.wait_for(self.changed.wait(), left)
            except asyncio.TimeoutError:
                continue

    def _has_closing_ones(self) -> bool:
        return any(4413 in peer.close_codes and not peer.is_closed for peer in self.peers)

    @override
    def rehearse(self, peer: Peer) -> Rehearsal | None:
        return None

    @override
    async def see_off(self, peer: Peer) -> None:
        self.peers.remove(peer)
        self.speaker = peer.name
        closed = peer.client.closed
        if closed is None or closed.by_client or closed.code in {*peer.close_codes, *self.plan.closes}:
            return
        response = peer.client.response
        status = (
            response.status if peer.refusal is None and response is not None else (peer.refusal or {})["status_code"]
        )
        if status in {500, 502}:
            fail_inside(f"{peer.guest.role!r} could not be let in: {peer.refusal or status}")
        if closed.code == 4500:
            fail_inside(f"The connection of {peer.name} was closed {closed.describe()}")
        if status == 101:
            raise ClosedUnexpectedly(
                f"The connection of {peer.name} was closed {closed.describe()}, and nothing explains it. "
                f"If the consumer means to, pass --closes {closed.code}.",
                "assert CLIENT.close_code is None",
            )

    @override
    async def finish(self, peer: Peer) -> None:
        await peer.client.disconnect()
        self.wires = [wire for wire in self.wires if wire.closed is None]

    @override
    async def all_leave(self) -> None:
        self.peers.clear()
        for wire in self.wires:
            await wire.disconnect()

    def end(self, *, check: bool) -> None:
        """Have everybody leave; before that, ``check`` what still comes where nothing was awaited."""
        try:
            if check:
                self.run(asyncio.sleep(LAST_WORDS))
        finally:
            self.loop.run_until_complete(self.all_leave())
            self.loop.close()


class RemoteRecorder(Recorder):
    """A recorder whose conversations are with a server."""

    address: ClassVar[Address]

    @override
    def put_up(self) -> Scene:
        return RemoteScene(self.plan, self.address, self.trial)

    @override
    def take_down(self, *, check: bool) -> None:
        scene: Any = self.scene
        scene.end(check=check)

    @override
    def admit(self, role: str, early: Sequence[Utterance]) -> None:
        if len(self.peers) >= MAX_PEERS:
            self.leave_from(0)
        scene: Any = self.scene
        self.run(enter(scene, role, early))


async def enter(scene: RemoteScene, role: str, early: Sequence[Utterance]) -> Peer:
    """Connect to the server as ``role``; ``early`` is sent before it is known whether that is let in."""
    guest = scene.guests[role]
    scene.seats += 1
    access, options = scene.plans.access, scene.plans.options
    bare = guest.token if guest.token is not None and " " not in guest.token else None
    url, carrier = scene.address.url, carrier_of(access)
    if bare is not None and isinstance(carrier, QueryParameter):
        url = f"{url}{'&' if '?' in url else '?'}{carrier.name}={bare}"
    wire: Any = Wire(url, scene.changed.set)
    scene.wires.append(wire)
    peer = Peer(f"{identifier(role)}_{scene.seats}", scene.seats, guest, wire)
    headers, subprotocols = await _credentials(scene, guest, bare if isinstance(carrier, Subprotocol) else None)
    scene.peers.append(peer)
    scene.speaker = peer.name
    scene.written.connect(peer.name, role, is_nobody=guest.token is None and guest.cookie is None)
    peer.spend(options)
    try:
        await wire.connect(headers, subprotocols, scene.plan.patience)
    except OSError as error:
        scene.peers.remove(peer)
        if scene.seats == 1:
            raise ConfigurationError(f"Nobody answers at {scene.address.url.partition('?')[0]}: {error}") from error
        raise ClosedUnexpectedly(f"The server lets nobody connect any more: {error!r}") from error
    if peer.is_closed:
        return peer
    await _introduce(scene, peer, bare if isinstance(carrier, FirstMessage) else None)
    if not options.send_authentication_message:
        peer.is_in = True
    if early:
        await say(scene, [(peer, one) for one in early])
    await _be_told(scene, peer)
    return peer


async def _be_told(scene: RemoteScene, peer: Peer) -> None:
    if not await scene.until(lambda: peer.is_in or peer.is_closed):
        raise Unanswered(f"{peer.name} has connected, and was told nothing", "assert frames")


async def _credentials(scene: RemoteScene, guest: Guest, offered: str | None) -> tuple[dict[str, str], list[str]]:
    """Give the headers and the subprotocols by which a guest shows who it is."""
    nowhere: Any = None
    client = WebsocketCommunicator(nowhere, scene.setting.path, token=offered)
    if guest.token is not None:
        await present(client, guest, scene.plans.access)
    parts = urlsplit(scene.address.url)
    headers = {"Origin": f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc.rpartition('@')[2]}"}
    authorization = get_header(client.scope, b"authorization")
    if authorization is not None:
        headers["Authorization"] = authorization.decode("latin-1")
    if guest.cookie is not None:
        headers["Cookie"] = guest.cookie
    return headers, list(client.scope["subprotocols"])


async def _introduce(scene: RemoteScene, peer: Peer, token: str | None) -> None:
    """Log in by message, or have a server that waits for that wait no longer."""
    if token is not None:
        peer.first_token = token
        frame = json.dumps({"action": "authenticate", "token": token})
    elif reads_first_message(scene.plans.access.carriers) and peer.guest.token is None and peer.guest.cookie is None:
        frame = json.dumps({"action": "ping"})
        peer.pings.append(None)
    else:
        return
    scene.conversation.send(peer.name, frame)
    await peer.client.send_text(frame)
