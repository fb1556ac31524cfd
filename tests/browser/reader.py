"""Somebody who reads the explorer and tries what it lists: what its tests say instead of selectors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from tests.browser.visitor import Visitor

CALL, CARD, LOG = "form.call", ".card.connect", ".log"


class Reader(Visitor):
    """Drive the explorer of the site at ``url``."""

    def again(self) -> Reader:
        """Open the page anew."""
        self.driver.get(f"{self.url}ws-explorer/")
        self.wait_until(lambda: self.all('html[data-ready="true"]'), "the page is ready")
        return self

    def look_at(self, place: str) -> None:
        """Follow the link of a consumer, or of an action, as in ``HallConsumer/hall.book``."""
        self.one(f'nav a[href$="#{place}"]').click()
        self.wait_until(lambda: self.driver.current_url.endswith(f"#{place}"), place)

    # The form and the card

    def labelled(self, label: str, within: str = CALL) -> WebElement:
        """Give what the label names, as a screen reader would find it; the last one, where several have it."""
        script = """
            const controls = [...document.querySelectorAll(`${arguments[1]} :is(input, textarea, select)`)];
            const nameOf = (one) => one.getAttribute("aria-label") ?? [...one.labels].map((each) => each.textContent).join();
            return controls.filter((one) => nameOf(one).trim() === arguments[0]).at(-1) ?? null;"""
        return self.wait_until(lambda: self.driver.execute_script(script, label, within), f"the field {label!r}")

    def fill(self, label: str, text: str, within: str = CALL) -> None:
        field = self.labelled(label, within)
        if field.tag_name == "select":
            Select(field).select_by_visible_text(text)
            return
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)

    def press(self, name: str, within: str = CALL) -> None:  # type: ignore[override]  # on this page, a button alone
        """Press the button of that name."""
        self.button(name, within).click()

    def button(self, name: str, within: str = CALL) -> WebElement:
        script = """
            const buttons = [...document.querySelectorAll(`${arguments[1]} button`)].filter((one) => one.checkVisibility());
            const nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent;
            return buttons.find((one) => nameOf(one) === arguments[0]) ?? null;"""
        return self.wait_until(lambda: self.driver.execute_script(script, name, within), f"the button {name!r}")

    def connect(self, way: str = "session", **parameters: str) -> None:
        """Connect in a way, with what the path asks for, and a ``token`` for the ways that take one."""
        token = parameters.pop("token", None)
        for name, value in parameters.items():
            self.fill(name, value, CARD)
        self.one(f'{CARD} input[value="{way}"]').click()
        if token is not None:
            self.fill("Token", token, CARD)
        self.one(f"{CARD} button[type=submit]").click()

    def come_in(self, place: str, **parameters: str) -> None:
        """Look at an action and connect by the session."""
        self.look_at(place)
        self.connect(**parameters)
        self.wait_for_status("Connected")

    def wait_for_status(self, text: str) -> str:
        return self.wait_for_text(f"{CARD} .status", text)

    def send(self) -> None:
        self.one(f"{CALL} button.primary").click()

    def wait_for_result(self, text: str) -> str:
        return self.wait_for_text(f"{CALL} .result", text)

    def answer(self) -> Any:
        """Give the payload of the last answer."""
        return json.loads(self.texts(f"{CALL} .result pre")[0])  # at once: the next item of a stream replaces it

    def typed(self) -> Any:
        """Give what stands in the JSON beside the form."""
        return json.loads(self.json_box().get_attribute("value") or "null")

    def json_box(self) -> WebElement:
        return self.labelled("The same as JSON")

    def error_at(self, label: str) -> str:
        """Give what a screen reader says is wrong with a field."""
        field = self.labelled(label)
        assert field.get_attribute("aria-invalid") == "true", label
        described = (field.get_attribute("aria-describedby") or "").split()
        return self.one(f"#{described[-1]}").text

    # The log

    def entries(self) -> list[dict[str, Any]]:
        """Give each entry of the log: its direction, its name, the call that it belongs to, its text, and if it is bad."""
        script = """return [...document.querySelectorAll(".entry")].map((one) => ({
            direction: one.classList[1], name: one.querySelector("strong").textContent, call: one.dataset.call ?? null,
            text: one.querySelector(".brief").textContent, bad: one.classList.contains("bad"),
            time: one.querySelector("time").textContent, outcome: one.querySelector(".outcome span")?.textContent ?? null}))"""
        found: list[dict[str, Any]] = self.driver.execute_script(script)
        return found

    def names(self, direction: str) -> list[str]:
        return [one["name"] for one in self.entries() if one["direction"] == direction]

    # Elsewhere

    @contextmanager
    def elsewhere(self, path: str) -> Iterator[None]:
        """Be at another page of the site, in a new tab of the same browser; come back afterwards."""
        first = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        try:
            self.driver.get(self.url + path)
            yield
        finally:
            self.driver.close()
            self.driver.switch_to.window(first)

    def log_out_elsewhere(self) -> None:
        with self.elsewhere("leave/"):
            self.driver.find_element(By.TAG_NAME, "button").click()
            self.wait_until(lambda: ["You are out."] == self.texts("body"), "the answer")

    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element
