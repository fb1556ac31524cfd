"""Patterns of ECMA 262: those of Python's that mean the same there, and no others."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.schema import Pattern
from wsdrf.schema.ecma import END, SPACE, translate
from wsdrf.schema.shapes import MatchMethod

METHODS: tuple[MatchMethod, ...] = ("fullmatch", "match", "search")

TRANSLATED: list[tuple[str, MatchMethod, str]] = [
    ("[a-z]+", "fullmatch", "^[a-z]+" + END),
    ("[a-z]+", "match", "^[a-z]+"),
    ("[a-z]+", "search", "[a-z]+"),
    ("^[a-z]+$", "fullmatch", "^[a-z]+" + END),
    ("^[a-z]+$", "search", r"^[a-z]+(?=\n?(?![\s\S]))"),
    (r"\A[a-z]+\Z", "search", "^[a-z]+" + END),
    (r"\A[a-z]+\Z", "fullmatch", "^[a-z]+" + END),
    ("a|b", "fullmatch", "^(?:a|b)" + END),
    ("a|b", "match", "^(?:a|b)"),
    ("(a|b)c", "match", "^(a|b)c"),
    ("(?:a|b)c", "search", "(?:a|b)c"),
    ("(?P<name>a)", "search", "(a)"),
    ("(?=a)b(?!c)", "search", "(?=a)b(?!c)"),
    (".", "search", r"[^\n]"),
    ("a{2}b{2,}c{2,3}d{,3}e{,}", "search", "a{2}b{2,}c{2,3}d{0,3}e{0,}"),
    ("a*?b+?c??d{2}?", "search", "a*?b+?c??d{2}?"),
    ("a{x}{", "search", r"a\{x\}\{"),
    ("]}/", "search", r"\]\}\/"),
    (r"\-\_\ \@\.\/", "search", r"-_ @\.\/"),
    (r"\x41\u0042\U00000043\n", "search", r"ABC\x0a"),
    ("\u2028\x00", "search", r"\u2028\x00"),
    ("\U0001f600", "search", "\U0001f600"),
    (r"[]a^\-\]\[.-]", "search", r"[\]a\^\-\]\[.-]"),
    (r"[^-a-c-]", "search", "[^-a-c-]"),
    (r"[\b\x20-~]", "search", r"[\x08 -~]"),
    (r"\s", "search", f"[{SPACE}]"),
    (r"\S", "search", f"[^{SPACE}]"),
    (r"[\s-]", "search", f"[{SPACE}-]"),
]

REFUSED = [
    r"\d",
    r"\w",
    r"[\w.]",
    r"\D",
    r"[^\S\n]",
    r"\ba",
    r"(a)\1",
    r"(?P<x>a)(?P=x)",
    "(?<=a)b",
    "(?<!a)b",
    "(?i)a",
    "(?i:a)",
    "(?m)^a",
    "(?x)a b",
    "(?#why)a",
    "(a)?(?(1)b|c)",
    "(?=a)*b",
    r"\0",
    "\ud800",
]

PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "^",
            "$",
            ".",
            r"\s",
            r"\S",
            "[ab]",
            "[^a]",
            r"[\s-]",
            "[a-b-]",
            "a|b",
            "|",
            "(a)",
            "(?:b",
            "(",
            ")",
        ),
        *("*", "+?", "{2}", "{,2}", r"\n", r"\Z", r"\A", "(?=a)", "(?!b)", r"\.", "-", "]", "{", "\x1f", "\u0130"),
    ]
)
TEXTS = st.text("ab\n .-]{\x1f\u0130\r\u2028", max_size=6)


def pattern_of(source: str, method: MatchMethod, flags: int = 0) -> Pattern:
    return Pattern(re.compile(source, flags), method)


@pytest.mark.parametrize(("source", "method", "expected"), TRANSLATED)
def test_a_pattern_is_written_for_ecma(source: str, method: MatchMethod, expected: str) -> None:
    """What both languages have is written in ECMA 262's words."""
    assert expected == translate(pattern_of(source, method))


@pytest.mark.parametrize("source", REFUSED)
def test_what_means_something_else_is_left_out(source: str) -> None:
    """What ECMA 262 lacks, or understands otherwise, is not translated."""
    assert translate(pattern_of(source, "search")) is None


@pytest.mark.parametrize("flags", [re.IGNORECASE, re.MULTILINE, re.VERBOSE])
def test_flags_that_change_the_meaning_are_left_out(flags: int) -> None:
    """JSON Schema has no flags."""
    assert translate(pattern_of("a", "search", flags)) is None


def test_bytes_are_left_out() -> None:
    """A pattern of bytes is none of a text."""
    assert translate(Pattern(re.compile(b"a"))) is None


def test_flags_that_can_be_said_are_said() -> None:
    """``re.ASCII`` makes classes finite; ``re.DOTALL`` changes what a point means."""
    assert "[0-9][^A-Za-z0-9_]" == translate(pattern_of(r"\d\W", "search", re.ASCII))
    assert "[0-9.]" == translate(pattern_of(r"[\d.]", "search", re.ASCII))
    assert r"[\t-\r\x20]" == translate(pattern_of(r"\s", "search", re.ASCII))
    assert r"[\s\S]" == translate(pattern_of(".", "search", re.DOTALL))


def test_white_space_is_what_strip_takes_away() -> None:
    """The class of white space is that of ``str.isspace``, whatever ECMA 262 calls so."""
    space = re.compile(f"[{SPACE}]")

    assert [each for each in map(chr, range(0x110000)) if each.isspace()] == [
        each for each in map(chr, range(0x110000)) if space.match(each)
    ]


@given(st.lists(PIECES, min_size=1, max_size=6).map("".join), st.sampled_from(METHODS), st.lists(TEXTS, max_size=8))
def test_a_translation_means_the_same_in_python(source: str, method: MatchMethod, texts: list[str]) -> None:
    """Searching for the translation is what the method does with the pattern."""
    try:
        regex = re.compile(source)
    except re.error:
        return
    written = translate(Pattern(regex, method))

    for text in texts if written is not None else []:
        assert bool(getattr(regex, method)(text)) == bool(re.search(written or "", text)), (written, text)


def test_a_translation_means_the_same_in_ecma(require: Any) -> None:
    """Node gives the same verdicts as Python, on every pattern of this page."""
    node = require("node", "apt-get install nodejs")
    texts = [
        "",
        "a",
        "ab",
        "aab\n",
        "b",
        "ba",
        "a\n",
        "\n",
        " ",
        "\x1c",
        "\x85",
        "\ufeff",
        "\u2028",
        "]",
        "{",
        "-",
        "a{x}{",
        "A",
    ]
    cases = []
    for source, method, expected in TRANSLATED:
        regex = re.compile(source)
        cases.append([expected, [bool(getattr(regex, method)(text)) for text in texts]])
    script = (
        "const [cases, texts] = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(cases.map(([p]) => { const r = new RegExp(p, 'u'); return texts.map(t => r.test(t)) })))"
    )
    done = subprocess.run(
        [node, "-e", script], input=json.dumps([cases, texts]), capture_output=True, text=True, check=True, timeout=60
    )

    assert [verdicts for _, verdicts in cases] == json.loads(done.stdout)
