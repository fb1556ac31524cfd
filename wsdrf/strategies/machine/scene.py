"""One example: who is connected, and what everything that comes from the consumer is held to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from attrs import define, field

from wsdrf.access.slots import identity
from wsdrf.access.verdicts import Rehearsal
from wsdrf.connection.blueprint import Blueprint
from wsdrf.connection.state import State
from wsdrf.consumer import Consumer
from wsdrf.strategies.machine.declared import Declared
from wsdrf.strategies.machine.driver import Driver
from wsdrf.strategies.machine.ear import Ear
from wsdrf.strategies.machine.findings import (
    ClosedUnexpectedly,
    Finding,
    InternalError,
    LeftOver,
    Unanswered,
    fail_inside,
)
from wsdrf.strategies.machine.judge import Judge
from wsdrf.strategies.machine.peer import Asked, Peer
from wsdrf.strategies.machine.plan import Plan
from wsdrf.strategies.machine.roles import Guest, invite
from wsdrf.strategies.machine.script import Conversation, Setting
from wsdrf.strategies.machine.stage import Stage
from wsdrf.strategies.machine.witness import Witness
from wsdrf.testing.server import Application

Result = TypeVar("Result")


@define(eq=False)
class Scene:
    """What one example has: the people, their connections, and those who watch."""

    plan: Plan
    stage: Stage
    driver: Driver
    witness: Witness
    ear: Ear
    conversation: Conversation
    setting: Setting
    application: Application
    guests: dict[str, Guest]
    judge: Judge
    peers: list[Peer] = field(factory=list[Peer])
    seats: int = 0
    speaker: str = ""

    @property
    def blueprint(self) -> Blueprint:
        """How the consumer's connections are made, as it really is."""
        return self.witness.look()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do one thing, all that it has others do included. What is found gets the script that shows it."""
        try:
            result = self.driver.run(self._all_of(work))
            self.stage.settle()
            self.witness.check_belongings()
        except Finding as finding:
            if isinstance(finding, InternalError) and (told := self.ear.tell()):
                finding.problem = f"{finding.problem}\n{told}"
            finding.script = self.conversation.write(finding, self.speaker, self.setting)
            raise
        return result

    async def _all_of(self, work: Coroutine[Any, Any, Result]) -> Result:
        result = await work
        await self.hear_all()
        return result

    async def hear_all(self) -> None:
        """Take everything that has come, and look after connections that have ended."""
        await self.driver.quiet(self.plan.patience)
        self.take()
        for peer in list(self.peers):
            if peer.is_closed:
                await self.see_off(peer)
        if self.ear.heard:
            fail_inside("Something failed that no answer tells of", check="")

    def take(self) -> None:
        """Judge the frames that have come."""
        for peer in self.peers:
            received = peer.client._require_server().received
            while received:
                frame = received.popleft()
                self.conversation.receive(peer.name, frame.raw)
                self.speaker = peer.name
                self.judge.take(peer, frame)

    async def until(self, is_so: Callable[[], bool]) -> bool:
        """Wait for frames until it ``is_so``, or nothing more comes; tell whether it is so."""

        def heard() -> bool:
            self.take()
            return is_so()

        return await self.driver.until(heard, self.plan.patience)

    def rehearse(self, peer: Peer) -> Rehearsal | None:
        """Give the guards anew, as the client meets them now."""
        if peer.observed is None:
            return None
        return Rehearsal(self.blueprint, peer.observed.connection.scope, token=peer.first_token)

    def rehearsal_of(self, peer: Peer) -> Rehearsal | None:
        """Give the guards as the client has met them before; what they say may be old."""
        if peer.rehearsal is None:
            peer.rehearsal = self.rehearse(peer)
        return peer.rehearsal

    def forget_rehearsals(self) -> None:
        """Have everybody meet the guards anew: something may have changed what they say."""
        for peer in self.peers:
            peer.rehearsal = None

    async def see_off(self, peer: Peer) -> None:
        """Look after a connection that the application has closed. Raises where nothing explains it."""
        self.peers.remove(peer)
        self.speaker = peer.name
        closed = peer.client.closed
        is_meant = closed is None or closed.by_client or closed.code in {*peer.close_codes, *self.plan.closes}
        if not is_meant and not (peer.refusal is not None and await self._has_lost(peer)):
            await self.finish(peer)  # what the application raised says more
            told = f", told {peer.refusal}," if peer.refusal else ""
            how = "" if closed is None else closed.describe()
            if closed is not None and closed.code == 4500:
                fail_inside(f"The connection of {peer.name}{told} was closed {how}")
            raise ClosedUnexpectedly(
                f"The connection of {peer.name}{told} was closed {how}, and nothing explains it. "
                f"If the consumer means to, pass closes=[{closed.code if closed else 1000}].",
                "assert CLIENT.closed is None",
            )
        await self.finish(peer)

    async def finish(self, peer: Peer) -> None:
        """Disconnect, wait for the application to return, and see that nothing of the connection goes on."""
        try:
            await peer.client.disconnect(timeout=self.plan.patience)
        except AssertionError as error:
            raise LeftOver(f"{peer.name}: {error}") from error
        except Exception as crash:
            raise ClosedUnexpectedly(f"{peer.name}: the application raised {crash!r}") from crash
        observed = peer.observed
        if observed is not None and observed.connection.state is not State.CLOSED:
            raise LeftOver(f"The connection of {peer.name} has ended and is {observed.connection.state.value} still")

    async def _has_lost(self, peer: Peer) -> bool:
        """Tell whether the client is not let in any more, or not as who it was."""
        rehearsal = None if peer.has_lost else self.rehearse(peer)
        if rehearsal is None:
            return True
        with self.ear.deaf():
            verdict = await rehearsal.connect()
        return not verdict.is_allowed or identity(rehearsal.consumer.user) != peer.identity

    async def confirm(self) -> None:
        """Raise the suspicions that a fresh look at the guards confirms."""
        suspicions = self.judge.suspicions[:]
        self.judge.suspicions.clear()
        for peer, asked, finding in suspicions:
            if await self.still_holds(peer, asked):
                self.speaker = peer.name
                raise finding

    async def still_holds(self, peer: Peer, asked: Asked) -> bool:
        """Tell whether the verdict of a call is what fresh guards say, too."""
        rehearsal = peer.rehearsal = self.rehearse(peer)
        if rehearsal is None or asked.route is None:
            return asked.route is None
        with self.ear.deaf():
            verdict = await rehearsal.call(asked.call.action, asked.call.payload)
        return verdict == asked.verdict

    async def all_leave(self) -> None:
        """Have everybody leave, and see that nothing is left of anybody."""
        for peer in list(self.peers):
            self.peers.remove(peer)
            self.conversation.add(peer.name, f"await {peer.name}.disconnect()")
            await self.finish(peer)
        await self.driver.until(lambda: not self.driver.tasks(), min(self.plan.patience, 1))
        tasks = sorted(str(getattr(task.get_coro(), "__qualname__", task)) for task in self.driver.tasks())
        if tasks:
            raise LeftOver(f"Everybody has left, and {', '.join(tasks)} still runs")
        for layer in self.stage.layers.values():
            groups = sorted(getattr(layer, "groups", ()))
            if groups:
                raise LeftOver(f"Everybody has left, and somebody is in the group {', '.join(groups)} still")


def begin(plan: Plan) -> Scene:
    """Put up an example: its stage, its people, its watchers."""
    stage = Stage()
    stage.put_up()
    witness = Witness(plan.consumer)
    driver = Driver(stage.settle)
    consumer: Any = plan.consumer
    try:
        guests = invite(plan.roles)
        setting = plan.setting()
        stage.settle()
        blueprint = witness.look()
        application = plan.build_application()
        judge = Judge(
            Declared(consumer, blueprint.codec),
            tells=blueprint.options.send_authentication_message,
            explains=consumer.handle_exception is not Consumer.handle_exception,
        )
    except BaseException:
        driver.end()
        witness.look_away()
        stage.take_down()
        raise
    ear = Ear()
    ear.open()
    conversation = Conversation(name for name, given in plan.roles.items() if callable(given))
    return Scene(plan, stage, driver, witness, ear, conversation, setting, application, guests, judge)


def end(scene: Scene, *, check: bool) -> None:
    """Take an example down; ``check`` whether everybody leaves cleanly."""
    try:
        if check:
            scene.speaker = ""
            scene.run(scene.all_leave())
    finally:
        scene.driver.end()
        scene.ear.close()
        scene.witness.look_away()
        scene.stage.take_down()


def require_answers(peer: Peer) -> None:
    """Raise ``Unanswered`` where something of ``peer`` still waits for its answer."""
    if peer.is_settled():
        return
    waiting = [(call_id, peer.pending[call_id].call.action) for call_id in peer.awaited]
    if waiting:
        call_id, action = waiting[0]
        ends = '("complete", "error")' if peer.pending[call_id].is_stream else "frame['action']"
        raise Unanswered(
            f"The call {call_id!r} of {action!r} never got its last answer. "
            + (f"If it is meant to go on, pass endless=[{action!r}]." if peer.pending[call_id].is_stream else ""),
            f'assert any({call_id!r} == frame.get("id") and frame["action"] in {ends} for frame in frames)',
        )
    what = "a ping" if peer.pings else "a frame that is no call" if peer.owed_errors else "authenticate"
    raise Unanswered(f"{peer.name} sent {what}, and it was never answered", "assert frames")
