"""What the explorer's catalogue says of consumers: paths, credentials, actions, events, schemas and examples."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.laws import asyncapi_zoo
from tests.processes import SETUP, printed_by
from tests.unit import explorer_site
from wsdrf.connection.mounts import mounts
from wsdrf.connection.paths import captured, placeholders
from wsdrf.explorer.catalogue import describe_consumers
from wsdrf.explorer.parameters import html_pattern

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db

Consumers = list[dict[str, Any]]


def described(application: Any) -> Consumers:
    return describe_consumers(mounts(application), lambda mount, route: True)


@pytest.fixture
def consumers() -> Consumers:
    return described(explorer_site.application)


@pytest.fixture
def actions(consumers: Consumers) -> dict[str, Any]:
    return {action["action"]: action for action in consumers[0]["actions"]}


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from ([schema["$ref"]] if "$ref" in schema else [])
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from references(part)


# -- consumers ---------------------------------------------------------------------------------------------------------


def test_consumers_are_in_the_order_of_routing(consumers: Consumers) -> None:
    """Each mount is there under an id of its own, with its consumer's name, module and path."""
    assert [
        ("Open", "Open", "/ws/open/<int:pk>/<hex:code>/<slug:name>/"),
        ("Open-2", "Open", "/ws/open/"),
        ("Hidden", "Hidden", "/ws/<year>/<group_1>/<x>/<rest>/"),
    ] == [(one["id"], one["name"], one["path"]) for one in consumers]
    assert {"tests.unit.explorer_site"} == {one["module"] for one in consumers}


def test_ids_fit_into_an_address_and_a_selector() -> None:
    """Ids are of letters, digits, _ and -, and none is there twice, whatever consumers and modules are called."""
    ids = [one["id"] for one in described(asyncapi_zoo.application)]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in ids)


def test_a_consumer_says_what_holds_for_its_connections(consumers: Consumers) -> None:
    """Guards, throttles, denial, limits and camelize are those of the consumer."""
    consumer = consumers[0]

    assert (["IsAuthenticated"], ["UserRateThrottle"]) == (consumer["guards"], consumer["throttles"])
    assert ("message", False) == (consumer["denial"], consumer["camelize"])
    assert (65536, "100/m", None) == tuple(
        consumer["limits"][name] for name in ("max_message_size", "max_errors", "message_rate")
    )


def test_a_consumer_says_how_to_log_in(consumers: Consumers) -> None:
    """Authentication classes are sessions, tokens by their scheme, or unknown; carriers are the ways for each."""
    consumer = consumers[0]

    assert [
        {"name": "SessionAuthentication", "kind": "session", "scheme": ""},
        {"name": "TokenAuthentication", "kind": "token", "scheme": "Token"},
        {"name": "Unknown", "kind": "other", "scheme": ""},
    ] == consumer["authentication"]
    assert ["session", "subprotocol", "query", "message"] == consumer["carriers"]
    assert "key" == consumer["query_name"]


def test_without_tokens_there_is_no_way_for_one() -> None:
    """Where no class reads a token, no carrier is offered; where none reads a session, that is not."""

    class Sessions(explorer_site.Open):
        authentication_classes = [explorer_site.SessionAuthentication]

    class Tokens(explorer_site.Open):
        authentication_classes = [explorer_site.TokenAuthentication]
        credential_carriers = None

    site = explorer_site.URLRouter([explorer_site.path(each.__name__, each.as_asgi()) for each in (Sessions, Tokens)])

    assert [["session"], ["header", "subprotocol"]] == [one["carriers"] for one in described(site)]


# -- parameters --------------------------------------------------------------------------------------------------------


def test_parameters_are_fields_of_a_form(consumers: Consumers) -> None:
    """Each part of the path has a name, a type, a pattern and words, by its converter or regular expression."""
    converted, _, matched = (one["parameters"] for one in consumers)

    assert [
        ("pk", "integer", "[0-9]+", "A whole number, 0 or more."),
        ("code", "string", "[0-9a-f]{4}", "What the path converter `hex` takes."),
        ("name", "string", r"[\-a-zA-Z0-9_]+", "Letters, digits, hyphens and underscores of ASCII."),
    ] == [tuple(parameter.values()) for parameter in converted]
    assert [("year", "[0-9]{4}"), ("group_1", "a|b"), ("x", ""), ("rest", r"[^\/\(]+")] == [
        (parameter["name"], parameter["pattern"]) for parameter in matched
    ]


CONVERTERS = {
    "int": ("[0-9]+", ["0", "123"], ["", "-1", "a", "1\n"]),
    "str": ("[^/]+", ["a", "a b-(c)|é"], ["", "a/b"]),
    "slug": ("[-a-zA-Z0-9_]+", ["a-b_C9", "-"], ["", "a b", "é", "a/"]),
    "path": (".+", ["a/b", "-"], [""]),
    "last": ("[a-]", ["a", "-"], ["b"]),
    "range": ("[a-c/|{}()]+", ["b/|{}()"], ["-", "d"]),
    "either": (r"a|\d{2}|[^\]\\]x", ["a", "bx"], ["ab", "]x", "\\x"]),
}


@pytest.mark.parametrize("name", [name for name in CONVERTERS if name != "either"])
def test_patterns_mean_the_same_in_html(name: str, require: Callable[[str, str], str]) -> None:
    """As a browser reads it, with the flag `v` and from end to end, a pattern takes what the path takes."""
    regex, right, wrong = CONVERTERS[name]
    node = require("node", "apt-get install nodejs")
    program = """
const [pattern, ...texts] = process.argv.slice(1);
const whole = new RegExp(`^(?:${pattern})$`, "v");
console.log(JSON.stringify(texts.map((text) => whole.test(text))));
"""
    run = subprocess.run(
        [node, "-e", program, "--", html_pattern(regex), *right, *wrong], capture_output=True, text=True, check=True
    )

    assert [bool(re.fullmatch(regex, text)) for text in (*right, *wrong)] == json.loads(run.stdout)
    assert [True] * len(right) + [False] * len(wrong) == json.loads(run.stdout)


@pytest.mark.parametrize("regex", [r"(?i)a", r"\w", "[a++]", "[", r"(?<=a)b", CONVERTERS["either"][0]])
def test_what_html_would_read_otherwise_is_left_out(regex: str) -> None:
    """A pattern that means something else, or nothing, to a browser is not given to it."""
    assert "" == html_pattern(regex)


@given(st.lists(st.sampled_from(["a/", "<int:pk>", "<pk>", "<>", "{x}", "/"]), max_size=6).map("".join))
def test_a_path_is_its_literals_and_parameters(path: str) -> None:
    """Put together again, literals and parameters are the path; unnamed ones have names that differ."""
    parts = list(placeholders(path))
    literals, names = zip(*parts, strict=True)

    assert re.split(r"<[^<>]*>", path) == list(literals)
    assert "" == names[-1]
    assert all(names[:-1])


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"^a/(?P<x>[0-9]{2})/(b|(c))/$", [("x", "[0-9]{2}"), ("", "b|(c)")]),
        (r"(?:(?P<y>a)/)?(?=b)\(z", [("y", "a")]),
        ("plain/", []),
    ],
)
def test_groups_are_found_where_the_path_shows_them(regex: str, expected: list[tuple[str, str]]) -> None:
    """Each group that captures, outermost and in order, with its pattern; look-aheads and escapes are none."""
    assert expected == list(captured(regex))


# -- actions and events ------------------------------------------------------------------------------------------------


def test_an_action_says_everything_about_itself(actions: dict[str, Any]) -> None:
    """Docstring, payload, replies, guards, throttles, loads, method, kind and timeout are there under fixed names."""
    assert {
        "action": "open.say",
        "doc": "Say it.\n\nTo everybody.",
        "method": "POST",
        "stream": False,
        "concurrent": False,
        "timeout": 30,
        "payload": {"$ref": "#/$defs/Said"},
        "payload_required": True,
        "example": {"text": "example"},
        "example_missing": "",
        "replies": [
            {"action": "open.said", "payload": {"$ref": "#/$defs/Said"}},
            {"action": "complete", "payload": {"type": "null"}},
        ],
        "guards": ["IsAdminUser"],
        "throttles": ["20/m"],
        "loads": [],
    } == actions["open.say"]
    assert ["user"] == actions["open.even"]["loads"]


def test_a_stream_without_payload(actions: dict[str, Any]) -> None:
    """A stream says that it is one, and a call that takes nothing has neither payload nor example."""
    lines = actions["open.lines"]

    assert (True, True, None, "GET") == tuple(lines[key] for key in ("stream", "concurrent", "timeout", "method"))
    assert (None, False, None, "") == tuple(
        lines[key] for key in ("payload", "payload_required", "example", "example_missing")
    )


def test_a_payload_may_be_left_out(actions: dict[str, Any]) -> None:
    """Where nothing in it has to be there, the payload is not required, and its defaults are the example."""
    assert (False, {"limit": 50}) == (actions["open.look"]["payload_required"], actions["open.look"]["example"])


def test_replies_of_several_types_are_one_schema(actions: dict[str, Any]) -> None:
    """A reply that may be of one type or another has a schema that says so."""
    (reply,) = actions["open.invite"]["replies"]

    assert ["integer", "string"] == [each["type"] for each in reply["payload"]["anyOf"]]


def test_events_are_what_comes_without_a_call(consumers: Consumers) -> None:
    """What `sends` lists and @receives gives is an event, with its docstring and the guards of who gets it."""
    assert [
        {
            "action": "open.said",
            "doc": "Somebody said it.",
            "payload": {"$ref": "#/$defs/Said"},
            "guards": ["AllowAny"],
        }
    ] == consumers[0]["events"]


@pytest.mark.parametrize("site", [explorer_site, asyncapi_zoo], ids=lambda site: site.__name__.rpartition(".")[2])
def test_schemas_are_complete(site: Any) -> None:
    """Each schema is one, refers only to definitions of its consumer, and each definition is referred to."""
    for consumer in described(site.application):
        known = {f"#/$defs/{name}" for name in consumer["$defs"]}
        found = set(references([consumer["actions"], consumer["events"], consumer["$defs"]]))
        assert known == found
        for action in consumer["actions"]:
            Draft202012Validator.check_schema({**(action["payload"] or {}), "$defs": consumer["$defs"]})


# -- examples ----------------------------------------------------------------------------------------------------------


def test_code_of_ones_own_is_asked(actions: dict[str, Any]) -> None:
    """An example is one that validators of the project take; where they take none, there are words instead."""
    assert {"number": 2, "tone": "loud"} == actions["open.even"]["example"]
    assert (None, "What was tried is refused by code of the payload's own.") == (
        actions["open.never"]["example"],
        actions["open.never"]["example_missing"],
    )
    assert {"email": "name@example.com", "role": "guest"} == actions["open.invite"]["example"]


def test_code_that_fails_has_no_say(actions: dict[str, Any]) -> None:
    """What raises something else is no verdict: a serializer's example stands, as far as its fields go."""
    assert actions["open.fail"]["example"] is None
    assert actions["open.fail"]["example_missing"]
    assert {"text": "example"} == actions["open.ask"]["example"]


@pytest.mark.parametrize("site", [explorer_site, asyncapi_zoo], ids=lambda site: site.__name__.rpartition(".")[2])
def test_examples_are_valid_for_the_schema_beside_them(site: Any) -> None:
    """A form that is made of the schema takes the example."""
    tried = 0
    for consumer in described(site.application):
        for action in consumer["actions"]:
            if action["payload"] is not None and not action["example_missing"]:
                schema = {**action["payload"], "$defs": consumer["$defs"]}
                Draft202012Validator(schema).validate(action["example"])
                tried += 1
    assert tried


def test_the_catalogue_is_the_same_in_every_process() -> None:
    """Whatever the seed of hashes, it is the same to the letter."""
    program = (
        f"{SETUP}"
        "import json\n"
        "from tests.laws.asyncapi_zoo import application\n"
        "from wsdrf.connection.mounts import mounts\n"
        "from wsdrf.explorer.catalogue import describe_consumers\n"
        "print(json.dumps(describe_consumers(mounts(application), lambda mount, route: True)))"
    )

    assert 1 == len(printed_by(program))
