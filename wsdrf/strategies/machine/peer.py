"""One connection of an example: what was asked on it, and what the model knows of it."""

from __future__ import annotations

import math
from typing import Any

from attrs import define, field

from wsdrf.access.verdicts import Rehearsal, Verdict
from wsdrf.envelope import Call, CallId
from wsdrf.options import Options
from wsdrf.routing import Kind, Route
from wsdrf.strategies.invalid import InvalidCall
from wsdrf.strategies.machine.roles import Guest
from wsdrf.strategies.machine.witness import Observed
from wsdrf.testing.communicator import WebsocketCommunicator


@define(eq=False)
class Asked:
    """A call that was sent. ``verdict`` is what it is to be answered, as far as that is known before its handler.

    ``wrong`` is what is known to be wrong with it.
    """

    call: Call
    route: Route | None
    verdict: Verdict | None
    wrong: InvalidCall | None = None
    items: int = 0
    is_endless: bool = False
    was_cancelled: bool = False

    @property
    def is_ordered(self) -> bool:
        """Tell whether it is answered in its turn, and not beside others."""
        return self.route is None or not (self.route.concurrent or self.route.kind is Kind.STREAM)

    @property
    def is_stream(self) -> bool:
        """Tell whether it may have many answers."""
        return self.route is not None and self.route.kind is Kind.STREAM

    @property
    def is_throttled(self) -> bool:
        """Tell whether it may be refused because it came too soon."""
        return self.route is not None and bool(self.route.throttles)


@define(eq=False)
class Peer:
    """One client and what is expected for it.

    ``pending`` are the calls whose last answer has not come; ``rehearsal`` is what the guards have said.
    """

    name: str
    seat: int
    guest: Guest
    client: WebsocketCommunicator
    observed: Observed | None = None
    pending: dict[CallId, Asked] = field(factory=dict[CallId, Asked])
    answered: set[CallId] = field(factory=set[CallId])
    turns: list[CallId] = field(factory=list[CallId])
    nameless: dict[str, Route] = field(factory=dict[str, Route])
    open_errors: int = 0
    owed_errors: int = 0
    pings: list[CallId] = field(factory=list[CallId])
    owes_authentication: bool = False
    is_in: bool = False
    refusal: Any = None
    errors_left: float = math.inf
    frames_left: float = math.inf
    close_codes: frozenset[int] = frozenset()
    first_token: str | None = field(default=None, repr=False)
    rehearsal: Rehearsal | None = field(default=None, repr=False)
    identity: Any = None
    has_lost: bool = False

    def spend(self, options: Options) -> None:
        """Begin with as many errors and frames as one connection may have."""
        self.errors_left = math.inf if options.max_errors is None else options.max_errors.count
        self.frames_left = math.inf if options.message_rate is None else options.message_rate.count

    @property
    def is_closed(self) -> bool:
        """Tell whether either side has closed."""
        return self.client.closed is not None

    @property
    def awaited(self) -> list[CallId]:
        """Give the ids of the calls whose end is awaited: all but those that go on until they are cancelled."""
        return [call_id for call_id, asked in self.pending.items() if asked.was_cancelled or not asked.is_endless]

    def is_settled(self) -> bool:
        """Tell whether everything that must be answered is, or cannot be any more."""
        waits = self.awaited or self.owed_errors or self.pings or self.owes_authentication
        return self.is_closed or not waits

    def new_id(self, wanted: Any) -> CallId:
        """Give ``wanted`` where no call had it, else the next number that is free."""
        taken = {*self.pending, *self.answered}
        if wanted not in taken:
            return wanted if wanted is None else _id(wanted)
        return next(number for number in range(len(taken) + 1) if number not in taken)


def _id(value: Any) -> CallId:
    call_id: CallId = value
    return call_id
