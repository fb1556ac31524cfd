"""The state machine itself: one example is one conversation."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, Final

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine
from typing_extensions import override

from wsdrf.strategies.invalid import InvalidCall
from wsdrf.strategies.machine import entrance, exits, talk
from wsdrf.strategies.machine.case import make_case
from wsdrf.strategies.machine.findings import Finding
from wsdrf.strategies.machine.peer import Peer
from wsdrf.strategies.machine.plan import Plan, Utterance
from wsdrf.strategies.machine.scene import Scene, begin, end

Frame = str | bytes | dict[str, Any]

MAX_PEERS: Final = 4
"""Connections that are open at once."""


class ConsumerMachine(RuleBasedStateMachine):
    """One conversation of several people with one consumer. ``state_machine`` makes the class, with its rules.

    Rules and invariants of your own go into a subclass: ``peers`` are the open connections, ``guests`` the people by
    role, and ``run`` runs a coroutine beside them.
    """

    plan: ClassVar[Plan]
    met: ClassVar[dict[str, bool]]
    """Who has come so far, by role, and whether they were ever let in."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each machine a test case of its own."""
        super().__init_subclass__(**kwargs)
        type.__setattr__(cls, "TestCase", make_case(cls))
        type.__setattr__(cls, "met", {})

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene = begin(self.plan)

    @property
    def peers(self) -> list[Peer]:
        """The connections that are open now, oldest first."""
        return self.scene.peers

    @property
    def guests(self) -> dict[str, Any]:
        """Who is there in this example, by role."""
        return dict(self.scene.guests)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run ``work`` in the connections' event loop, with everything that follows, and give its result."""
        return self.scene.run(work)

    @override
    def teardown(self) -> None:
        failure = sys.exc_info()[1]
        if failure is not None and not isinstance(failure, Finding):
            note(self.scene.conversation.write(None, "", self.scene.setting))
        end(self.scene, check=failure is None)

    # What the rules do; seats are numbers, which shrink well.

    def connect_as(self, role: str, early: Sequence[Utterance] = ()) -> None:
        """Open one more connection; where there are as many as may be, the oldest ends."""
        if len(self.peers) >= MAX_PEERS:
            self.leave_from(0)
        peer: Peer = self.run(entrance.enter(self.scene, role, early))
        self.met[role] = self.met.get(role, False) or peer.is_in

    def say(self, batch: Sequence[tuple[int, Utterance]]) -> None:
        """Have connections say something at once."""
        self._make_room(len(batch))
        if self._is_anybody_there():
            self.run(talk.say(self.scene, [(self.peer(seat), one) for seat, one in batch]))

    def leave_from(self, seat: int) -> None:
        """Close a connection."""
        if self.peers:
            self.run(exits.leave(self.scene, self.peer(seat)))

    def hang_up_after(self, seat: int, frame: dict[str, Any]) -> None:
        """Send something, and close without waiting."""
        if self._is_anybody_there():
            self.run(exits.hang_up(self.scene, self.peer(seat), frame))

    def come_back(self, seat: int) -> None:
        """Close a connection, and open another as the same."""
        if self._is_anybody_there():
            role = self.peer(seat).guest.role
            self.leave_from(seat)
            self.connect_as(role)

    def cancel_one(self, seat: int, number: int) -> None:
        """Cancel something that runs, or nothing."""
        if self._is_anybody_there():
            pending = self.peer(seat).pending.items()
            ids = [call_id for call_id, asked in pending if not asked.is_ordered] or ["nothing"]
            self.say([(seat, Utterance({"action": "cancel"}, cancels=ids[number % len(ids)]))])

    def begin_and_cancel_one(self, seat: int, frame: dict[str, Any]) -> None:
        """Begin something that may be cancelled, and cancel it at once."""
        if self._is_anybody_there():
            call_id = self.peer(seat).new_id(0)
            cancelling = Utterance({"action": "cancel"}, cancels=call_id)
            self.say([(seat, Utterance(frame | {"id": call_id})), (seat, cancelling)])

    def lose(self, seat: int, number: int) -> None:
        """Let something befall whoever is on a connection."""
        if self._is_anybody_there():
            peer = self.peer(seat)
            if found := exits.may_lose(self.scene, peer):
                self.run(exits.lose(self.scene, peer, found[number % len(found)]))

    def peer(self, seat: int) -> Peer:
        """Give one of the open connections."""
        return self.peers[seat % len(self.peers)]

    def _is_anybody_there(self) -> bool:
        if not self.peers and (welcome := [role for role, guest in self.scene.guests.items() if not guest.is_out]):
            self.connect_as(welcome[0])
        return bool(self.peers)

    def _make_room(self, frames: int) -> None:
        """Have those come back who have used up what one connection may send; the limits themselves are not tried."""
        for peer in list(self.peers):
            if min(peer.errors_left, peer.frames_left) <= frames:
                self.come_back(self.peers.index(peer))


def utter(frame: Frame | InvalidCall) -> Utterance:
    """Make a frame something to say."""
    return Utterance(frame.frame, frame) if isinstance(frame, InvalidCall) else Utterance(frame)
