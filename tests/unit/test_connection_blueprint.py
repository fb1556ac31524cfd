"""What is made once for all connections of a consumer, and when it is made anew."""

from __future__ import annotations

import json

import pytest
from django.test import override_settings

from tests.laws.living import Happened, Living, Shouted
from wsdrf import Consumer
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.parcel import name_of


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
    assert {name_of(Happened)} == set(blueprint.hearings)


def test_parcels_are_made_of_messages() -> None:
    """A broadcast is a frame; an event names its class and has its payload besides; anything else is refused."""
    blueprint = blueprint_of(Living, Consumer)
    plain, event = blueprint.parcel(["a"], Shouted(text="x"), "me"), blueprint.event("a", Shouted(text="x"))
    assert {"action": "life.shouted", "payload": {"text": "x"}} == json.loads(plain.frame) == json.loads(event.frame)
    assert ("me", None, None) == (plain.excluded, plain.event, plain.payload)
    assert (None, name_of(Shouted), {"text": "x"}) == (event.excluded, event.event, event.payload)
    with pytest.raises(TypeError, match=r"dict is no message\. Decorate the class"):
        blueprint.parcel(["a"], {})
