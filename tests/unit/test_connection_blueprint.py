"""What is made once for all connections of a consumer, and when it is made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import override_settings

from tests.laws.living import Happened, Living, Shouted
from wsdrf import Consumer
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.parcel import event_name
from wsdrf.exceptions import ConfigurationError
from wsdrf.telemetry import Observer


def test_a_blueprint_is_drawn_once_and_anew_after_a_change_of_settings() -> None:
    """The same class gets the same blueprint, until a setting changes."""
    first = blueprint_of(Living, Consumer)
    assert first is blueprint_of(Living, Consumer)
    with override_settings(WSDRF={"MAX_MESSAGE_SIZE": 77}):
        assert 77 == blueprint_of(Living, Consumer).options.max_message_size
    assert first.options == blueprint_of(Living, Consumer).options


def test_everything_of_the_class_is_in_it() -> None:
    """Each route has a step and each reception a hearing, under the name that travels."""
    blueprint = blueprint_of(Living, Consumer)
    assert set(Living.routes) == set(blueprint.steps)
    assert {event_name(Happened)} == set(blueprint.hearings)


def test_parcels_are_made_of_messages() -> None:
    """A broadcast is a frame; an event names its class and has its payload besides; anything else is refused."""
    blueprint = blueprint_of(Living, Consumer)
    plain, event = blueprint.parcel(["a"], Shouted(text="x"), "me"), blueprint.event("a", Shouted(text="x"))
    assert {"action": "life.shouted", "payload": {"text": "x"}} == json.loads(plain.frame) == json.loads(event.frame)
    assert ("me", None, None) == (plain.excluded, plain.event, plain.payload)
    assert (None, event_name(Shouted), {"text": "x"}) == (event.excluded, event.event, event.payload)
    with pytest.raises(
        TypeError, match=r"A value of class dict is no message\. Send an instance of a class with @message"
    ):
        blueprint.parcel(["a"], {})


class Hearing(Observer):
    """Hear nothing."""


class Wanting(Observer):
    def __init__(self, registry: object) -> None:
        self.registry = registry


def test_an_observer_is_made_once_for_the_process() -> None:
    """A class, its dotted path and a change of settings give the same observer; an instance is itself."""
    own = Hearing()
    named = {"OBSERVERS": [Hearing, f"{__name__}.Hearing", own]}
    with override_settings(WSDRF=named):
        first = blueprint_of(Living, Consumer).observers
    with override_settings(WSDRF=named):
        second = blueprint_of(Living, Consumer).observers
    assert (Hearing, Hearing, Hearing) == tuple(map(type, first))
    assert first[0] is first[1] is second[0]
    assert first[2] is second[2] is own
    assert () == blueprint_of(Living, Consumer).observers


@pytest.mark.parametrize("named", [7, object, Living, Living(), print, "wsdrf.telemetry", f"{__name__}.Observer.begun"])
def test_what_is_no_observer_is_refused(named: Any) -> None:
    """An entry of ``observers`` that is none is an error that says where it was set, and the cure."""
    with (
        override_settings(WSDRF={"OBSERVERS": [named]}),
        pytest.raises(ConfigurationError, match=r'WSDRF\["OBSERVERS"\] ') as caught,
    ):
        blueprint_of(Living, Consumer)
    assert "wsdrf.telemetry.Observer" in str(caught.value) or "can be imported" in str(caught.value)


def test_an_observer_that_cannot_be_made_is_refused() -> None:
    """A class that needs arguments is an error that says so, before anybody connects."""

    class Observed(Living):
        observers = [Wanting]

    with pytest.raises(
        ConfigurationError, match=r"Observed\.observers names Wanting, which cannot be made: .*registry"
    ):
        Observed.as_asgi()
