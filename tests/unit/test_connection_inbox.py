"""The inbox alone: first in, first out, and never more than it may hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wsdrf.connection.inbox import Inbox


@given(
    st.integers(1, 5),
    st.integers(0, 20),
    st.lists(st.one_of(st.integers(0, 12), st.sampled_from(["take", "clear"])), max_size=40),
)
def test_inbox_is_a_bounded_queue(max_entries: int, max_bytes: int, steps: list[int | str]) -> None:
    """An entry is taken iff there is room for it and its bytes; entries come out in their order, and free their room."""
    inbox: Inbox[int] = Inbox(max_entries=max_entries, max_bytes=max_bytes)
    model: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        if step == "clear":
            inbox.clear()
            model.clear()
        elif step == "take":
            if model:
                assert model.pop(0)[0] == inbox.take()
        else:
            size = int(step)
            fits = len(model) < max_entries and sum(one for _, one in model) + size <= max_bytes
            assert fits == inbox.put(number, size)
            if fits:
                model.append((number, size))
        assert len(model) == len(inbox)
