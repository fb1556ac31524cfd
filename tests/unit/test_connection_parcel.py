"""What one process tells the others: written as one string, and read with suspicion."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.living import Happened, Shouted
from wsdrf.connection.parcel import Parcel, event_name, read_parcel

PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), PLAIN) | PLAIN)
def test_only_what_wsdrf_wrote_is_read(message: Any) -> None:
    """Reading a layer's message gives back a parcel that was written, and ``None`` for everything else."""
    assert read_parcel(message) is None


@given(
    st.lists(st.text(alphabet="ab", min_size=1), max_size=3).map(tuple),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.text("abc"),
    st.none() | st.text("abc"),
    PLAIN,
)
def test_a_parcel_comes_back_as_it_was(groups: Any, frame: str, excluded: Any, event: Any, payload: Any) -> None:
    """A parcel travels as one type and one string, and comes back equal."""
    parcel = Parcel(groups, frame, excluded, event, payload)
    written = parcel.message()

    assert {"type", "body"} == set(written)
    assert {str} == {type(value) for value in written.values()}
    assert parcel == read_parcel(json.loads(json.dumps(written)))


@given(st.lists(PLAIN, min_size=6, max_size=6) | st.text() | PLAIN)
def test_a_body_of_another_shape_is_dropped(body: Any) -> None:
    """A body that is not wsdrf's own six parts, each of its type, is no parcel; one that is comes back whole."""
    parcel = read_parcel({"type": "wsdrf.event", "body": json.dumps(body)})
    if parcel is not None:
        assert [parcel.id, list(parcel.groups), parcel.frame, parcel.excluded, parcel.event, parcel.payload] == body


def test_half_a_character_is_dropped() -> None:
    """A frame that is no valid Unicode would make each member's server fail, and is dropped."""
    body = json.dumps(["id", ["a"], "\ud800", None, None, None])
    assert read_parcel({"type": "wsdrf.event", "body": body}) is None


def test_names_tell_classes_apart() -> None:
    """A class is named by its module and qualified name, alike in every process."""
    assert "tests.laws.living:Happened" == event_name(Happened)
    assert event_name(Happened) != event_name(Shouted)
