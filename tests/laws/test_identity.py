"""Whatever befalls somebody's credentials, in whatever order: only who may is answered, and only who may hears."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.laws.identity_peers import PATIENCE, Peer
from tests.laws.identity_site import ACTIONS, ATTENTION, LONG, Hall, News, Secret, gate
from tests.laws.identity_world import KINDS, LOSSES, Credential, World
from tests.laws.living import fresh_layer, nothing_left
from tests.unit.sockets import until
from wsdrf import adisconnect

SLOT = st.integers(0, 2)
WHICH = st.integers(0, 3)
MOST = 4
LOSS = st.tuples(st.sampled_from(sorted(LOSSES)), SLOT, st.booleans())


class Identity(RuleBasedStateMachine):
    """Up to four connections of three people. After each rule the model and the connections agree."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.layer_context = fresh_layer()
        self.layer = self.layer_context.__enter__()
        self.world = World()
        self.peers: list[Peer] = []
        self.count = 0
        self.is_broken = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        self.is_broken = True  # unless it ends well
        result = self.loop.run_until_complete(work)
        self.is_broken = False
        return result

    def number(self) -> int:
        self.count += 1
        return self.count

    @initialize(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), attention=st.sampled_from(sorted(ATTENTION))
    )
    def begin(self, kinds: list[str], attention: str) -> None:
        self.run(sync_to_async(self.world.begin)())
        for slot, kind in enumerate(kinds):
            self.run(self.logged_in(slot, kind, attention, new=True, by_message=False))

    # -- coming ------------------------------------------------------------------------------------------------------

    @rule(
        slot=SLOT,
        kind=st.sampled_from(KINDS),
        attention=st.sampled_from(sorted(ATTENTION)),
        new=st.booleans(),
        by_message=st.booleans(),
    )
    def log_in(self, slot: int, kind: str, attention: str, new: bool, by_message: bool) -> None:
        self.run(self.logged_in(slot, kind, attention, new=new, by_message=by_message))

    async def logged_in(self, slot: int, kind: str, attention: str, *, new: bool, by_message: bool) -> None:
        credential = await sync_to_async(self.world.show)(slot, kind, new=new)
        if credential is not None and len(self.peers) < MOST:
            peer = Peer(f"peer-{self.number()}", self.world, credential, attention)
            if await peer.connect(by_message=by_message):
                self.peers.append(peer)

    # -- losing ------------------------------------------------------------------------------------------------------

    @rule(
        losses=st.lists(LOSS, min_size=1, max_size=2),
        busy=st.sampled_from([None, None, *LONG]),
        news=st.integers(0, 2),
        then=st.sampled_from(ACTIONS),
    )
    def lose(self, losses: list[tuple[str, int, bool]], busy: str | None, news: int, then: str) -> None:
        self.run(self.lost(losses, busy, news))
        for peer in list(self.peers):
            self.run(self.asked(peer, then))

    async def lost(self, losses: list[tuple[str, int, bool]], busy: str | None, news: int) -> None:
        works = await self.made_busy(busy)
        out: set[Peer] = set()
        for what, slot, silently in losses:
            person = self.world.people[slot]
            told = await sync_to_async(self.world.lose)(what, slot, silently=silently)
            out |= self.after_change(person, told, is_for_all=what.startswith("right"))
        before = {peer: gate.ended[f"/{peer.name}"] for peer in out}
        for peer in out:
            await peer.say({"action": "who", "id": "too late"})
        for _ in range(news):
            await self.tell_news("everybody", self.peers, out)
        await self.agree(out)
        if gate.event is not None:
            gate.event.set()
            for peer, call_id in works:
                if peer in self.peers and peer.is_certain:
                    peer.expect(call_id, is_owed=True)
        await self.agree()
        assert before == {peer: gate.ended[f"/{peer.name}"] for peer in out}, "a handler ran after the loss"

    async def made_busy(self, action: str | None) -> list[tuple[Peer, str]]:
        """Have every connection at work on something that does not end, with a call waiting behind it."""
        gate.event = None if action is None else asyncio.Event()
        works = []
        for peer in self.peers:
            if action is not None and peer.may_be_here and peer.is_certain:
                began = gate.began[f"/{peer.name}"]
                for one in (action, "who") if action == "long" else (action,):
                    works.append((peer, f"work-{self.number()}"))
                    await peer.send(one, works[-1][1])
                await until(lambda name=peer.name, began=began: gate.began[f"/{name}"] > began, PATIENCE)
        return works

    def after_change(self, person: Any, told: Any, *, is_for_all: bool) -> set[Peer]:
        """Bring the model up to date; give the peers that a signal has told of their loss."""
        out = set()
        for peer in self.peers:
            peer.note()
            if peer.is_told(told):
                peer.is_dim = False
                if not peer.may_be_here:
                    out.add(peer)
            elif is_for_all or peer.person is person:
                peer.is_dim = True
        return out

    async def tell_news(self, group: str, to: list[Peer], out: set[Peer]) -> None:
        number = self.number()
        for peer in to:
            if peer not in out:
                peer.expect(("identity.news", number), is_owed=peer.may_be_here and peer.is_certain)
        await Hall.apublish(group, News(number=number))

    async def agree(self, out: set[Peer] | frozenset[Peer] = frozenset()) -> None:
        """Tell the news: ``out`` must hear no more than why, and everybody else who may hears it."""
        await self.tell_news("everybody", self.peers, set(out))
        for peer in list(self.peers):
            await self.settle(peer, must_end=peer in out)

    async def settle(self, peer: Peer, *, must_end: bool = False) -> None:
        """Wait for what ``peer`` is owed, or for its end if that must or may come."""
        if not must_end and await peer.receive_owed():
            return
        assert must_end or not peer.is_certain, f"{peer} was closed, and may be here"
        self.peers.remove(peer)
        await peer.ends()

    @rule(slot=SLOT, by=st.sampled_from(["user", "credential", "client"]))
    def throw_out(self, slot: int, by: str) -> None:
        self.run(self.thrown_out(slot, by))

    async def thrown_out(self, slot: int, by: str) -> None:
        person = self.world.people[slot]
        out = {peer for peer in self.peers if peer.person is person}
        if by == "user":
            await adisconnect(person.pk)
        elif by == "client":
            for peer in out:
                self.peers.remove(peer)
                await peer.socket.disconnect()
            return
        elif out:
            await self.credential_out(min(out, key=lambda peer: peer.name).credential)
            return
        await self.out_at_once(out)

    async def credential_out(self, one: Credential) -> None:
        out = {peer for peer in self.peers if peer.credential is one}
        await (adisconnect(session=one.text) if one.kind == "session" else adisconnect(token=one.text))
        await self.out_at_once(out)

    async def out_at_once(self, out: set[Peer]) -> None:
        for peer in out:
            peer.statuses.add(401)
        await self.agree(out)

    # -- and what comes back -----------------------------------------------------------------------------------------

    @rule(slot=SLOT, silently=st.booleans())
    def give_back(self, slot: int, silently: bool) -> None:
        self.run(self.given_back(slot, silently=silently))

    async def given_back(self, slot: int, *, silently: bool) -> None:
        is_for_all = bool(self.world.barred)
        await sync_to_async(self.world.born_again)(slot)
        told = await sync_to_async(self.world.give_back)(slot, silently=silently)
        self.after_change(self.world.people[slot], told, is_for_all=is_for_all)
        await self.agree()
        for peer in self.peers:
            if peer.is_told(told) and not silently:
                await self.asked(peer, "who")

    # -- asking and hearing ------------------------------------------------------------------------------------------

    @rule(which=WHICH, action=st.sampled_from(ACTIONS))
    def act(self, which: int, action: str) -> None:
        if self.peers:
            self.run(self.asked(self.peers[which % len(self.peers)], action))

    async def asked(self, peer: Peer, action: str) -> None:
        call_id = f"call-{self.number()}"
        if peer.looks_each_time and not peer.may_be_here:
            await peer.say({"action": "who", "id": call_id})
            await self.settle(peer, must_end=True)
            return
        await peer.send(action, call_id)
        frame = await peer.answer(call_id)
        if frame is None:
            await self.settle(peer)
            return
        if not peer.may_be_here:
            return
        is_exact = peer.looks_each_time or not peer.is_dim or action in {"who", "now"}
        if is_exact:
            may = action == "who" or (peer.may_speak and (peer.sought(action) == peer.person.pk))
            assert (None if may else 403) == _error_of(frame), f"{peer} asked for {action}"
        if peer.looks_each_time:
            peer.clear()

    @rule()
    def tell_secret(self) -> None:
        self.run(self.told_secret())

    async def told_secret(self) -> None:
        number = self.number()
        out = {peer for peer in self.peers if peer.looks_each_time and not peer.may_be_here}
        for peer in self.peers:
            is_blind = not peer.looks_each_time and (peer.is_dim or not peer.may_be_here)
            if peer.may_speak or is_blind:
                is_owed = peer.may_speak and peer.is_certain and not is_blind
                peer.expect(("identity.secret", number), is_owed=is_owed)
        await Hall.apublish("everybody", Secret(number=number))
        for peer in list(self.peers):
            await self.settle(peer, must_end=peer in out)

    @rule(slot=SLOT)
    def whisper(self, slot: int) -> None:
        self.run(self.whispered(slot))

    async def whispered(self, slot: int) -> None:
        person = self.world.people[slot]
        await self.tell_news(
            Hall.group_name("of", person.pk), [one for one in self.peers if one.person is person], set()
        )
        await self.agree()

    # -- renewing, and time ------------------------------------------------------------------------------------------

    @rule(which=WHICH, slot=SLOT, new=st.booleans(), then=st.sampled_from(["nothing", "end the old", "end the new"]))
    def renew(self, which: int, slot: int, new: bool, then: str) -> None:
        peers = [peer for peer in self.peers if peer.credential.kind != "session"]
        if peers:
            self.run(self.renewed(peers[which % len(peers)], slot, then, new=new))

    async def renewed(self, peer: Peer, slot: int, then: str, *, new: bool) -> None:
        credential = await sync_to_async(self.world.show)(slot, peer.credential.kind, new=new)
        call_id = f"renewal-{self.number()}"
        text = "rubbish" if credential is None else credential.text
        if credential is not None and credential.person is peer.person:
            before, peer.credential = peer.credential, credential
            peer.note()
            if peer.may_be_here:
                await peer.send("authenticate", call_id, token=text)
                if await peer.answer(call_id) is not None:
                    peer.clear()
                    if then != "nothing":
                        await self.credential_out(before if then == "end the old" else credential)
                else:
                    peer.credential = before
                    await self.settle(peer)
                return
        peer.statuses |= {401, 403}
        ended = gate.ended[f"/{peer.name}"]
        await peer.say({"action": "authenticate", "id": call_id, "token": text})
        await peer.say({"action": "who", "id": "behind it"})
        await self.settle(peer, must_end=True)
        assert ended == gate.ended[f"/{peer.name}"], "a handler ran after the refusal"

    @rule()
    def let_time_pass(self) -> None:
        self.run(self.time_passed())

    async def time_passed(self) -> None:
        for peer in [peer for peer in self.peers if peer.attention == "idle"]:
            await peer.looked()
            await self.settle(peer, must_end=not peer.may_be_here)
            if peer in self.peers:
                peer.clear()

    # -- the end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.run(self.abandoned() if self.is_broken else self.finished())
        finally:
            self.loop.close()
            self.layer_context.__exit__(None, None, None)

    async def abandoned(self) -> None:
        """Leave everything as it is: what has failed has been told."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=1) if tasks else None

    async def finished(self) -> None:
        for peer in list(self.peers):
            await self.asked(peer, "who")  # behind everything that still waited for its turn
        for peer in self.peers:
            await peer.socket.disconnect()
            while await peer.receive() is not None:
                pass
        await nothing_left(self.layer)


def _error_of(frame: Any) -> int | None:
    return frame["payload"]["status_code"] if frame["action"] == "error" else None


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)  # the thorough profile plays for minutes
def test_only_who_may():
    """Logins, renewals, losses, calls and news in any order: nothing is answered or delivered that the model forbids."""
    steps = 40 if settings().max_examples > 1000 else 12
    run_state_machine_as_test(Identity, settings=settings(stateful_step_count=steps))
