"""The generated Channels consumer: new data, no new code."""

from __future__ import annotations

from channels.consumer import AsyncConsumer

from tests.laws.living import Living
from wsdrf import Consumer
from wsdrf.connection.application import WebsocketApplication, generate


def test_what_is_generated_adds_data_only() -> None:
    """The class that is made for a consumer has its name, its docstring and its class, and not one function."""
    made = generate(Living, Consumer)

    assert issubclass(made, (WebsocketApplication, AsyncConsumer))
    assert (Living, Consumer, Living.__doc__) == (made.consumer, made.root, made.__doc__)
    assert f"{Living.__qualname__}Application" == made.__qualname__
    assert not [name for name, value in vars(made).items() if callable(value) and name not in {"consumer", "root"}]


def test_each_class_has_its_own() -> None:
    """A subclass of a consumer gets an application of its own."""

    class Sub(Living):
        """Another."""

    assert generate(Sub, Consumer).consumer is Sub
    assert generate(Living, Consumer).consumer is Living
