"""Generated clients speak the codec's language: what either writes, the other reads as the same value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.client_zoo import zoo_forms
from tests.laws.zoo import ZOO
from wsdrf.codec import Codec

Side = tuple[Callable[[Any], Any], Callable[[Any], Any], Any]

PLAIN = [Codec().structurer(specimen.type) for specimen in ZOO]


@pytest.fixture(scope="module", params=[False, True], ids=["snake_case", "camelCase"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Side]:
    """Give the server's reading and writing of each specimen, and the client's form."""
    types = [specimen.type for specimen in ZOO]
    forms = zoo_forms(types, tmp_path_factory.mktemp("client"), camelize=request.param)
    codec = Codec(camelize=request.param)
    return [(codec.structurer(tp), codec.unstructurer(tp), form) for tp, form in zip(types, forms, strict=True)]


@pytest.mark.parametrize("number", range(len(ZOO)), ids=[specimen.name for specimen in ZOO])
@given(data=st.data())
def test_what_the_client_writes_is_what_the_server_wrote(world: list[Side], number: int, data: st.DataObject) -> None:
    """The client reads the server's JSON, and what it writes of it is the same value to the server, and to itself."""
    structure, unstructure, form = world[number]
    typed = PLAIN[number](data.draw(ZOO[number].right))

    value = form.read(unstructure(typed))
    written = form.write(value)

    assert typed == structure(written)
    assert value == form.read(written)


def test_a_form_refuses_what_is_no_value(world: list[Side]) -> None:
    """What is no value is neither written nor read."""
    number = next(number for number, specimen in enumerate(ZOO) if specimen.name == "datetime")

    with pytest.raises((TypeError, ValueError)):
        world[number][2].write("2026-11-23T10:00:00Z")
    with pytest.raises((TypeError, ValueError)):
        world[number][2].read("yesterday")
