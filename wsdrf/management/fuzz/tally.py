"""Count how calls were answered: by action, by role, by outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from attrs import define, field
from typing_extensions import override

from wsdrf.management.tables import Table
from wsdrf.strategies.machine.judge import Judge
from wsdrf.strategies.machine.peer import Peer
from wsdrf.testing.frames import Received
from wsdrf.testing.matrix import CONNECT

OUTCOMES: Final = ("answered", "refused", "invalid", "errors")
NO_CALL: Final = "(no call)"
"""The row of frames that call no action of the consumer's."""

STYLES: Final = {"errors": "bold red", "answered": "green"}


@define
class Tally:
    """How often what came of what. Nothing is counted once it is closed: a failure that is shrunk is no new one."""

    counts: dict[tuple[str, str], Counter[str]] = field(factory=dict[tuple[str, str], Counter[str]])
    conversations: int = 0
    is_closed: bool = False

    @property
    def total(self) -> int:
        """Give how many answers were counted."""
        return sum(sum(counter.values()) for counter in self.counts.values())

    def note(self, action: str, role: str, outcome: str) -> None:
        """Count one."""
        if not self.is_closed:
            self.counts.setdefault((action, role), Counter())[outcome] += 1

    def table(self, title: str, actions: Iterable[str], roles: Iterable[str]) -> Table:
        """Give a row for each action and role; where nothing was tried, it is empty."""
        people = list(roles)
        rows = [
            [action, role, *(str(found[outcome] or "") for outcome in OUTCOMES)]
            for action in (CONNECT, *actions, NO_CALL)
            for role in people
            for found in [self.counts.get((action, role), Counter[str]())]
        ]
        return Table(title, ["action", "role", *OUTCOMES], rows, STYLES)


class CountingJudge(Judge):
    """Judges as ``judge`` does, and counts."""

    def __init__(self, judge: Judge, tally: Tally) -> None:
        vars(self).update(vars(judge))
        self._tally = tally

    @override
    def take(self, peer: Peer, received: Received) -> None:
        call_id = received.id if isinstance(received.id, (str, int)) else None
        asked = peer.pending.get(call_id)
        owed = peer.owed_errors
        try:
            super().take(peer, received)
        finally:
            if asked is not None and (call_id not in peer.pending or received.action == "error"):
                action = NO_CALL if asked.route is None else asked.route.action
                self._tally.note(action, peer.guest.role, outcome_of(received.data))
            elif peer.owed_errors < owed:
                self._tally.note(NO_CALL, peer.guest.role, outcome_of(received.data))


def outcome_of(frame: Any) -> str:
    """Tell what became of a call, by its last frame: one of ``OUTCOMES``."""
    if frame["action"] == "authentication":
        return "answered" if frame["payload"]["status_code"] == 200 else "refused"
    if frame["action"] != "error":
        return "answered"
    status, code = frame["payload"]["status_code"], frame["payload"]["code"]
    if status == 400:
        return "invalid"
    return "errors" if status >= 500 and code != "busy" else "refused"
