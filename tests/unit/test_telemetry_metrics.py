"""Prometheus gets what has happened, under labels that no client can add to."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from wsdrf.telemetry import CallRecord, ConnectionRecord
from wsdrf.telemetry.metrics import COUNTED_CODES, Prometheus

NUMBERS = st.one_of(st.sampled_from([*sorted(COUNTED_CODES), 99, 100, 200, 404, 499, 500, 599, 600]), st.integers())
ACTIONS = st.sampled_from(["chat.say", "chat.history", "wsdrf.unknown"])


class Room:
    """Stands for a consumer."""


NAME = f"{__name__}.Room"


def connection_of(**facts: Any) -> ConnectionRecord:
    return ConnectionRecord("one", Room, SimpleNamespace(scope={}, user=None), **facts)


def samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """Give each sample that is exposed, under its name and its labels, those of when it was made aside."""
    return {
        (sample.name, ",".join(value for name, value in sorted(sample.labels.items()) if name != "consumer")): (
            sample.value
        )
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@given(
    st.lists(st.tuples(ACTIONS, NUMBERS, st.one_of(st.none(), st.integers(0, 5)))),
    st.lists(NUMBERS),
    st.lists(NUMBERS),
    st.integers(0, 5),
)
def test_everything_is_counted_once(calls: Any, closes: list[int], refusals: list[int], still_open: int) -> None:
    """Each call, refusal and end is counted once, under its status or close code where that is a known one."""
    registry = CollectorRegistry()
    observer = Prometheus(registry)
    for action, status, items in calls:
        observer.handled(CallRecord(connection_of(), action, status_code=status, items=items, duration=0.5))
    for status in refusals:
        observer.refused(connection_of(status_code=status))
    for code in closes:
        observer.connected(connection_of())
        observer.disconnected(connection_of(close_code=code))
    for _ in range(still_open):
        observer.connected(connection_of())

    found = samples(registry)
    status_of = {status: str(status) if 100 <= status <= 599 else "other" for _, status, _ in calls} | {
        status: str(status) if 100 <= status <= 599 else "other" for status in refusals
    }
    expected = Counter(("wsdrf_calls_total", f"{action},{status_of[status]}") for action, status, _ in calls)
    expected += Counter(("wsdrf_refusals_total", status_of[status]) for status in refusals)
    expected += Counter(("wsdrf_closes_total", str(code) if code in COUNTED_CODES else "other") for code in closes)
    assert expected == {key: value for key, value in found.items() if key in expected}
    assert still_open == found.get(("wsdrf_connections", ""), 0)
    for name in {action for action, _, _ in calls}:
        own = [items for action, _, items in calls if action == name]
        assert len(own) == found["wsdrf_call_duration_seconds_count", name]
        assert len(own) / 2 == found["wsdrf_call_duration_seconds_sum", name]
        assert sum(items or 0 for items in own) == found.get(("wsdrf_stream_items_total", name), 0)


def test_clients_cannot_add_to_the_series() -> None:
    """However many close codes clients make up, there are as many series as known codes, and one more."""
    registry = CollectorRegistry()
    observer = Prometheus(registry)
    for code in range(5000):
        observer.disconnected(connection_of(close_code=code))
    codes = [labels for name, labels in samples(registry) if name == "wsdrf_closes_total"]
    assert sorted([*map(str, COUNTED_CODES), "other"]) == sorted(codes)


def test_series_name_the_consumer() -> None:
    """The label ``consumer`` has module and class; ``action`` and ``status`` say the rest; buckets can be chosen."""
    registry = CollectorRegistry()
    Prometheus(registry, buckets=(0.1, 1)).handled(CallRecord(connection_of(), "chat.say", duration=0.5))
    text = generate_latest(registry).decode()
    assert f'wsdrf_calls_total{{action="chat.say",consumer="{NAME}",status="200"}} 1.0' in text
    assert f'wsdrf_call_duration_seconds_bucket{{action="chat.say",consumer="{NAME}",le="0.1"}} 0.0' in text
    assert f'wsdrf_call_duration_seconds_bucket{{action="chat.say",consumer="{NAME}",le="1.0"}} 1.0' in text


def test_two_in_one_registry_are_refused() -> None:
    """A second one in the same registry is an error: it would count for the first."""
    registry = CollectorRegistry()
    Prometheus(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Prometheus(registry)
