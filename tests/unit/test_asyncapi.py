"""The AsyncAPI document: keys, addresses, operations, security, what the settings say, and how it is written."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from channels.routing import URLRouter
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.permissions import AllowAny
from rest_framework_simplejwt.authentication import JWTAuthentication
from typing_extensions import TypeAliasType

from tests.laws import asyncapi_zoo
from tests.processes import SETUP, printed_by
from wsdrf import AuthorizationHeader, Consumer, on
from wsdrf.asyncapi import describe_mounts, describe_project, write_json, write_yaml, writing
from wsdrf.asyncapi.drafts import as_draft_7
from wsdrf.asyncapi.names import unique
from wsdrf.connection.mounts import mounts
from wsdrf.exceptions import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
TALK = "tests.laws.asyncapi_zoo.Talk"


@pytest.fixture(scope="module")
def zoo() -> dict[str, Any]:
    return describe_mounts(mounts(asyncapi_zoo.application))


def describe(consumer: Any) -> dict[str, Any]:
    return describe_mounts(mounts(URLRouter([path("ws/", consumer.as_asgi())])))


def names(document: dict[str, Any], references: list[dict[str, str]]) -> list[str]:
    return [reference["$ref"].rpartition("/")[2] for reference in references]


# -- channels ----------------------------------------------------------------------------------------------------------


def test_channels_are_in_the_order_of_routing_under_names_that_do_not_clash(zoo: dict[str, Any]) -> None:
    """A consumer's name, with its module where another has the same, and a number where it is mounted again."""
    assert {
        "Echo": "/echo/",
        "Camel": "/camel/",
        "Forms": "/forms/",
        TALK: "/talk/{room}/{pk}/",
        f"{TALK}.2": "/aside/",
        "other.talk.Talk": "/other/{name}/{group_1}/",
        "Empty": "/%7Bempty%7D/",
    } == {key: channel["address"] for key, channel in zoo["channels"].items()}


def test_channels_have_the_parameters_of_their_address(zoo: dict[str, Any]) -> None:
    """Each part of a path that is captured is a parameter that says what it takes."""
    for channel in zoo["channels"].values():
        assert re.findall(r"{(\w+)}", channel["address"]) == list(channel.get("parameters", {}))
    assert "int" == zoo["channels"][TALK]["parameters"]["pk"]["x-wsdrf-converter"]


def test_descriptions_are_docstrings(zoo: dict[str, Any]) -> None:
    """Of the consumer, of the handler and of the message, the first line as the summary."""
    channel, call = zoo["channels"][TALK], zoo["operations"][f"{TALK}.talk.say"]
    said = channel["messages"]["talk.said"]

    assert "Talk, in every way that there is.\n\nEven alone." == channel["description"]
    assert "Say something, so often." == call["summary"]
    assert "Say something, so often.\n\nEverybody hears it." == call["description"]
    assert "Something was said." == said["summary"]
    assert "description" not in zoo["channels"]["Echo"]


def test_classes_of_one_name_are_told_apart(zoo: dict[str, Any]) -> None:
    """Two message classes that are both called Said have each its own schema."""
    schemas = [name for name in zoo["components"]["schemas"] if name.endswith("Said")]

    assert 2 == len(schemas)


def test_both_sides_may_send_the_same_action(zoo: dict[str, Any]) -> None:
    """The answer that bears its call's action is a message of its own."""
    messages = zoo["channels"][TALK]["messages"]

    assert "talk.fail" == messages["talk.fail"]["name"] == messages["talk.fail.sent"]["name"]
    assert messages["talk.fail"] != messages["talk.fail.sent"]


# -- operations --------------------------------------------------------------------------------------------------------

REPLIES = {
    "talk.say": ["talk.said", "complete", "error"],
    "talk.lines": ["talk.lines.sent", "talk.said", "complete", "error"],
    "talk.fail": ["talk.fail.sent", "error"],
    "talk.leave": ["talk.leave.sent", "complete", "error"],
    "talk.beside": ["complete", "error"],
    "ping": ["pong"],
    "cancel": ["complete"],
    "authenticate": ["authentication", "error"],
}


@pytest.mark.parametrize("action", REPLIES)
def test_a_call_is_an_operation_with_its_replies(action: str, zoo: dict[str, Any]) -> None:
    """The server receives the call, and answers it on the same channel with what the handler may give."""
    operation = zoo["operations"][f"{TALK}.{action}"]

    assert "receive" == operation["action"]
    assert [action] == names(zoo, operation["messages"])
    assert REPLIES[action] == names(zoo, operation["reply"]["messages"])
    assert operation["channel"] == operation["reply"]["channel"] == {"$ref": f"#/channels/{TALK}"}


def test_what_nobody_asked_for_is_sent() -> None:
    """What `sends` lists, what @receives gives, the first frame, errors and resync are operations of the server's."""
    document = describe(asyncapi_zoo.Talk)
    sent = {key: one for key, one in document["operations"].items() if one["action"] == "send"}

    expected = ["talk.said", "talk.left", "authentication", "error", "wsdrf.resync"]
    assert [f"Talk.send.{action}" for action in expected] == list(sent)
    assert ["AllowAny"] == sent["Talk.send.talk.left"]["x-wsdrf-guards"]


def test_every_answer_is_correlated_by_its_id(zoo: dict[str, Any]) -> None:
    """Calls, and what may answer them, refer to the id; an event that answers nothing does not."""
    messages = {**zoo["channels"][TALK]["messages"], **zoo["components"]["messages"]}
    without = {name for name, one in messages.items() if "$ref" not in one and "correlationId" not in one}

    assert {"talk.left", "wsdrf.resync"} == without
    assert "$message.payload#/id" == zoo["components"]["correlationIds"]["call"]["location"]


def test_actions_say_what_guards_and_limits_them(zoo: dict[str, Any]) -> None:
    """Guards, the connection's first, throttles, method, timeout and kind are with the operation."""
    beside = zoo["operations"][f"{TALK}.talk.beside"]
    facts = {name.removeprefix("x-wsdrf-"): value for name, value in beside.items() if name.startswith("x-")}

    assert {
        "method": "POST",
        "guards": ["AllowAny", "AllowAny", "~IsAuthenticated"],
        "throttles": [],
        "loads": [],
        "timeout": 30,
        "concurrent": True,
        "stream": False,
    } == facts
    assert ["900/s"] == zoo["operations"][f"{TALK}.talk.say"]["x-wsdrf-throttles"]
    assert zoo["operations"][f"{TALK}.talk.lines"]["x-wsdrf-stream"]
    assert "1000/s" == zoo["channels"][TALK]["x-wsdrf-limits"]["message_rate"]


def test_without_the_first_frame_it_is_not_announced() -> None:
    """A consumer that does not send the authentication frame by itself has no operation that says so."""

    class Quiet(Consumer):
        send_authentication_message = False

    assert "Quiet.send.authentication" not in describe(Quiet)["operations"]


def test_an_event_of_a_method_that_says_nothing_is_taken_for_passed_on() -> None:
    """@receives on a method without a return annotation: the document has the event itself."""

    class Passing(asyncapi_zoo.Empty):
        async def left(self, event: asyncapi_zoo.Left):  # nothing is said
            return event

        left = asyncapi_zoo.receives(asyncapi_zoo.Left)(left)

    assert "talk.left" in describe(Passing)["channels"]["Passing"]["messages"]


MAYBE = TypeAliasType("MAYBE", asyncapi_zoo.Left | None)


def test_what_a_handler_gives_is_known_by_any_name_and_inherited() -> None:
    """An alias that allows ``None`` is answered with ``complete`` too; an override without annotation gives the same."""

    class Named(Consumer):
        @on("act")
        async def act(self) -> MAYBE: ...

    class Silent(Named):
        async def act(self): ...

    for consumer in (Named, Silent):
        document = describe(consumer)
        messages = document["operations"][f"{consumer.__name__}.act"]["reply"]["messages"]
        assert ["talk.left", "complete", "error"] == names(document, messages)


# -- security ----------------------------------------------------------------------------------------------------------


class Odd(BaseAuthentication):
    def authenticate_header(self, request: Any) -> str:
        return request.no_such_attribute


def schemes(*classes: Any) -> dict[str, Any]:
    class Guarded(Consumer):
        authentication_classes = list(classes)
        credential_carriers = [AuthorizationHeader()]

        @on("act")
        @asyncapi_zoo.requires(asyncapi_zoo.IsAuthenticated)
        async def act(self) -> None: ...

    document = describe(Guarded)
    found = document["components"].get("securitySchemes", {})
    assert list(found) == sorted(names(document, document["operations"]["Guarded.act"].get("security", [])))
    return found


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SessionAuthentication, {"session": ("httpApiKey", "sessionid")}),
        (TokenAuthentication, {"header.Token": ("httpApiKey", "Authorization")}),
        (KnoxAuthentication, {"header.Token": ("httpApiKey", "Authorization")}),
        (JWTAuthentication, {"header.Bearer": ("http", "bearer")}),
        (BasicAuthentication, {"header.Basic": ("http", "basic")}),
        (Odd, {}),
    ],
)
def test_authentication_classes_are_security_schemes(kind: Any, expected: dict[str, Any]) -> None:
    """Sessions by their cookie, tokens by the scheme that each class reads; none for who does not say."""
    found = schemes(kind)

    assert expected == {key: (one["type"], one.get("name") or one.get("scheme")) for key, one in found.items()}


def test_carriers_are_security_schemes(zoo: dict[str, Any]) -> None:
    """Subprotocol, query parameter and first message are ways for a token."""
    assert {"session", "subprotocol", "query.key", "first-message"} < set(zoo["components"]["securitySchemes"])


def test_what_everybody_may_call_needs_no_credentials() -> None:
    """An action that nothing but AllowAny covers names no security scheme."""

    class Open(Consumer):
        permission_classes = [AllowAny]

        @on("look")
        async def look(self) -> None: ...

    assert "security" not in describe(Open)["operations"]["Open.look"]


# -- the settings ------------------------------------------------------------------------------------------------------


def test_the_project_is_described_by_its_settings(settings: Any) -> None:
    """Title, version, description and servers are those of WSDRF_ASYNCAPI."""
    settings.ASGI_APPLICATION = "tests.laws.asyncapi_zoo.application"
    settings.WSDRF_ASYNCAPI = {
        "TITLE": "Talk",
        "VERSION": "2.1.0",
        "DESCRIPTION": "All of it.",
        "SERVERS": {"live": "wss://example.com/api/", "here": {"host": "localhost:8000", "protocol": "ws"}},
    }

    document = describe_project()

    assert {"title": "Talk", "version": "2.1.0", "description": "All of it."} == document["info"]
    assert {
        "live": {"host": "example.com", "protocol": "wss", "pathname": "/api/"},
        "here": {"host": "localhost:8000", "protocol": "ws"},
    } == document["servers"]


def test_without_settings_the_title_is_the_package(settings: Any) -> None:
    """The title is the first part of ASGI_APPLICATION, and there are no servers."""
    document = describe_project()

    assert {"title": "tests", "version": "0.0.0"} == document["info"]
    assert "servers" not in document


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["Talk"], "is no dict"),
        ({"TITEL": "x"}, 'Did you mean "TITLE"'),
        ({"VERSION": 1}, "must be a text"),
        ({"SERVERS": "wss://example.com"}, "must be a dict"),
        ({"SERVERS": {"live": "https://example.com"}}, "must be an address"),
        ({"SERVERS": {"live": "wss:///x"}}, "must be an address"),
        ({"SERVERS": {"live": {"host": "x"}}}, "no host or no protocol"),
        ({"SERVERS": {"a b": "wss://example.com"}}, "other characters"),
    ],
)
def test_wrong_settings_are_refused(value: Any, words: str, settings: Any) -> None:
    """A key or a value that is wrong is an error that says what would be right."""
    settings.WSDRF_ASYNCAPI = value

    with pytest.raises(ConfigurationError, match=words):
        describe_project()


# -- writing -----------------------------------------------------------------------------------------------------------


def test_yaml_and_json_say_the_same(zoo: dict[str, Any]) -> None:
    """Both are read back as the document that was written."""
    assert zoo == json.loads(write_json(zoo)) == yaml.safe_load(write_yaml(zoo))


def test_yaml_repeats_rather_than_refers(zoo: dict[str, Any]) -> None:
    """No anchors: a reader who does not know YAML well reads on."""
    assert not re.search(r"[&*]id\d", write_yaml(zoo))


def test_yaml_says_what_to_install(monkeypatch: pytest.MonkeyPatch, zoo: dict[str, Any]) -> None:
    """Without PyYAML the error names the package's extra."""
    monkeypatch.setattr(writing, "HAS_YAML", False)

    with pytest.raises(ConfigurationError, match=re.escape("pip install 'wsdrf[yaml]'")):
        write_yaml(zoo)


def test_document_is_the_same_in_every_process() -> None:
    """Whatever the seed of hashes, the text is the same to the letter."""
    program = (
        f"{SETUP}"
        "from tests.laws.asyncapi_zoo import application\n"
        "from wsdrf.asyncapi import describe_mounts, write_json\n"
        "from wsdrf.connection.mounts import mounts\n"
        "print(write_json(describe_mounts(mounts(application))))"
    )

    assert {write_json(describe_mounts(mounts(asyncapi_zoo.application))) + "\n"} == printed_by(program)


def test_document_is_nobody_elses() -> None:
    """Who changes a document changes no other one."""
    first = describe(asyncapi_zoo.Empty)
    expected = deepcopy(first)
    first["components"]["messages"]["ping"]["payload"].clear()

    assert expected == describe(asyncapi_zoo.Empty)


# -- parts -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=3) | st.sampled_from(["a", "a.2", "a/", "a:"])))
def test_keys_are_allowed_and_none_twice(given_names: list[str]) -> None:
    """Keys consist of what AsyncAPI allows, one for each name, and none is there twice."""
    keys = unique(given_names)

    assert len(given_names) == len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]*", key) for key in keys)


def test_tuples_are_written_as_draft_7_reads_them() -> None:
    """PrefixItems becomes items, wherever a schema stands, and nowhere else."""
    pair = {"type": "array", "prefixItems": [{"type": "string"}, {"not": {}}], "items": False}
    written = {"type": "array", "items": [{"type": "string"}, {"not": {}}], "additionalItems": False}

    assert written == as_draft_7(pair)
    assert {"anyOf": [written]} == as_draft_7({"anyOf": [pair]})
    assert {"properties": {"prefixItems": written}} == as_draft_7({"properties": {"prefixItems": pair}})
    assert {"items": written, "additionalProperties": written} == as_draft_7(
        {"items": pair, "additionalProperties": pair}
    )
    assert {"const": pair, "default": pair, "enum": [pair]} == as_draft_7(
        {"const": pair, "default": pair, "enum": [pair]}
    )
