"""The reference says what the code says: options, errors and the protocol's own actions."""

from __future__ import annotations

import ast
import inspect
import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import attrs
import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from tests import test_architecture as house
from wsdrf import checks, exceptions
from wsdrf.asyncapi import about
from wsdrf.codec import Codec
from wsdrf.envelope import CLOSE_CODES, RESERVED_ACTIONS, RESERVED_PREFIX
from wsdrf.management import commands
from wsdrf.options import CLASS_NAMES, OPTION_NAMES, Options, Rate

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
ROW = re.compile(r"^\| `(?P<name>\w+)`(?P<more>.*?) \|(?P<cells>.*)\|$", re.MULTILINE)
SIZE = re.compile(r"(\d+) (KiB|MiB)")
UNITS = {"KiB": 1024, "MiB": 1024 * 1024}

# Their defaults are made where they are used, or depend on the machine; the reference says it in words.
IN_WORDS = {"authenticator_class", "credential_carriers", "sync_threads"}


def rows(page: str, until: str = "") -> dict[str, list[str]]:
    """Return the cells of each table row of ``page`` that begins with a name in code, up to the heading ``until``."""
    text = (REFERENCE / page).read_text("utf-8")
    text = text[: text.index(f"\n{until}\n")] if until else text
    return {match["name"]: [cell.strip() for cell in match["cells"].split(" | ")] for match in ROW.finditer(text)}


OPTIONS = rows("options.md")
ERRORS = rows("wire.md", until="### Field errors")
REFUSALS = [getattr(exceptions, name) for name in exceptions.__all__]
FIXED = [kind for kind in REFUSALS if issubclass(kind, exceptions.Refusal) and "code" in vars(kind)]


def read_default(cell: str) -> Any:
    """Return the value that a cell of the column *default* shows."""
    if match := SIZE.fullmatch(cell):
        return int(match[1]) * UNITS[match[2]]
    return ast.literal_eval(cell.strip("`"))


def test_reference_has_every_option() -> None:
    """Each attribute that wsdrf reads off a class is in the reference, and no other."""
    assert set(CLASS_NAMES) == {name for name in OPTIONS if not name.startswith("get_")}


@pytest.mark.parametrize("name", sorted(set(OPTION_NAMES) - IN_WORDS))
def test_reference_has_the_default(name: str) -> None:
    """The default in the reference is the one in the code."""
    expected = getattr(attrs.fields(Options), name).default
    shown = read_default(OPTIONS[name][1])

    assert expected == (Rate.parse(shown) if isinstance(expected, Rate) else shown)


@pytest.mark.parametrize("refusal", FIXED, ids=lambda refusal: refusal.__name__)
def test_reference_has_the_error(refusal: type[exceptions.Refusal]) -> None:
    """Each refusal of wsdrf's own stands in the table of errors, with its status."""
    assert str(refusal.status_code) == ERRORS[refusal.code][0]


TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "None": None,
    "list": list[int],
    "dict": dict[str, str],
    "datetime": datetime,
    "date": date,
    "time": time,
    "timedelta": timedelta,
    "UUID": UUID,
    "Decimal": Decimal,
    "bytes": bytes,
    "Enum": Literal["red"],
}
VALUES = rows("wire.md", until="## Connecting")


def test_reference_has_the_form_of_every_type() -> None:
    """The table of values has the types that are tried here, and no other."""
    assert set(TYPES) == set(VALUES)


@pytest.mark.parametrize("name", TYPES)
def test_reference_shows_a_value_that_comes_back(name: str) -> None:
    """Each example of a value is accepted, and comes back as it was written."""
    codec = Codec()
    example = VALUES[name][-1].strip("`")
    value = codec.structurer(TYPES[name])(json.loads(example))

    assert example == json.dumps(codec.unstructurer(TYPES[name])(value))


def test_reference_has_every_check() -> None:
    """The table of checks has each id that the code can report, and no other."""
    reported = re.findall(r"id=\"(wsdrf\.[EW]\d{3})\"", inspect.getsource(checks))
    shown = re.findall(r"^\| `(wsdrf\.[EW]\d{3})` \|", (REFERENCE / "checks.md").read_text("utf-8"), re.MULTILINE)

    assert sorted(reported) == shown


def test_reference_has_the_capacity_of_layers() -> None:
    """The bound that the reference names is the one that is checked."""
    assert f"below {checks.LEAST_CAPACITY} " in (REFERENCE / "checks.md").read_text("utf-8")


def test_reference_has_every_key_of_the_document() -> None:
    """The table of WSDRF_ASYNCAPI has each of its keys, with the version by default."""
    text = (REFERENCE / "commands.md").read_text("utf-8")
    shown = {name: cells for name, cells in rows("commands.md").items() if name in about.KEYS}

    assert set(about.KEYS) == set(shown)
    assert f'`"{attrs.fields(about.About).version.default}"`' == shown["VERSION"][0]
    assert about.SETTING in text


def test_close_codes_of_the_document_are_those_of_the_reference() -> None:
    """The AsyncAPI document says of each close code what the wire's reference says."""
    text = (REFERENCE / "wire.md").read_text("utf-8")
    shown = re.findall(r"^\| (\d{4}) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)

    assert {code: {"means": means, "retry": retry} for code, means, retry in shown} == CLOSE_CODES


def test_reference_names_the_reserved_actions() -> None:
    """The sentence on the protocol's own actions names all of them and the prefix."""
    text = (REFERENCE / "wire.md").read_text("utf-8")
    (sentence,) = re.findall(r"The actions (.*?) belong to the protocol", text, re.DOTALL)

    assert {*RESERVED_ACTIONS, RESERVED_PREFIX} == set(re.findall(r"`([^`]+)`", sentence))


COMMANDS = sorted(path.stem for path in (Path(commands.__file__).parent).glob("wsdrf_*.py"))
OF_DJANGO = {
    one for action in BaseCommand().create_parser("manage.py", "any")._actions for one in action.option_strings
}


@pytest.mark.parametrize("name", COMMANDS)
def test_reference_has_every_option_of_every_command(name: str) -> None:
    """Each command has a section, in which each of its options stands."""
    (section,) = re.findall(
        rf"^## {name}\n(.*?)(?=^## |\Z)", (REFERENCE / "commands.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    parser = load_command_class("wsdrf", name).create_parser("manage.py", name)
    own = [action.option_strings for action in parser._actions if not OF_DJANGO & set(action.option_strings)]

    assert [] == [names for names in own if names and not any(re.search(rf"`{name}\b", section) for name in names)]


def test_the_picture_of_the_floors_is_the_house() -> None:
    """Figure and words have each room on its floor, in the order of importing, and under the roof what one uses."""
    explanation = REFERENCE.parent / "explanation"
    figure = (explanation / "floors.svg").read_text("utf-8")
    (told,) = re.findall(
        r"!\[From top to bottom\. (.*)\.\]\(floors\.svg\)", (explanation / "how-it-works.md").read_text("utf-8")
    )
    titles = re.findall(r'y="([\d.]+)" class="t"[^>]*>([^<]+)</text>', figure)
    roof, *floors = [[room for _, room in rooms] for _, rooms in groupby(titles, key=itemgetter(0))]

    assert set(roof) <= set(house.ROOF)
    assert [roof, *floors] == [sentence.partition(": ")[2].split(", ") for sentence in told.split(". ")]
    assert [
        house.PORCH[::-1],
        house.ADAPTERS[::-1],
        house.RUNTIME[::-1],
        house.MEANING[::-1],
        house.GROUND[::-1],
    ] == floors
