"""What every test of the suite may rely on: a hypothesis profile, the tools outside Python, wsdrf's own fixtures."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "dev")

CONVERSATIONS = "conversations"
"""How many right conversations a test has held, as a property of its report."""

# Two slow cores are no reason for a law to fail; a law that is slow shows in --durations.
QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, **QUIET)
settings.register_profile("ci", max_examples=200, derandomize=True, **QUIET)
settings.register_profile("mutants", max_examples=25, database=None, **QUIET)
settings.register_profile("thorough", max_examples=2000, **QUIET)
settings.load_profile(PROFILE)


def pytest_configure(config: pytest.Config) -> None:
    # Asked for the loop of a thread that has had none, Python before 3.14 makes one. pytest-asyncio asks, and nobody
    # would close what it gets: the first test to collect garbage would fail of it.
    asyncio.set_event_loop(None)
    # pytest finds an installed wsdrf by its entry point; of a checkout that is not installed nobody has told it.
    if not config.pluginmanager.has_plugin("wsdrf"):
        config.pluginmanager.import_plugin("wsdrf.testing.plugin")


def pytest_report_header() -> str:
    return f"hypothesis examples: {settings().max_examples} (HYPOTHESIS_PROFILE={PROFILE})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    calls = [report for report in reports if getattr(report, "when", None) == "call"]
    told = [value for report in calls for name, value in report.user_properties if name == CONVERSATIONS]
    if told:
        terminalreporter.write_line(f"generated conversations in which nothing was wrong: {sum(told)}")


def require_tool(tool: str, install: str) -> str:
    """Return the path of the program ``tool``; without it, skip at home and fail in CI, saying how to get it."""
    path = shutil.which(tool)
    if path is not None:
        return path
    reason = f"{tool} is not installed. Install it with: {install}"
    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], str]:
    """Give ``require_tool``, as in ``require("redis-server", "apt-get install redis-server")``."""
    return require_tool
