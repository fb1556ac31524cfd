"""Names of groups: injective, accepted by Channels, readable."""

from __future__ import annotations

import pytest
from channels.layers import BaseChannelLayer
from hypothesis import assume, example, given
from hypothesis import strategies as st

from wsdrf import Consumer
from wsdrf.connection.names import check_group, group_name

PARTS = st.lists(
    st.one_of(st.text(max_size=8), st.text("._-x0", max_size=6), st.text(min_size=60, max_size=120), st.integers()),
    min_size=1,
    max_size=4,
).map(tuple)


def as_text(parts: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(map(str, parts))


@given(PARTS, PARTS)
def test_different_parts_never_share_a_name(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    """``group_name`` is injective over the text of its parts."""
    assert (as_text(one) == as_text(other)) == (group_name(*one) == group_name(*other))


@given(st.lists(st.text("a._-0", max_size=3), min_size=1, max_size=3), st.integers(0, 10))
def test_no_part_can_look_like_two(parts: list[str], at: int) -> None:
    """Joining two neighbouring parts by any character gives another name."""
    assume(len(parts) > 1)
    at %= len(parts) - 1
    for glue in ("", ".", "_", "..", "-"):
        joined = [*parts[:at], parts[at] + glue + parts[at + 1], *parts[at + 2 :]]
        assert group_name(*parts) != group_name(*joined)


@given(PARTS)
@example(("wsdrf", 7))
@example(("wsdrf", "x" * 200))
@example(("wsdrf",))
def test_channels_accepts_every_name(parts: tuple[object, ...]) -> None:
    """Channels' own validator accepts what ``group_name`` makes, and so does wsdrf, whatever a part is called."""
    name = group_name(*parts)
    BaseChannelLayer().require_valid_group_name(name)
    assert name == check_group(name)


def test_no_name_is_wsdrfs_own() -> None:
    """A part that is called as wsdrf's own groups are makes a name of its own, and what is written so is refused."""
    assert len({group_name("wsdrf", 7), group_name("wsdrf.7"), group_name("_77_sdrf", 7), group_name("sdrf", 7)}) == 4
    with pytest.raises(ValueError, match="belongs to wsdrf"):
        check_group("wsdrf.7")


@given(st.lists(st.from_regex(r"[a-zA-Z0-9-]{1,10}", fullmatch=True), min_size=1, max_size=5))
def test_plain_parts_stay_readable(parts: list[str]) -> None:
    """Parts of ASCII letters, digits and hyphens are joined by dots."""
    assume(parts[0] != "wsdrf")
    assert ".".join(parts) == group_name(*parts)
    assert ".".join(parts) == Consumer.group_name(*parts)


def test_examples() -> None:
    """The name of the documentation, and one that is escaped."""
    assert "room.7" == group_name("room", 7)
    assert "room._2e_7" == group_name("room", ".7")
    with pytest.raises(ValueError, match="at least one part"):
        group_name()


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 100, "a\n", 7, None, "room:7", "a/b", b"room"])
def test_bad_names_are_refused(name: object) -> None:
    """A name that a layer does not take is refused with the cure."""
    with pytest.raises(ValueError, match=r"group_name\(\.\.\.\)"):
        check_group(name)


@given(st.text(max_size=120))
def test_wsdrf_and_channels_agree_on_names(name: str) -> None:
    """A name that Channels refuses is refused, and no other but wsdrf's own."""
    try:
        accepted = bool(BaseChannelLayer().require_valid_group_name(name))
    except TypeError:
        accepted = False
    if accepted and not name.startswith("wsdrf."):
        assert name == check_group(name)
    else:
        with pytest.raises(ValueError, match="name"):
            check_group(name)
