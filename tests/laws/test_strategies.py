"""What is drawn as valid is accepted and comes back; what is drawn as invalid is refused as foretold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.test_exactness import same, ways
from tests.laws.zoo import ZOO, Specimen
from wsdrf.strategies import payloads

specimens = pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)


@specimens
@given(data=st.data())
def test_payloads_are_accepted_and_come_back(specimen: Specimen, data: st.DataObject) -> None:
    """For every type, what payloads draws travels as JSON, is structured, and unstructures to what was drawn."""
    drawn = data.draw(payloads(specimen.type))
    value = json.loads(json.dumps(drawn))
    way = ways(specimen)

    typed = way.structure(value)

    assert same(value, way.unstructure(typed), way.shape)
    assert json.dumps(drawn) == json.dumps(value)
