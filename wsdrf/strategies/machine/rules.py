"""The rules of a consumer's machine: what people do on connections, with what a consumer takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from wsdrf.consumer import Consumer
from wsdrf.options import resolve
from wsdrf.routing import Kind
from wsdrf.strategies.calls import calls
from wsdrf.strategies.frames import frames
from wsdrf.strategies.invalid import InvalidCall, invalid_calls
from wsdrf.strategies.machine.machine import MAX_PEERS, ConsumerMachine, utter
from wsdrf.strategies.machine.plan import Plan, Utterance
from wsdrf.strategies.named import named

SEATS: Final = st.integers(0, MAX_PEERS - 1)
NUMBERS: Final = st.integers(0, 9)

pings: st.SearchStrategy[Any] = st.fixed_dictionaries({"action": st.just("ping")}, optional={"id": NUMBERS})

Rules = dict[str, Callable[..., None]]


def rules_of(plan: Plan) -> Rules:
    """Make the rules for ``plan``, by their names."""
    roles = st.sampled_from(list(plan.roles))
    valid = calls(plan.consumer)
    return {**_arrivals(roles, valid), **_calls(plan.consumer, valid), **_ends(valid), **_losses(plan)}


def _arrivals(roles: st.SearchStrategy[str], valid: st.SearchStrategy[Any]) -> Rules:
    @initialize(role=roles)
    def arrive(self: ConsumerMachine, role: str) -> None:
        self.connect_as(role)

    @rule(role=roles, early=st.lists(valid.map(utter), max_size=2))
    def connect(self: ConsumerMachine, role: str, early: list[Utterance]) -> None:
        self.connect_as(role, early)

    return {"arrive": arrive, "connect": connect}


def _calls(consumer: type[Consumer], valid: st.SearchStrategy[Any]) -> Rules:
    raw = named("frames()", frames(resolve(consumer, getattr(settings, "WSDRF", {})).max_message_size))
    anything = st.one_of(valid, *_wrong(consumer), raw, pings).map(utter)

    @rule(seat=SEATS, frames=st.lists(valid, min_size=1, max_size=4))
    def call(self: ConsumerMachine, seat: int, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            self.say([(seat, utter(frame))])

    @rule(seat=SEATS, frame=raw | pings)
    def send(self: ConsumerMachine, seat: int, frame: Any) -> None:
        self.say([(seat, utter(frame))])

    @rule(batch=st.lists(st.tuples(SEATS, valid.map(utter) | anything), min_size=2, max_size=6))
    def say_at_once(self: ConsumerMachine, batch: list[tuple[int, Utterance]]) -> None:
        self.say(batch)

    found: Rules = {"call": call, "send": send, "say_at_once": say_at_once}
    for invalid in _wrong(consumer):

        @rule(seat=SEATS, wrong=invalid)
        def call_wrongly(self: ConsumerMachine, seat: int, wrong: InvalidCall) -> None:
            self.say([(seat, utter(wrong))])

        found["call_wrongly"] = call_wrongly
    if any(route.kind is Kind.STREAM or route.concurrent for route in consumer.routes.values()):
        found |= _cancels(consumer)
    return found


def _cancels(consumer: type[Consumer]) -> Rules:
    beside = [route.action for route in consumer.routes.values() if route.kind is Kind.STREAM or route.concurrent]
    starting = st.sampled_from(beside).flatmap(lambda action: calls(consumer, action))

    @rule(seat=SEATS, number=NUMBERS)
    def cancel(self: ConsumerMachine, seat: int, number: int) -> None:
        self.cancel_one(seat, number)

    @rule(seat=SEATS, frame=starting)
    def begin_and_cancel(self: ConsumerMachine, seat: int, frame: dict[str, Any]) -> None:
        self.begin_and_cancel_one(seat, frame)

    return {"cancel": cancel, "begin_and_cancel": begin_and_cancel}


def _ends(valid: st.SearchStrategy[Any]) -> Rules:
    # One rule, so that people talk more often than they leave.
    @rule(seat=SEATS, last=st.booleans() | valid)
    def leave(self: ConsumerMachine, seat: int, last: bool | dict[str, Any]) -> None:
        if isinstance(last, dict):
            self.hang_up_after(seat, last)
        elif last:
            self.come_back(seat)
        else:
            self.leave_from(seat)

    return {"leave": leave}


def _losses(plan: Plan) -> Rules:
    if plan.losses is None or all(given is None for given in plan.roles.values()):
        return {}

    @rule(seat=SEATS, number=NUMBERS)
    def lose_something(self: ConsumerMachine, seat: int, number: int) -> None:
        self.lose(seat, number)

    return {"lose_something": lose_something}


def _wrong(consumer: type[Consumer]) -> list[st.SearchStrategy[InvalidCall]]:
    try:
        return [invalid_calls(consumer)]
    except ValueError:
        return []  # a consumer that takes whatever comes
