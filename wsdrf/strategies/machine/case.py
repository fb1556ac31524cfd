"""Make the test case of a machine: one test, for Django's runner and for pytest."""

from __future__ import annotations

import unittest
import warnings
from types import new_class
from typing import Any, Final

from django.conf import settings as django_settings
from django.test import TestCase
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from wsdrf.strategies.machine.shrinking import shrinking_for

STEPS: Final = 30
"""Steps of one conversation, unless the settings say otherwise."""


def make_case(machine: Any) -> type[unittest.TestCase]:
    """Make the case that runs ``machine``: Django's own ``TestCase``, where the project has a database."""
    base = TestCase if _has_database() else unittest.TestCase

    def run_test(self: Any) -> None:
        prove(machine, self.settings)

    marked: Any = run_test
    marked.__name__ = "runTest"
    marked.is_hypothesis_test = True
    marked._hypothesis_state_machine_class = machine
    namespace: dict[str, Any] = {
        "__module__": machine.__module__,
        "__qualname__": f"{machine.__qualname__}.TestCase",
        "__doc__": machine.__doc__,
        "settings": usual_settings(),
        "runTest": marked,
    }
    case: type[unittest.TestCase] = new_class(
        f"{machine.__name__}TestCase", (base,), exec_body=lambda body: body.update(namespace)
    )
    return case


def converse(machine: Any, using: settings | None = None) -> None:
    """Run ``machine``, as ``run_state_machine_as_test`` does, and look for a shorter failure as long as its plan says.

    Raises what was found.
    """
    with shrinking_for(machine.plan.shrink_for):
        run_state_machine_as_test(machine, settings=using)


def prove(machine: Any, using: settings | None = None) -> None:
    """Do what ``converse`` does for a test, and warn where it proves nothing because nobody was ever let in."""
    converse(machine, using)
    if machine.met and not any(machine.met.values()):
        warnings.warn(
            f"{machine.__qualname__} let nobody in ({', '.join(machine.met)}), so no call was tried. Have the roles "
            "make what the path and the guards ask for.",
            stacklevel=2,
        )


def usual_settings() -> settings:
    """Give the settings of the current profile, as far as they suit conversations.

    Lines of code are not traced to explain a failure: the code in question runs in another thread. One failure is told
    at a time: one fault shows in many ways, and each would be shrunk.
    """
    current = settings()
    checks: Any = HealthCheck
    every: list[HealthCheck] = [*checks]
    phases = [phase for phase in current.phases if phase is not Phase.explain]
    return settings(
        current,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        stateful_step_count=STEPS,
        suppress_health_check=every,
    )


def _has_database() -> bool:
    engines = {config.get("ENGINE", "") for config in django_settings.DATABASES.values()}
    return bool(engines - {"", "django.db.backends.dummy"})
