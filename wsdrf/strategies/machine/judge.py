"""Hold each frame that comes to what was asked for it and what is declared."""

from __future__ import annotations

from typing import Any, Final

from wsdrf.access.verdicts import Verdict
from wsdrf.envelope import ABSENT, CallId
from wsdrf.routing import Kind
from wsdrf.strategies.machine.declared import Declared
from wsdrf.strategies.machine.findings import (
    AnsweredTwice,
    Finding,
    OutOfOrder,
    Unanswered,
    Unauthenticated,
    WrongFrame,
    WrongRefusal,
    fail_inside,
)
from wsdrf.strategies.machine.peer import Asked, Peer
from wsdrf.testing.frames import Received

Data = dict[str, Any]

MAX_ITEMS: Final = 1000
"""Items of one stream after which it is taken for one that never completes."""


class Judge:
    """Judges the frames of all connections of an example. What is wrong raises a ``Finding``.

    What differs from a verdict is a suspicion only: the verdict may have been another when the call's turn came.
    """

    def __init__(self, declared: Declared, *, tells: bool, explains: bool) -> None:
        self._declared = declared
        self._tells = tells  # whether there are authentication frames
        self._explains = explains  # whether exceptions are answered by the project itself
        self.suspicions: list[tuple[Peer, Asked, Finding]] = []

    def take(self, peer: Peer, received: Received) -> None:
        """Judge one frame, and note what it settles."""
        frame = received.data
        if frame is ABSENT or not isinstance(frame, dict) or not isinstance(frame.get("action"), str):
            raise WrongFrame(f"A frame is no message: {received.raw!r}", f"assert {frame!r} not in frames")
        if not {"action", "payload"} <= frame.keys() <= {"action", "payload", "id"}:
            raise WrongFrame(f"A frame has other keys than action, payload and id: {frame!r}", _absent(frame))
        self._check_moment(peer, frame)
        if frame["action"] == "authentication":
            self._authentication(peer, frame)
        elif frame["action"] == "pong":
            self._pong(peer, frame)
        elif "id" in frame:
            self._answer(peer, frame, frame["id"])
        else:
            self._event(peer, frame)

    def _check_moment(self, peer: Peer, frame: Data) -> None:
        if peer.refusal is not None:
            raise Unauthenticated(f"After it was refused, {peer.name} was sent {frame!r}", _absent(frame))
        if not peer.is_in and self._tells and frame["action"] != "authentication":
            raise Unauthenticated(f"Before it was told to be in, {peer.name} was sent {frame!r}", _absent(frame))

    def _authentication(self, peer: Peer, frame: Data) -> None:
        payload = frame["payload"]
        if not isinstance(payload, dict) or {"status_code", "status_text", "data"} != payload.keys():
            raise WrongFrame(f"An authentication frame is none: {frame!r}", _absent(frame))
        if payload["status_code"] != 200:
            peer.refusal = payload
        elif peer.is_in and not peer.owes_authentication:
            raise AnsweredTwice(f"{peer.name} was told twice that it is in: {frame!r}", _absent(frame))
        else:
            peer.is_in = True
        peer.owes_authentication = False
        call_id = frame.get("id")
        if call_id in peer.pending:
            self._end(peer, call_id)

    def _pong(self, peer: Peer, frame: Data) -> None:
        if frame.get("id") not in peer.pings:
            raise AnsweredTwice(f"A pong came that no ping asked for: {frame!r}", _absent(frame))
        peer.pings.remove(frame.get("id"))

    def _answer(self, peer: Peer, frame: Data, call_id: CallId) -> None:
        asked = peer.pending.get(call_id)
        if asked is None and call_id in peer.answered:
            raise AnsweredTwice(
                f"The call {call_id!r} was answered once more, with {frame!r}",
                f'assert 1 >= [frame.get("id") for frame in frames].count({call_id!r})',
            )
        if asked is None:
            raise AnsweredTwice(f"A frame answers {call_id!r}, an id that no call had: {frame!r}", _absent(frame))
        if frame["action"] == "error":
            self._error(peer, asked, frame)
        elif frame["action"] == "complete":
            self._check_done(peer, asked, frame)
        else:
            self._reply(peer, asked, frame)
        if frame["action"] in {"error", "complete"} or asked.route is None or asked.route.kind is not Kind.STREAM:
            self._end(peer, call_id)

    def _end(self, peer: Peer, call_id: CallId) -> None:
        asked = peer.pending.pop(call_id)
        peer.answered.add(call_id)
        if asked.is_ordered:
            if peer.turns and peer.turns[0] != call_id:
                raise OutOfOrder(
                    f"The call {call_id!r} was answered before {peer.turns[0]!r}, which came first",
                    f'assert [{peer.turns[0]!r}] == [frame["id"] for frame in frames if "id" in frame][:1]',
                )
            peer.turns.pop(0)

    def _reply(self, peer: Peer, asked: Asked, frame: Data) -> None:
        if asked.route is None:
            raise WrongRefusal(f"A frame that is no call was answered {frame!r}", _absent(frame))
        self._check_done(peer, asked, frame)
        problem = self._declared.wrong_reply(asked.route, frame)
        if problem is not None and not self._explains:
            raise WrongFrame(f"{problem}: {frame!r}", _absent(frame))
        asked.items += 1
        if asked.items > MAX_ITEMS and not asked.is_endless:
            raise Unanswered(
                f"The stream {asked.call.action!r} has sent {MAX_ITEMS} items and does not complete. "
                f"If it is meant to go on, pass endless=[{asked.call.action!r}]."
            )

    def _check_done(self, peer: Peer, asked: Asked, frame: Data) -> None:
        """Raise where a call was done that had to be refused."""
        verdict = asked.verdict
        if self._explains or (asked.was_cancelled and frame["action"] == "complete"):
            return
        if asked.wrong is not None and (verdict is None or verdict.is_allowed or verdict.code == "invalid"):
            raise WrongRefusal(
                f"An invalid call of {asked.call.action!r} was done all the same ({asked.wrong.violation} at "
                f"{_path(asked.wrong.loc)}), and answered {frame!r}",
                _absent(frame),
            )
        if verdict is not None and not verdict.is_allowed and verdict.status_code != 500:
            self.suspicions.append((peer, asked, WrongRefusal(_otherwise(asked, verdict, frame), _absent(frame))))

    def _error(self, peer: Peer, asked: Asked, frame: Data) -> None:
        peer.errors_left -= 1
        payload = _error_payload(frame)
        code, verdict = payload["code"], asked.verdict
        if code == "error" and payload["status_code"] == 500:
            fail_inside(f"{asked.call.action!r} was answered with an internal error: {frame!r}")
        if code == "timeout":
            raise Unanswered(f"{asked.call.action!r} took longer than its own timeout: {frame!r}", _absent(frame))
        if verdict is None or verdict.is_allowed or self._explains or self._may_come_first(asked, code):
            return
        if verdict.code != "error" and (verdict.status_code, verdict.code) != (payload["status_code"], code):
            self.suspicions.append((peer, asked, WrongRefusal(_otherwise(asked, verdict, frame), _absent(frame))))
        elif asked.wrong is not None and code == "invalid" and not _names(payload, asked.wrong.loc, asked.wrong.code):
            raise WrongRefusal(
                f"A call of {asked.call.action!r} with {asked.wrong.code!r} at {_path(asked.wrong.loc)} was refused "
                f"without saying so: {frame!r}",
                _absent(frame),
            )

    def _may_come_first(self, asked: Asked, code: str) -> bool:
        return (code == "throttled" and asked.is_throttled) or (code == "busy" and not asked.is_ordered)

    def _event(self, peer: Peer, frame: Data) -> None:
        if frame["action"] == "error":
            payload = _error_payload(frame)
            if payload["code"] == "error" and payload["status_code"] == 500:
                fail_inside(f"A call was answered with an internal error: {frame!r}")
            if not peer.owed_errors and not peer.open_errors and payload["code"] != "throttled":
                raise AnsweredTwice(f"An error came that nothing had asked for: {frame!r}", _absent(frame))
            peer.errors_left -= 1
            if peer.owed_errors:
                peer.owed_errors -= 1
            else:
                peer.open_errors -= 1
        elif frame["action"] != "wsdrf.resync":
            problem = self._declared.wrong_event(frame, peer.nameless.values())
            is_end = frame["action"] == "complete" and any(
                route.kind is Kind.STREAM for route in peer.nameless.values()
            )
            if problem is not None and not is_end:
                raise WrongFrame(f"{problem}: {frame!r}", _absent(frame))


def _error_payload(frame: Data) -> Data:
    payload = frame["payload"]
    known = {"status_code", "code", "detail", "errors", "retry_after"}
    if not isinstance(payload, dict) or not {"status_code", "code", "detail"} <= payload.keys() <= known:
        raise WrongFrame(f"An error frame is none: {frame!r}", _absent(frame))
    return payload


def _otherwise(asked: Asked, verdict: Verdict, frame: Data) -> str:
    return (
        f"A call of {asked.call.action!r} had to be refused with {verdict.status_code} {verdict.code!r}, "
        f"and was answered {frame!r}"
    )


def _names(payload: Data, loc: tuple[str | int, ...], code: str) -> bool:
    return any((one["loc"], one["code"]) == ([*loc], code) for one in payload.get("errors", ()))


def _path(loc: tuple[str | int, ...]) -> str:
    return ".".join(map(str, loc)) or "the frame"


def _absent(frame: Any) -> str:
    return f"assert {frame!r} not in frames"
