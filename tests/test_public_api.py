"""The front door: what ``wsdrf`` exports, no more and no less."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import wsdrf

API_PAGE = Path(__file__).parent.parent / "docs" / "reference" / "api.md"
PUBLIC = [
    "AuthenticationResult",
    "Authenticator",
    "AuthorizationHeader",
    "Consumer",
    "FirstMessage",
    "QueryParameter",
    "Subprotocol",
    "adisconnect",
    "disconnect",
    "loads",
    "message",
    "on",
    "receives",
    "requires",
    "throttle",
]


def test_exports_are_the_promised_ones() -> None:
    """``wsdrf.__all__`` is the promised list, sorted; a name more or less is a decision."""
    assert PUBLIC == list(wsdrf.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_export_can_be_imported(name: str) -> None:
    """Each promised name can be imported from the front door and is shown by ``dir``."""
    assert hasattr(wsdrf, name)
    assert name in dir(wsdrf)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that wsdrf does not have is an ``AttributeError`` that says which."""
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(wsdrf, "no_such_name")  # noqa: B009 a plain attribute would be refused by the type checkers


def test_exceptions_export_their_tree() -> None:
    """``wsdrf.exceptions.__all__`` names every exception that is drawn in its docstring."""
    exceptions = importlib.import_module("wsdrf.exceptions")
    drawn = {name for name in vars(exceptions) if name in (exceptions.__doc__ or "")}

    assert drawn >= set(exceptions.__all__)
    assert all(issubclass(getattr(exceptions, name), Exception) for name in exceptions.__all__)


def test_strategies_export_what_is_documented() -> None:
    """``wsdrf.strategies.__all__`` is sorted and holds every function that its reference documents."""
    strategies = importlib.import_module("wsdrf.strategies")
    documented = {"InvalidCall", "calls", "frames", "invalid_calls", "payloads", "register"}

    assert sorted(strategies.__all__) == list(strategies.__all__)
    assert documented <= set(strategies.__all__)
    assert all(hasattr(strategies, name) for name in strategies.__all__)


def test_telemetry_and_signals_export_what_is_documented() -> None:
    """``wsdrf.telemetry`` exports what an observer needs, ``wsdrf.signals`` its four; the how-to names them all."""
    telemetry, signals = importlib.import_module("wsdrf.telemetry"), importlib.import_module("wsdrf.signals")
    page = (Path(__file__).parent.parent / "docs" / "howto" / "observe.md").read_text("utf-8")
    methods = [name for name in vars(telemetry.Observer) if not name.startswith("_")]

    assert ["CallRecord", "ConnectionRecord", "Observer"] == telemetry.__all__
    assert ["connected", "disconnected", "handled", "refused"] == sorted(signals.__all__)
    assert all(f"`{name}`" in page for name in signals.__all__)
    assert all(f"`{name}(" in page for name in methods)
    for record in (telemetry.CallRecord, telemetry.ConnectionRecord):
        facts = [name for name in dir(record) if not name.startswith("_")]
        assert [] == [name for name in facts if f"`{name}`" not in page and f"`{name}(" not in page]


def test_asyncapi_exports_what_is_documented() -> None:
    """``wsdrf.asyncapi.__all__`` is sorted, and each of its names stands in the how-to."""
    asyncapi = importlib.import_module("wsdrf.asyncapi")
    page = (Path(__file__).parent.parent / "docs" / "howto" / "asyncapi.md").read_text("utf-8")

    assert sorted(asyncapi.__all__) == list(asyncapi.__all__)
    assert all(hasattr(asyncapi, name) and name in page for name in asyncapi.__all__)


PUBLIC_MODULES = ["asyncapi", "exceptions", "signals", "strategies", "telemetry", "testing"]


@pytest.mark.parametrize("module", ["wsdrf", *(f"wsdrf.{name}" for name in PUBLIC_MODULES)])
def test_reference_has_every_public_name(module: str) -> None:
    """Each name that a public module exports is on the page of public names, under its module, and no other."""
    (section,) = re.findall(
        rf"^## {re.escape(module)}\n(.*?)(?=^## |\Z)", API_PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    shown = re.findall(r"^\.\. auto(?:class|data|function|exception):: ([\w.]+)$", section, re.MULTILINE)

    assert sorted(f"{module}.{name}" for name in importlib.import_module(module).__all__) == sorted(shown)
