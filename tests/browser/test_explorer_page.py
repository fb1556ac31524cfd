"""What holds of the explorer's page as a whole: nothing foreign, nothing inline, no barrier, on any screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.hall import Hall
from tests.browser.reader import CALL, CARD, LOG, Reader
from tests.unit.explorer_site import HOSTILE

pytestmark = pytest.mark.browser

DESK, PHONE = (1360, 860), (360, 740)


def screen(reader: Reader, scheme: str, size: tuple[int, int]) -> None:
    """Show the page as a browser that prefers ``scheme`` does, on a screen of that size."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
    reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def stations(reader: Reader) -> Iterator[str]:
    """Bring the page into each state that it has, and tell which."""
    yield "the first look"
    reader.look_at("HallConsumer/hall.book")
    yield "an action"
    reader.one(f"{CARD} button[type=submit]").click()
    yield "a wrong path"
    reader.connect(name="east")
    reader.wait_for_status("Connected")
    reader.press("Example")
    reader.fill("table", "10")
    reader.press("Add item to guests")
    reader.labelled("send wishes").click()
    reader.press("Add entry to wishes")
    reader.send()
    reader.wait_for_result("400 invalid")
    reader.one(".copy summary").click()
    reader.press("Python", ".copy")
    for summary in reader.all(".entry summary, .frame summary"):
        summary.click()
    yield "errors and everything open"
    reader.look_at("HallConsumer/hall.count")
    reader.send()
    reader.wait_for_result("items so far")
    reader.press("Cancel")
    reader.all(".log .call-id")[-1].click()
    yield "a stream"
    reader.look_at("HallConsumer")
    reader.one(".about summary").click()
    yield "a consumer"
    reader.press("Disconnect", CARD)
    reader.wait_for_status("Closed")
    yield "an end"
    reader.one("nav input").send_keys("nothing of that name")
    yield "nothing found"


# -- nothing foreign, nothing inline -----------------------------------------------------------------------------------


def test_stays_at_home(reader: Reader) -> None:
    """A whole visit leaves nothing in the console, and asks no other host for anything."""
    for _ in stations(reader):
        pass

    assert [] == reader.complaints()
    assert {urlsplit(reader.url).netloc} == reader.visited_hosts()


def test_nothing_inline(reader: Reader) -> None:
    """No script, no style and no handler stands in the page, whatever has been done on it, and the policy forbids them."""
    for _ in stations(reader):
        pass
    script = """
        return [...document.querySelectorAll("*")].flatMap((one) => [
          ...(one.matches("style, script:not([src])") ? [one.tagName] : []),
          ...one.getAttributeNames().filter((name) => name === "style" || name.startsWith("on"))])"""
    assert [] == reader.driver.execute_script(script)

    ran = reader.driver.execute_script("""
        const script = document.createElement("script");
        try { script.textContent = "window.ran = true"; document.body.append(script); } catch { return "refused"; }
        return window.ran ?? "ignored";""")
    assert ran in {"refused", "ignored"}


def test_texts_of_the_project_are_text(reader: Reader) -> None:
    """What docstrings and choices hold is shown letter by letter, and never becomes part of the page."""
    reader.look_at("Open/open.even")

    assert HOSTILE.replace("\u2028", "") in reader.one(".about").get_attribute("textContent").replace("\u2028", "")
    assert HOSTILE in reader.texts(f"{CALL} option")
    assert [] == reader.all("#explorer img, #explorer script")


def test_nobody_can_make_it_a_frame(reader: Reader, hall: Hall) -> None:
    """Another page, of the same site even, cannot put the explorer into a frame."""
    with reader.elsewhere("leave/"):
        script = """
            const frame = document.createElement("iframe"), done = arguments[0];
            frame.onload = () => done(frame.contentDocument?.querySelector("#explorer") ? "shown" : "refused");
            frame.src = "/ws-explorer/";
            document.body.append(frame);"""
        assert "refused" == reader.driver.execute_async_script(script)


# -- no barrier --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier(reader: Reader, modules: Path, tmp_path: Path, scheme: str, size: tuple[int, int]) -> None:
    """axe-core finds nothing wrong with the page, in any state, in either scheme, on a desk or a phone."""
    screen(reader, scheme, size)
    axe = (modules / "axe-core" / "axe.min.js").read_text()
    found = []
    for number, station in enumerate(stations(reader)):
        reader.driver.save_screenshot(str(tmp_path / f"{number}-{scheme}-{size[0]}.png"))
        found += [(station, *one) for one in violations(reader, axe)]

    assert [] == found


def violations(reader: Reader, axe: str) -> list[tuple[str, str, Any]]:
    """Give what axe-core finds that is more than a matter of taste."""
    script = """
        const done = arguments[0];
        axe.run(document).then(
          ({ violations }) => done(violations.map(({ impact, id, nodes }) => [impact, id, nodes.map((one) => one.html)])),
          (error) => done([["critical", String(error), []]]));"""
    reader.driver.execute_script(axe)
    return [tuple(one) for one in reader.driver.execute_async_script(script) if one[0] != "minor"]


@pytest.mark.parametrize("width", [320, 360, 800, 1360])
def test_fits_the_window(reader: Reader, width: int) -> None:
    """Nothing is cut off, scrolls sideways or leaves an empty space below, on a phone as on a desk."""
    screen(reader, "light", (width, 740))
    for station in stations(reader):
        shown, needed, tall, end = reader.driver.execute_script("""
            const page = document.documentElement, main = document.querySelector("main").getBoundingClientRect();
            return [page.clientWidth, page.scrollWidth, page.scrollHeight, main.bottom + scrollY];""")
        assert shown == needed, station
        assert tall <= max(end + 1, 740), station


def test_headings_and_landmarks(reader: Reader) -> None:
    """A screen reader finds one title, the list, the content and the log, and is told of what changes by itself."""
    reader.come_in("HallConsumer/hall.ring", name="east")

    assert 1 == len(reader.all("h1"))
    assert ["Consumers and actions"] == [one.get_attribute("aria-label") for one in reader.all("nav")]
    assert "Log" == reader.one("aside").get_attribute("aria-label")
    assert "log" == reader.one(".log-pane").get_attribute("role")
    assert {"status"} == {reader.one(where).get_attribute("role") for where in (f"{CARD} .status", f"{CALL} .result")}
    assert ["hall.ring", "HallConsumer", "Hall"] == reader.driver.title.split(" \N{EN DASH} ")
    assert ["page"] == [one.get_attribute("aria-current") for one in reader.all("nav a[aria-current]")]


def test_keyboard_alone(reader: Reader) -> None:
    """To find an action, connect, fill the form, send, read a refusal, mend it and cancel a stream takes no mouse."""

    def tab_to(wanted: Callable[[], Any]) -> None:
        for _ in range(80):
            if wanted() == reader.focused():
                return
            reader.focused().send_keys(Keys.TAB)
        pytest.fail("The keyboard does not get there.")

    tab_to(lambda: reader.one("a.skip"))
    reader.focused().send_keys(Keys.ENTER)
    reader.wait_until(lambda: reader.one("#content") == reader.focused(), "the content has the focus")
    reader.driver.execute_script("document.activeElement.blur(); document.querySelector('nav input').focus()")
    reader.focused().send_keys("hall.book", Keys.TAB)
    tab_to(lambda: reader.one('a[href="#HallConsumer/hall.book"]'))
    reader.focused().send_keys(Keys.ENTER)
    reader.wait_until(lambda: "hall.book" == reader.focused().text, "the action has the focus")
    reader.driver.execute_script("document.querySelector('#content').focus()")
    tab_to(lambda: reader.labelled("name", CARD))
    reader.focused().send_keys("east", Keys.ENTER)
    reader.wait_for_status("Connected")
    assert reader.focused().tag_name != "body"

    tab_to(lambda: reader.button("Example"))
    reader.focused().send_keys(Keys.SPACE)
    reader.driver.execute_script("document.querySelector('.action h3').focus()")
    tab_to(lambda: reader.labelled("table"))
    reader.focused().send_keys(Keys.BACKSPACE, "10", Keys.ENTER)
    reader.wait_for_result("400 invalid")
    reader.wait_until(lambda: reader.labelled("table") == reader.focused(), "the wrong field has the focus")
    reader.focused().send_keys(Keys.BACKSPACE, Keys.ENTER)
    reader.wait_for_result("Call #2: answered in")

    reader.driver.execute_script("location.hash = '#HallConsumer/hall.count'")
    reader.wait_until(lambda: "hall.count" == reader.focused().text, "the action has the focus")
    tab_to(lambda: reader.one(f"{CALL} button.primary"))
    reader.focused().send_keys(Keys.ENTER)
    reader.wait_for_result("items so far")
    tab_to(lambda: reader.button("Cancel"))
    reader.focused().send_keys(Keys.ENTER)
    reader.wait_for_result("cancelled after")
    assert reader.one(f"{CALL} button.primary") == reader.focused()
    assert [] == reader.complaints()


def test_many_frames(reader: Reader) -> None:
    """The log keeps the last five hundred entries, says that it dropped others, and stays at its end unless one scrolls."""
    reader.come_in("HallConsumer/hall.great", name="east")
    reader.driver.execute_script("""
        const ping = [...document.querySelectorAll(".log button")].find((one) => one.textContent === "Ping");
        for (let n = 0; n < 300; n += 1) ping.click();""")

    reader.wait_until(lambda: "The last 500 entries" in reader.texts(f"{LOG} > .hint")[-1], "that entries were dropped")
    reader.wait_until(lambda: 300 + 200 == len(reader.entries()), "the last 500")
    reader.wait_until(lambda: "pong" == reader.entries()[-1]["name"], "the last pong")
    behind = reader.driver.execute_script("""
        const pane = document.querySelector(".log-pane"); return pane.scrollHeight - pane.clientHeight - pane.scrollTop""")
    assert behind < 2
    assert {"action": "pong", "payload": None} == json.loads(
        reader.driver.execute_script("""
            const last = document.querySelector(".entry:last-child details"); last.open = true;
            return new Promise((go) => setTimeout(() => go(last.querySelector("pre").textContent), 100))""")
    )
