"""What type checkers make of ``wsdrf.strategies``: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from typing_extensions import assert_type

from wsdrf import Consumer, message, on
from wsdrf.strategies import (
    ConsumerMachine,
    InvalidCall,
    calls,
    frames,
    invalid_calls,
    payloads,
    register,
    state_machine,
)


@message("said")
class Said:
    text: str


class Room(Consumer):
    @on("say")
    async def say(self, payload: Said) -> Said:
        return payload


assert_type(calls(Room), SearchStrategy[dict[str, Any]])
assert_type(calls(Room, "say"), SearchStrategy[dict[str, Any]])
assert_type(invalid_calls(Room), SearchStrategy[InvalidCall])
assert_type(frames(), SearchStrategy[str | bytes])
assert_type(payloads(Said, camelize=True), SearchStrategy[Any])
assert_type(state_machine(Room, {"anonymous": None}, closes=[4000], patience=1), type[ConsumerMachine])
register(Said, st.builds(Said, text=st.just("hello")))


def of_one(call: InvalidCall, machine: ConsumerMachine) -> None:
    assert_type(call.frame, dict[str, Any])
    assert_type(call.violation, str)
    assert_type(call.loc, tuple[str | int, ...])
    assert_type(machine.guests, dict[str, Any])
    call.code = "invalid"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # an invalid call cannot be changed
    InvalidCall({}, "missing")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a place and a code are required


calls(Said)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a consumer has calls
calls(Room, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an action is a str
calls(Room())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the class itself
invalid_calls(Room, b"say")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an action is a str
frames("64 KiB")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a size is an int
payloads(Said, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the option is given by name
register(Said, Said)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a strategy is no class
state_machine(Room)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # roles are required
state_machine(Room, ["anonymous"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # roles have names
state_machine(Room, {"anonymous": None}, colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # there is no such option
