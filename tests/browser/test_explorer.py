"""The explorer in a real browser: find an action, fill its form, send it, read the answer, and every refusal in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.browser.hall import Hall
from tests.browser.reader import CALL, CARD, LOG, Reader
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
Browse = Callable[[str], Visitor]


@pytest.fixture
def reader(kept: Reader) -> Reader:
    """Open the page anew, in the window of this module."""
    return kept.again()


# -- finding, filling, sending -----------------------------------------------------------------------------------------


def test_find_fill_send(reader: Reader) -> None:
    """An action is found by a word, its form filled field by field, the call sent, and its answer read."""
    assert ["hall.book"] == reader.texts("nav a[aria-current]")
    reader.one("nav input").send_keys("everybody ring bell")
    reader.wait_for_text("nav [role=status]", "1 action found.")
    assert ["hall.ring"] == reader.texts("nav li li a")
    reader.one("nav input").clear()
    reader.one("nav input").send_keys("hall.boo")
    reader.wait_until(lambda: ["hall.book"] == reader.texts("nav li li a"), "the action")
    reader.come_in("HallConsumer/hall.book", name="east")

    reader.fill("table", "4")
    reader.press("Remove item 0")
    reader.press("Add item to guests")
    reader.fill("name", "Ann")
    reader.fill("kind of payment", "Cash")
    reader.fill("given", "20")
    reader.fill("area", "terrace")
    reader.labelled("is_quiet").click()
    expected = {
        "table": 4,
        "guests": [{"name": "Ann"}],
        "payment": {"given": 20, "by": "cash"},
        "area": "terrace",
        "is_quiet": True,
    }
    assert expected == reader.typed()
    reader.send()

    reader.wait_for_result("Call #1: answered in")
    assert (
        expected | {"guests": [{"name": "Ann", "age": None, "brings": []}], "at": None, "wishes": {}} == reader.answer()
    )
    assert [("sent", "hall.book", "1"), ("received", "hall.booking", "1")] == [
        (one["direction"], one["name"], one["call"]) for one in reader.entries()[-2:]
    ]


def test_what_is_said_of_an_action(reader: Reader) -> None:
    """Docstrings, guards, throttles, method, payload and answers of the code stand on the page."""
    reader.look_at("HallConsumer/hall.close")
    about, action = reader.one(".about").text, reader.one(".action").text

    assert "Whoever is logged in may come; the boss may close it." in about
    for word in ("IsAuthenticated", "TokenAuthentication", "tests.browser.site.consumers", "/ws/hall/<slug:name>/"):
        assert word in about
    for word in ("Close the hall for oneself.", "IsAdminUser", "DELETE", "30 s", "This action takes no payload."):
        assert word in action
    reader.look_at("HallConsumer/hall.once")
    assert "1/h" in reader.one(".action").text
    reader.look_at("HallConsumer/hall.find")
    assert "guest" in reader.one(".action .facts").text


def test_payload_table(reader: Reader) -> None:
    """Each field of a payload is a row: name, type, whether it has to be there, its limits, its default."""
    reader.look_at("HallConsumer/hall.book")

    rows = [
        re.split(r"\n|\t", text)
        for text in reader.driver.execute_script(
            "return [...document.querySelectorAll('.action .table tbody tr')].map((row) => [...row.cells].map((one) => one.innerText).join('\\t'))"
        )
    ]

    assert ["table", "integer", "yes", "1 to 9", ""] in rows
    assert ["guests", "array of Guest", "yes", "items ≥ 1", ""] in rows
    assert ["area", '"inside" | "terrace"', "no", "", '"inside"'] in rows
    assert ["guests[].name", "string", "yes", "length 1 to 20", ""] in rows


def test_example_at_a_click(reader: Reader) -> None:
    """One click fills in an example that the server takes."""
    reader.come_in("HallConsumer/hall.book", name="east")

    reader.press("Example")
    example = reader.typed()
    reader.send()

    reader.wait_for_result("answered in")
    assert example["table"] == reader.answer()["table"]
    assert "1" == reader.labelled("table").get_attribute("value")


def test_json_and_form_follow_each_other(reader: Reader) -> None:
    """What is typed as JSON stands in the form, as far as a form can show it, and goes out as it was typed."""
    reader.come_in("HallConsumer/hall.great", name="east")
    reader.json_box().clear()
    reader.json_box().send_keys("9007199254740993")
    assert "9007199254740993" == reader.labelled("payload").get_attribute("value")
    reader.send()
    reader.wait_for_result("9007199254740993")

    reader.json_box().clear()
    reader.json_box().send_keys("[1")
    assert "It is sent as it stands here." in reader.one(".json .field-error").text
    reader.send()

    assert "parse_error" in reader.wait_for_result("Call #2: refused")


def test_serializer(reader: Reader) -> None:
    """A payload that a serializer reads has a form as well, and its errors stand at its fields."""
    reader.come_in("HallConsumer/hall.rate", name="east")
    reader.fill("email", "nobody")
    reader.fill("stars", "3")
    reader.send()
    reader.wait_for_result("400 invalid")
    assert reader.error_at("email")

    reader.fill("email", "ann@example.com")
    reader.send()

    reader.wait_for_result("answered in")
    assert 3 == reader.answer()


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_errors_at_their_fields(reader: Reader) -> None:
    """Each error of a refusal stands at the field that it names, the first of which gets the focus; mending clears it."""
    reader.come_in("HallConsumer/hall.book", name="east")
    reader.press("Example")
    reader.fill("table", "10")
    reader.fill("name", "x" * 21)
    reader.send()

    result = reader.wait_for_result("400 invalid")
    assert "payload.table" in result
    assert "payload.guests.0.name" in result
    assert reader.error_at("table") in result
    assert reader.error_at("name") in result
    assert reader.labelled("table") == reader.focused()

    reader.fill("table", "9")
    assert reader.labelled("table").get_attribute("aria-invalid") is None


def test_a_number_that_is_none(reader: Reader) -> None:
    """What is typed into a field for a number is sent even where it is none, and the server's error stands there."""
    reader.come_in("HallConsumer/hall.book", name="east")
    reader.press("Example")
    reader.fill("table", "many")
    reader.send()

    reader.wait_for_result("400 invalid")
    assert "many" == reader.typed()["table"]
    assert reader.error_at("table")


def test_refused_by_a_guard(hall: Hall, browse: Browse) -> None:
    """Who may not call an action is told status, code and the guard's own words."""
    visitor = browse(f"{hall.url}enter/alice/?next=/open/")
    reader = Reader(visitor.driver, hall.url)
    reader.come_in("HallConsumer/hall.close", name="east")
    reader.send()
    assert "403 permission_denied" in reader.wait_for_result("refused in")

    reader.look_at("HallConsumer/hall.deny")
    reader.send()

    reader.wait_for_result("403 not_today: Not today.")
    assert [True, True] == [one["bad"] for one in reader.entries() if one["name"] == "error"]


def test_throttled(reader: Reader) -> None:
    """Who calls too often is told when to come back."""
    reader.come_in("HallConsumer/hall.once", name="east")
    reader.send()
    reader.wait_for_result("answered in")
    reader.send()

    assert "Retry after" in reader.wait_for_result("429 throttled")


def test_not_connected(reader: Reader) -> None:
    """To send without a connection leads to where one connects, and sends nothing."""
    reader.look_at("HallConsumer/hall.ring")
    reader.send()

    reader.wait_for_status("Connect first, then send.")
    assert reader.labelled("name", CARD) == reader.focused()
    assert [] == reader.entries()


def test_wrong_path(reader: Reader) -> None:
    """A part of the path that no consumer is at is refused by its field, with the pattern that it has to match."""
    reader.look_at("HallConsumer")
    for value, word in (("", "The path needs it."), ("not a slug", "It does not match")):
        reader.fill("name", value, CARD)
        reader.one(f"{CARD} button[type=submit]").click()

        field = reader.labelled("name", CARD)
        assert "true" == field.get_attribute("aria-invalid")
        reader.wait_for_text(f"{CARD} .field-error", word)
        assert field == reader.focused()
    assert [] == reader.entries()


# -- streams, events, the log ------------------------------------------------------------------------------------------


def test_stream_and_cancel(reader: Reader) -> None:
    """A stream shows item by item, and stops at a click, in the log as well as at its action."""
    reader.come_in("HallConsumer/hall.count", name="east")
    for number, name, where in (("1", "Cancel", CALL), ("2", "Cancel call 2", LOG)):
        reader.send()
        reader.wait_for_result("items so far")
        assert {"n"} == reader.answer().keys()

        if where == LOG:
            scroll_up(reader)
        reader.press(name, where)

        reader.wait_for_result(f"Call #{number}: cancelled after")
        (sent,) = [one for one in reader.entries() if (number, "hall.count") == (one["call"], one["name"])]
        assert sent["outcome"].startswith("cancelled after")
        pong(reader)  # comes after whatever was on its way
        count = reader.names("received").count("hall.number")
        pong(reader)
        assert count == reader.names("received").count("hall.number")


def scroll_up(reader: Reader) -> None:
    """Scroll the log up, where it stays whatever comes in."""
    place = "return document.querySelector('.log-pane').scrollTop"
    reader.wait_until(lambda: reader.driver.execute_script(place) > 50, "more than the log shows at once")
    reader.driver.execute_script("document.querySelector('.log-pane').scrollTop = 0")
    count = len(reader.entries())
    reader.wait_until(lambda: count + 5 < len(reader.entries()), "more items")
    assert reader.driver.execute_script(place) < 50
    sent = "document.querySelector('[data-call=\"2\"]').scrollIntoView({ block: 'center' })"
    reader.driver.execute_script(sent)


def pong(reader: Reader) -> None:
    before = reader.names("received").count("pong")
    reader.press("Ping", LOG)
    reader.wait_until(lambda: before + 1 == reader.names("received").count("pong"), "pong")


def test_events_come_by_themselves(reader: Reader) -> None:
    """What is published shows in the log without having been asked for, beside the answer to the call that did it."""
    reader.come_in("HallConsumer/hall.ring", name="east")
    reader.send()

    reader.wait_until(lambda: {"complete", "hall.rung"} <= set(reader.names("received")), "the event")
    by_name = {one["name"]: one for one in reader.entries()}
    assert (None, "1") == (by_name["hall.rung"]["call"], by_name["complete"]["call"])
    assert json.loads(by_name["hall.rung"]["text"]) == {"by": "boss"}
    reader.look_at("HallConsumer")
    assert "The bell was rung." in reader.wait_for_text("[aria-label=Events]", "hall.rung")


def test_the_log(reader: Reader) -> None:
    """Each entry has its time; the number of a call leads to what belongs to it; a frame opens whole; pause holds it."""
    reader.come_in("HallConsumer/hall.once", name="west")
    reader.send()
    reader.wait_for_result("Call #1")
    reader.wait_until(lambda: "1" == reader.entries()[-1]["call"], "the answer")

    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", one["time"]) for one in reader.entries())
    reader.all(".log .call-id")[-1].click()
    assert ["1", "1"] == [one.get_attribute("data-call") for one in reader.all(".entry.marked")]
    reader.all(".entry summary")[-1].click()
    whole = json.loads(reader.wait_until(lambda: reader.all(".entry pre")[-1].text, "the whole frame"))
    assert 1 == whole["id"]

    reader.press("Pause", LOG)
    count = len(reader.entries())
    reader.press("Ping", LOG)
    reader.press("Resume (2 new)", LOG)
    assert count + 2 == len(reader.entries())


def test_desks_stay_open(reader: Reader) -> None:
    """Each consumer has a connection and a log of its own, which stay while another one is looked at."""
    reader.come_in("HallConsumer/hall.ring", name="east")
    reader.look_at("StreetConsumer/street.pass")
    assert [] == reader.entries()
    reader.connect()
    reader.wait_for_status("Connected to /ws/street/")
    reader.send()
    reader.wait_for_result("boss")

    reader.look_at("HallConsumer/hall.ring")

    assert "Connected to /ws/hall/east/" in reader.wait_for_status("Connected")
    assert ["authentication"] == reader.names("received")
