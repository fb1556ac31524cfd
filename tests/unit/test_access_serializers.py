"""A payload that a DRF serializer validates: strictly, with field errors that never repeat what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from tests.unit.access_site import Desk, sync
from wsdrf import on
from wsdrf.testing import WebsocketCommunicator

CANARY = "canary-7f3a9"


class Line(serializers.Serializer):
    text = serializers.CharField(max_length=5)
    note = serializers.CharField(read_only=True)


class Everything(serializers.Serializer):
    text = serializers.CharField(min_length=2, max_length=5)
    number = serializers.IntegerField(min_value=1, max_value=9, required=False)
    choice = serializers.ChoiceField(["a", "b"], required=False)
    choices = serializers.MultipleChoiceField(choices=["a", "b"], required=False)
    uuid = serializers.UUIDField(required=False)
    date = serializers.DateField(required=False)
    moment = serializers.DateTimeField(required=False)
    span = serializers.DurationField(required=False)
    flag = serializers.BooleanField(required=False)
    decimal = serializers.DecimalField(4, 2, required=False)
    email = serializers.EmailField(required=False)
    url = serializers.URLField(required=False)
    slug = serializers.SlugField(required=False)
    pattern = serializers.RegexField("^[0-9]$", required=False)
    address = serializers.IPAddressField(required=False)
    group = serializers.PrimaryKeyRelatedField(queryset=Group.objects.all(), required=False)
    named = serializers.SlugRelatedField("name", queryset=Group.objects.all(), required=False)
    groups = serializers.PrimaryKeyRelatedField(queryset=Group.objects.all(), many=True, required=False)
    line = Line(required=False)
    lines = Line(many=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)
    map = serializers.DictField(child=Line(), required=False)

    def validate(self, attrs: Any) -> Any:
        if attrs["text"] == "no":
            raise serializers.ValidationError("Not that.", code="whatever")
        return attrs


class Typed(Desk):
    @on("put")
    async def put(self, payload: Everything) -> list[str]:
        assert self.request is not payload.context["request"]
        assert "put" == payload.context["view"].action
        assert {"request", "view", "format"} == payload.context.keys()
        return sorted(payload.validated_data)


def put(*payloads: Any) -> list[Any]:
    async def run() -> list[Any]:
        async with WebsocketCommunicator(Typed.as_asgi(), "/") as socket:
            answers = [await socket.call("put", *payload) for payload in payloads]
        return [answer.payload for answer in answers]

    return sync(run)()


def errors(payload: Any) -> list[tuple[Any, str]]:
    (answer,) = put((payload,))
    assert (400, "invalid") == (answer["status_code"], answer["code"])
    assert {"payload"} == {error["loc"][0] for error in answer["errors"]}
    return [(tuple(error["loc"][1:]), error["code"]) for error in answer["errors"]]


@pytest.mark.django_db
def test_valid():
    """The handler gets the valid serializer, with the call's request and view in its context."""
    assert [["line", "lines", "text"]] == put(({"text": "abc", "line": {"text": "x"}, "lines": [{"text": "y"}]},))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, [(("text",), "required")]),
        ({"text": None}, [(("text",), "null")]),
        ({"text": ""}, [(("text",), "too_short")]),
        ({"text": "a"}, [(("text",), "too_short")]),
        ({"text": "abcdef"}, [(("text",), "too_long")]),
        ({"text": "no"}, [((), "invalid")]),
        ({"text": "abc", "number": 0}, [(("number",), "too_small")]),
        ({"text": "abc", "number": 10}, [(("number",), "too_large")]),
        ({"text": "abc", "choice": "c"}, [(("choice",), "choice")]),
        ({"text": "abc", "group": 99}, [(("group",), "invalid")]),
        ({"text": "abc", "group": {}}, [(("group",), "wrong_type")]),
        ({"text": "abc", "tags": "x"}, [(("tags",), "wrong_type")]),
        ({"text": "abc", "tags": ["a", "abcd"]}, [(("tags", 1), "too_long")]),
        ({"text": "abc", "line": {}}, [(("line", "text"), "required")]),
        ({"text": "abc", "lines": [{"text": "a"}, {}]}, [(("lines", 1, "text"), "required")]),
        ({"text": "abc", "other": 1}, [(("other",), "unknown")]),
        ({"text": "abc", "line": {"text": "a", "other": 1}}, [(("line", "other"), "unknown")]),
        ({"text": "abc", "lines": [{"text": "a", "other": 1}]}, [(("lines", 0, "other"), "unknown")]),
        ({"text": "abc", "map": {"k": {"text": "a", "other": 1}}}, [(("map", "k", "other"), "unknown")]),
        ([], [((), "invalid")]),
        ("text", [((), "invalid")]),
        (None, [((), "null")]),
    ],
)
def test_errors(payload, expected):
    """Each fault is named by its place and one of the codes of the wire."""
    assert expected == errors(payload)


@pytest.mark.django_db
def test_several_errors():
    """All faults of one payload are told at once, unknown fields at every depth among them."""
    payload = {"number": 0, "other": 1, "line": {"x": 1}}
    assert {
        (("text",), "required"),
        (("number",), "too_small"),
        (("other",), "unknown"),
        (("line", "x"), "unknown"),
        (("line", "text"), "required"),
    } == set(errors(payload))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "payload",
    [{"text": "abc", "tags": ["xxxxx"] * 1000}, {"text": "abc"} | {f"k{number}": 1 for number in range(1000)}, {"text": "abc", "x" * 20_000: 1},
     {"text": "abc", "line": {"text": "abc", **{"y" * 300 + str(number): 1 for number in range(50)}}}],
)  # fmt: skip
def test_errors_are_few_and_short(payload):
    """However much is wrong with a payload, and however long its keys are, the answer lists ten errors in short."""
    (answer,) = put((payload,))
    assert 1 <= len(answer["errors"]) <= 10
    assert {"payload"} == {error["loc"][0] for error in answer["errors"]}
    assert len(json.dumps(answer)) < 5000


@pytest.mark.django_db
def test_an_unknown_field_has_its_words():
    """An unknown field is told in a sentence, as DRF's own errors are."""
    (answer,) = put(({"text": "abc", "other": 1},))
    assert [{"loc": ["payload", "other"], "code": "unknown", "detail": "Unknown field."}] == answer["errors"]


def test_a_payload_is_required():
    """A call without a payload says that it is required."""
    (answer,) = put(())
    assert [{"loc": ["payload"], "code": "required", "detail": "This field is required."}] == answer["errors"]


@pytest.mark.django_db
def test_own_name_of_common_errors():
    """Where the project calls them otherwise, errors of the whole payload still stand at the payload."""
    with override_settings(REST_FRAMEWORK={"NON_FIELD_ERRORS_KEY": "all"}):
        assert [((), "invalid")] == errors({"text": "no"})


values = st.sampled_from(
    [CANARY, [CANARY], {CANARY: CANARY}, {"text": CANARY}, [{"text": CANARY}], {"k": {"text": CANARY}}]
)


@pytest.mark.django_db
@given(st.dictionaries(st.sampled_from([*Everything().fields]), values, min_size=1))
def test_values_are_never_repeated(payload):
    """No error says what the client sent, whichever field it was sent for; only places are named."""
    (answer,) = put((payload,))
    told = [[error["code"], error["detail"]] for error in answer["errors"]]
    assert CANARY not in json.dumps([told, answer["detail"], answer["code"]])
