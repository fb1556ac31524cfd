"""Give a strategy a name to be shown by: hypothesis prints it where a test fails, and what is inside fills pages."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import frozen
from hypothesis import strategies as st

Value = TypeVar("Value")


@frozen(eq=False, repr=False)
class Named:
    """A strategy and the words that stand for it."""

    name: str
    strategy: st.SearchStrategy[Any]

    def __repr__(self) -> str:
        return self.name


def named(name: str, strategy: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    """Draw from ``strategy``, which shows as ``name``."""
    return st.just(Named(name, strategy)).flatmap(strategy_of)


def strategy_of(found: Named) -> st.SearchStrategy[Any]:
    """Give the strategy behind a name."""
    return found.strategy
