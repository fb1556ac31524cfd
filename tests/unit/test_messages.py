"""``@message``: an attrs class with an action on the wire."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import TypedDict

import attrs
import pytest
from attrs.validators import min_len

from wsdrf.envelope import RESERVED_ACTIONS
from wsdrf.exceptions import DeclarationError
from wsdrf.messages import action_of, message


@message("chat.say")
class Say:
    text: str = attrs.field(validator=min_len(1))
    room: int = 1

    def shout(self) -> str:
        return self.text.upper()


class Heir(Say):
    pass


class TestWhatItMakes:
    def test_a_frozen_attrs_class(self) -> None:
        """The class becomes an attrs class whose instances cannot be changed."""
        say = Say(text="x")

        assert attrs.has(Say)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            say.text = "y"  # type: ignore[misc]

    def test_keyword_only(self) -> None:
        """Fields are given by name only, so their order can change."""
        with pytest.raises(TypeError):
            Say("x")  # type: ignore[misc, call-arg]

    def test_slots(self) -> None:
        """Instances have slots, and keep the class's methods."""
        assert not hasattr(Say(text="x"), "__dict__")
        assert "X" == Say(text="x").shout()

    def test_validators_apply(self) -> None:
        """Attrs validators run when a message is made."""
        with pytest.raises(ValueError, match="text"):
            Say(text="")

    def test_pickle(self) -> None:
        """A message survives pickling, as a task queue does it."""
        assert Say(text="x") == pickle.loads(pickle.dumps(Say(text="x")))


class TestActionOf:
    def test_class_and_instance(self) -> None:
        """The action is known of the class and of each instance."""
        assert "chat.say" == action_of(Say)
        assert "chat.say" == action_of(Say(text="x"))

    @pytest.mark.parametrize("thing", [int, 1, None, "chat.say", attrs.make_class("Plain", ["x"])])
    def test_anything_else_has_none(self, thing: object) -> None:
        """What is no message has no action."""
        assert action_of(thing) is None

    def test_an_heir_has_none(self) -> None:
        """A subclass that is no @message itself has no action, or two classes would share one."""
        assert action_of(Heir) is None

    def test_an_heir_may_have_its_own(self) -> None:
        """A subclass that is a @message has its own action and the fields of both."""

        @message("chat.shout")
        class Shout(Say):
            volume: int = 11

        assert "chat.shout" == action_of(Shout)
        assert "chat.say" == action_of(Say)
        assert [field.name for field in attrs.fields(Shout)] == ["text", "room", "volume"]


class TestExistingClasses:
    def test_an_attrs_class_stays_as_it_is(self) -> None:
        """An attrs class keeps its own options and only gets the action."""

        @attrs.define
        class Mutable:
            x: int

        finished = message("m")(Mutable)

        assert finished is Mutable
        assert "m" == action_of(Mutable)
        instance = Mutable(1)
        instance.x = 2
        assert 2 == instance.x

    def test_a_dataclass_stays_as_it_is(self) -> None:
        """A dataclass stays one."""

        @message("d")
        @dataclass
        class Data:
            x: int

        assert not attrs.has(Data)
        assert "d" == action_of(Data(1))


class TestMistakes:
    def test_without_parentheses(self) -> None:
        """@message without an action says what to write."""
        with pytest.raises(DeclarationError, match=r'@message on .*Wrong lacks the action. Write @message\("\.\.\."\)'):

            @message  # type: ignore[arg-type]
            class Wrong:
                pass

    @pytest.mark.parametrize("action", [*sorted(RESERVED_ACTIONS), "wsdrf.anything"])
    def test_reserved(self, action: str) -> None:
        """An action of the protocol cannot be a message's; the error names the class and the action."""
        with pytest.raises(DeclarationError, match=f"Wrong.*{action}.*protocol.*Choose another"):

            @message(action)
            class Wrong:
                pass

    @pytest.mark.parametrize("action", ["", "a b", "ä", "x" * 101, "a\n", 7, None, b"x"])
    def test_malformed(self, action: object) -> None:
        """An action is 1 to 100 plain characters; the error says which."""
        with pytest.raises(DeclarationError, match=r"Wrong.*malformed action.*1 to 100 letters"):

            @message(action)  # type: ignore[arg-type]
            class Wrong:
                pass

    @pytest.mark.parametrize("action", ["a", "x" * 100, "Chat_1.say-now:v2/x"])
    def test_well_formed(self, action: str) -> None:
        """Letters, digits and _ . - : / are allowed, up to 100."""
        assert action_of(message(action)(type("Right", (), {}))) == action

    def test_twice(self) -> None:
        """A class is one message; the error names both actions."""
        with pytest.raises(DeclarationError, match="message twice, as 'a' and as 'b'"):

            @message("b")
            @message("a")
            class Wrong:
                pass

    def test_not_a_class(self) -> None:
        """Only a class can be a message."""
        with pytest.raises(DeclarationError, match="no ordinary class"):
            message("a")(lambda: None)  # type: ignore[arg-type]

    def test_a_typed_dict(self) -> None:
        """A TypedDict has no instances that could bear an action."""
        with pytest.raises(DeclarationError, match="no ordinary class"):

            @message("a")
            class Wrong(TypedDict):
                x: int


def test_needs_no_django() -> None:
    """Messages are declared without Django being imported."""
    code = "import sys, wsdrf.messages, wsdrf.codec; sys.exit(any(m.split('.')[0] == 'django' for m in sys.modules))"

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
