"""What type checkers make of messages: never run; each mistake below is an error to mypy and to pyright."""

from __future__ import annotations

from dataclasses import dataclass

from attrs import field, frozen
from attrs.validators import max_len
from typing_extensions import assert_type

from wsdrf import message


@message("chat.say")
class Say:
    text: str = field(validator=max_len(2000))
    loud: bool = False


@message("chat.said")
@frozen
class Said:
    text: str


@message("chat.left")
@dataclass(frozen=True)
class Left:
    name: str


# A message is an ordinary class: its fields are its arguments, by name.
say = Say(text="hello")
assert_type(say, Say)
assert_type(say.text, str)
assert_type(Say(text="HELLO", loud=True).loud, bool)
assert_type(Said(text="hello").text, str)
assert_type(Left(name="alice").name, str)

Say("hello")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # fields are given by name
Say()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a field without a default is required
Say(text=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a field has a type
Say(text="hello", volume=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # a message has no other fields
say.text = "goodbye"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # a message cannot be changed
message(Say)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no parentheses
message(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an action is a str
message()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # an action is required
message("chat.say")(say)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # only a class can be a message
