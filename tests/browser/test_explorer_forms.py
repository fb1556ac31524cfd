"""The forms of the explorer, by law: whatever a payload's type can hold, its form shows and gives back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browser.reader import Reader
from tests.laws.strategies_zoo import TYPES
from wsdrf.access.shapes import shape_of
from wsdrf.schema import Definitions
from wsdrf.strategies import payloads

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NOT_SHOWN = "NOT SHOWN"

BATCH = 25
"""Payloads that one example of hypothesis takes to the browser: a way there and back costs more than the form."""

ROUND = """
const [text, done] = arguments;
Promise.all([import("/static/wsdrf/explorer/form.js"), import("/static/wsdrf/explorer/json.js")])
  .then(([{ makeForm }, { parse, write }]) => {
    const { schema, defs, values } = parse(text);
    const seen = values.map((value) => {
      const form = makeForm(schema, "payload", defs, () => {});
      const isShown = form.write(value);
      const read = form.read();
      return isShown ? (read === undefined ? "nothing" : write(read)) : "NOT SHOWN";
    });
    done(seen);
  })
  .catch((error) => done([String(error)]));
"""
JSON = """
const [texts, done] = arguments;
import("/static/wsdrf/explorer/json.js").then(({ parse, write }) => done(texts.map((text) => {
  try { return write(parse(text), text.length % 2 === 0); } catch (error) { return `refused: ${error.message}`; }
})));
"""

# JSON has no surrogate of its own; beyond 2 ** 53 JavaScript would round.
frames_of_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)

quietly = settings(
    max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@pytest.fixture
def reader(kept: Reader) -> Reader:
    """Open the page anew, in the window of this module."""
    return kept.again()


@pytest.fixture
def ask(reader: Reader) -> Callable[..., Any]:
    """Give what runs a script in the explorer's page, and gives what it is done with."""
    reader.driver.set_script_timeout(100)
    return reader.driver.execute_async_script


def shown_in(ask: Callable[..., Any], tp: Any, values: list[Any]) -> list[Any]:
    """Give what the form of ``tp`` reads after each of the values was written into it."""
    shape = shape_of(tp)
    definitions = Definitions([shape], prefix="#/$defs/")
    schema = definitions.schema(shape)
    given = {"schema": schema, "defs": definitions.definitions(), "values": values}
    return [_loaded(one) for one in ask(ROUND, json.dumps(given))]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_forms_keep_payloads(ask: Callable[..., Any]) -> None:
    """A form shows every valid payload of its type and gives it back, digit by digit, or says that it cannot."""
    for name in TYPES:
        keep_payloads(ask, name)


def breaks_lines(value: Any) -> bool:
    """Tell whether there is a text with a line break, which most fields of HTML do not hold."""
    return any(character in json.dumps(value) for character in (r"\n", r"\r"))


def keep_payloads(ask: Callable[..., Any], name: str) -> None:
    @quietly
    @given(st.lists(payloads(TYPES[name]), min_size=1, max_size=BATCH))
    def law(values: list[Any]) -> None:
        for value, seen in zip(values, shown_in(ask, TYPES[name], values), strict=True):
            assert value == seen or (seen == NOT_SHOWN and breaks_lines(value)), name

    law()


@quietly
@given(values=st.lists(frames_of_json, min_size=1, max_size=BATCH))
def test_json_without_loss(ask: Callable[..., Any], values: list[Any]) -> None:
    """The page reads and writes JSON without changing a digit, a letter or the order of keys."""
    texts = [json.dumps(value, ensure_ascii=len(json.dumps(value)) % 3 == 0) for value in values]

    assert values == [json.loads(text) for text in ask(JSON, texts)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "The text ends too early, line 1, column 1."),
        ('{"a": 1, "a": 2}', 'The key "a" stands twice'),
        ("[1, 2] 3", "Something follows the value"),
        ("[01]", "Here should be ]"),
        ("{'a': 1}", "A key in double quotes is missing"),
        ('[\n  "a",\n  NaN]', "This is no JSON value, line 3, column 3."),
        ("[" * 300, "It is nested too deeply"),
    ],
)
def test_what_is_no_json(ask: Callable[..., Any], text: str, word: str) -> None:
    """What is no JSON is refused, and said where and why."""
    (found,) = ask(JSON, [text])

    assert word in found


def test_every_action(reader: Reader) -> None:
    """Every action of every consumer has a panel with its form, into which its example fits, and nothing fails."""
    reader.driver.set_script_timeout(100)
    seen = reader.driver.execute_async_script("""
        const done = arguments[0], seen = [];
        const links = [...document.querySelectorAll("nav li li a")].map((one) => one.getAttribute("href"));
        const next = () => {
          const hash = links.shift();
          if (!hash) return done(seen);
          location.hash = hash;
          addEventListener("hashchange", () => setTimeout(() => {
            const panel = document.querySelector(".action");
            const example = [...panel.querySelectorAll("form.call button")].find((one) => one.textContent === "Example");
            example?.click();
            const errors = [...panel.querySelectorAll(".json .field-error")].map((one) => one.textContent).join();
            seen.push([hash, panel.querySelector("h3").textContent, errors, Boolean(panel.querySelector(".table"))]);
            next();
          }), { once: true });
        };
        next();""")

    assert 100 < len(seen)
    assert [] == [one for one in seen if not one[0].endswith("/" + one[1]) or one[2]]
    assert any(has_table for *_, has_table in seen)
    assert [] == reader.complaints()
