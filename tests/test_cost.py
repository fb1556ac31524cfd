"""What wsdrf costs does not grow unnoticed: steps of its code and bytes that it holds, against committed figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cost import ACTIONS, FIGURES, PYTHON

TOLERANCE = 0.03
"""So much more is let pass: a timer that fires or not, another release of attrs or cattrs."""
UPDATE = "If that is worth it, run `python -m tests.cost --update` and commit tests/cost.json."


@pytest.fixture(scope="module")
def costs() -> dict[str, float]:
    """Count in a process of its own, where no other test has been."""
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONHASHSEED": "0", "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "."}
    command = [sys.executable, "-m", "tests.cost"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert 0 == done.returncode, done.stderr
    counted: dict[str, float] = json.loads(done.stdout)
    return counted


def test_nothing_costs_more_than_is_committed(costs: dict[str, float]) -> None:
    """A message, a connection, a broadcast and a build take no more steps, an idle connection no more bytes."""
    committed = json.loads(FIGURES.read_text()).get(PYTHON)
    if committed is None:
        # Interpreters count differently: one inlines a comprehension that another calls.
        pytest.skip(f"no figures are committed for Python {PYTHON}; `python -m tests.cost --update` adds them")
    dearer = {
        what: f"{committed[what]:g} -> {cost:g}"
        for what, cost in costs.items()
        if cost > committed[what] * (1 + TOLERANCE)
    }
    assert not dearer, f"costs more than it did: {dearer}. {UPDATE}"


def test_building_takes_as_long_for_each_action(costs: dict[str, float]) -> None:
    """Twice as many actions take twice as many steps to build, and no more."""
    few, many = costs[f"steps to build {ACTIONS} actions"], costs[f"steps to build {2 * ACTIONS} actions"]
    assert many <= 2.1 * few
