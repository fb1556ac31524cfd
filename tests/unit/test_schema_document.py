"""Writing documents: definitions, their names, and a text that is the same everywhere."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from rest_framework import serializers as s

from tests.laws.serializer_zoo import SERIALIZERS, Book
from tests.laws.zoo import ZOO, Box, Everything, Json, Movie, Node, Page, Plus, Say
from tests.processes import printed_by
from wsdrf.access.shapes import shape_of
from wsdrf.schema import Definitions, Integer, Text, describe, json_schema

ROOT = Path(__file__).parent.parent.parent


def written(tp: Any) -> dict[str, Any]:
    """Write ``tp`` without the line that names the dialect."""
    return {keyword: value for keyword, value in json_schema(tp).items() if keyword != "$schema"}


class TestDefinitions:
    def test_records_within_are_defined_once(self) -> None:
        """The root stands where it is, what is in it is referred to."""
        schema = written(Page[Say])

        assert "Page[Say]" == schema["title"]
        assert {"type": "array", "items": {"$ref": "#/$defs/Say"}} == schema["properties"]["items"]
        assert ["Say"] == [*schema["$defs"]]

    @pytest.mark.parametrize(("tp", "name"), [(Node, "Node"), (Plus, "Plus")])
    def test_a_record_within_itself_is_referred_to(self, tp: Any, name: str) -> None:
        """A recursive root is a reference to its own definition."""
        schema = written(tp)

        assert f"#/$defs/{name}" == schema["$ref"]
        assert name in schema["$defs"]

    def test_an_alias_within_itself_is_referred_to(self) -> None:
        """A named alias that contains itself is a definition of its own."""
        schema = written(Json)

        assert {"$ref": "#/$defs/Json"} == schema["$defs"]["Json"]["anyOf"][2]["items"]

    def test_a_serializer_within_itself_is_referred_to(self) -> None:
        """A recursive serializer needs no description by its class."""
        schema = written(shape_of(Book))

        assert "#/$defs/Book" == schema["$ref"]
        assert {"$ref": "#/$defs/Book"} == schema["$defs"]["Book"]["properties"]["sequels"]["items"]

    def test_definitions_are_shared_under_a_prefix(self) -> None:
        """Several types use one set of definitions, wherever that stands."""
        shapes = [describe(Page[Say]), describe(Say), describe(str)]
        shared = Definitions(shapes, prefix="#/components/schemas/")

        assert ["Page_Say", "Say"] == [*shared.definitions()]
        assert {"$ref": "#/components/schemas/Page_Say"} == shared.schema(shapes[0])
        assert {"$ref": "#/components/schemas/Say"} == shared.schema(shapes[1])
        assert {"type": "string"} == shared.schema(shapes[2])

    def test_a_record_is_the_same_wherever_it_stands(self) -> None:
        """Two records within each other are two definitions, whichever is asked first."""
        both = [describe(Ping), describe(Pong)]

        assert ["Ping", "Pong"] == [*Definitions(both, prefix="#").definitions()]

    def test_generic_classes_are_named_with_their_types(self) -> None:
        """``Page[int]`` and ``Page[str]`` are two definitions."""
        shapes = [describe(Page[int]), describe(Page[str]), describe(Box[dict[str, Movie]])]

        assert ["Box_dict_str_Movie", "Movie", "Page_int", "Page_str"] == [
            *Definitions(shapes, prefix="#").definitions()
        ]

    def test_classes_of_one_name_are_told_apart(self) -> None:
        """Two classes of one name are named with their modules, and no other is."""
        twin = attrs.make_class("Say", {"it": attrs.field(type=int)})
        twin.__module__ = "shop.messages"
        shapes = [describe(Say), describe(twin), describe(Movie)]

        names = [*Definitions(shapes, prefix="#").definitions()]

        assert ["Movie", "shop.messages.Say", "tests.laws.zoo.Say"] == names

    def test_names_do_not_depend_on_the_order(self) -> None:
        """Another order of shapes gives the same document, even for classes that nothing but their fields tells apart."""
        shapes = [describe(twin_of(int)), describe(twin_of(str)), describe(twin_of(bool)), describe(Movie)]
        there = Definitions(shapes, prefix="#").definitions()
        back = Definitions(shapes[::-1], prefix="#").definitions()

        assert there == back
        assert 4 == len(there)
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in there)

    def test_camelized_and_plain_are_two_definitions_where_they_differ(self) -> None:
        """One class under two names of its fields is two records; one whose names stay is one."""
        shapes = [describe(tp, camelize=camelize) for tp in (Say, Snake) for camelize in (False, True)]
        found = Definitions(shapes, prefix="#").definitions()

        assert ["Say", "tests.unit.test_schema_document.Snake", "tests.unit.test_schema_document.Snake.2"] == [*found]
        assert {("its_name",), ("itsName",)} == {
            tuple(each["properties"]) for name, each in found.items() if name != "Say"
        }

    def test_two_serializers_of_one_class_may_differ(self) -> None:
        """Fields of a serializer depend on the instance; each variety is a definition."""

        class Some(s.Serializer[Any]):
            a = s.CharField()
            b = s.CharField()

            def __init__(self, *args: Any, drop: str = "", **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.fields.pop(drop, None)

        class Both(s.Serializer[Any]):
            whole = Some()
            again = Some()
            part = Some(drop="b")

        found = Definitions([shape_of(Both)], prefix="#").definitions()

        assert {("a",), ("a", "b")} == {tuple(each["properties"]) for name, each in found.items() if name != "Both"}
        assert 3 == len(found)

    def test_what_was_not_given_has_no_name(self) -> None:
        """A record of no shape that was given is an error, not a reference into nowhere."""
        with pytest.raises(KeyError):
            Definitions([describe(Movie)], prefix="#").schema(describe(Say))

    def test_a_shape_is_as_good_as_its_type(self) -> None:
        """``json_schema`` takes what ``describe`` gives."""
        assert json_schema(Everything) == json_schema(describe(Everything))
        assert written(int) == written(Integer())
        assert written(str) == written(Text())


@attrs.frozen
class Ping:
    pong: Pong | None = None


@attrs.frozen
class Pong:
    ping: Ping | None = None


@attrs.frozen
class Snake:
    its_name: str


def twin_of(tp: Any) -> type[Any]:
    return attrs.make_class("Twin", {"it": attrs.field(type=tp)})


def patterns(schema: Any) -> Iterator[str]:
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from patterns(part)
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]


def test_the_document_is_the_same_in_every_process() -> None:
    """Neither hashes nor addresses show: two processes write the same text."""
    script = (
        "import json; from tests.laws.zoo import ZOO; from wsdrf.schema import json_schema; "
        "print(json.dumps([json_schema(each.type) for each in ZOO]))"
    )

    assert {json.dumps([json_schema(each.type) for each in ZOO]) + "\n"} == printed_by(script)


def test_every_pattern_means_the_same_in_ecma(require: Callable[[str, str], str]) -> None:
    """Node, with the flag that JSON Schema wants, gives Python's verdict on every pattern of the zoo."""
    node = require("node", "apt-get install nodejs")
    schemas = [json_schema(shape_of(each.type)) for each in [*ZOO, *SERIALIZERS]]
    found = sorted({pattern for schema in schemas for pattern in patterns(schema)})
    texts = [
        *(
            "",
            "a",
            "abc\n",
            "a b",
            " a ",
            "\x85a\x1c",
            "\0",
            "0",
            "-0",
            "01",
            "-1.50",
            "1.",
            "0.99",
            "YWI=",
            "YWJ=",
            "YQ==",
            "YR==",
        ),
        *(
            "2024-02-29",
            "2023-02-29",
            "1900-02-29",
            "2000-02-29",
            "0000-01-01",
            "2026-13-01",
            "2026-04-31",
            "2026-12-31\n",
        ),
        *(
            "12:00:00",
            "24:00:00",
            "12:00:00.000000",
            "12:00:00.000001",
            "P1D",
            "PT0S",
            "-PT0S",
            "P1DT",
            "PT0.5S",
            "PT60S",
        ),
        *("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.120+24:00", str(UUID(int=7)), str(UUID(int=7)).upper() + "A"),
    ]
    script = (
        "const [patterns, texts] = JSON.parse(require('fs').readFileSync(0));"
        "const ask = (pattern) => { const regex = new RegExp(pattern, 'u'); return texts.map((text) => regex.test(text)) };"
        "console.log(JSON.stringify(patterns.map(ask)))"
    )
    done = subprocess.run(
        [node, "-e", script], input=json.dumps([found, texts]), capture_output=True, text=True, check=True, timeout=60
    )

    assert len(found) > 10
    assert [[bool(re.search(pattern, text)) for text in texts] for pattern in found] == json.loads(done.stdout)
