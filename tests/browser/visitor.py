"""Somebody who looks at the demo's page and uses it: what tests say instead of selectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

T = TypeVar("T")
PATIENCE = 15
"""Seconds that anything on the page may take on a busy machine."""


class Visitor:
    """Drive the page at ``url``. What a method waits for and does not see in time is a failure."""

    def __init__(self, driver: WebDriver, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self) -> None:
        self.driver.get(self.url)
        self.wait_until(lambda: self.all('html[data-ready="true"]'), "the page is ready")

    # Looking

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def lines(self) -> list[str]:
        return self.texts("#lines .said")

    def frames(self) -> list[dict[str, Any]]:
        """Give what the panel shows of the wire, oldest first, as ``{"direction": ..., "content": ...}``."""
        directions = [item.get_attribute("class") or "" for item in self.all("#frames li")]
        contents = self.texts("#frames code")
        return [
            {"direction": direction.split()[0], "content": json.loads(content)}
            for direction, content in zip(directions, contents, strict=True)
        ]

    def texts(self, selector: str) -> list[str]:
        script = "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.textContent)"
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def wait_until(self, condition: Callable[[], T], what: str) -> T:
        message = f"Not seen within {PATIENCE} s: {what}"
        # What is replaced while one looks at it has not been seen yet.
        wait = WebDriverWait(self.driver, PATIENCE, 0.05, [StaleElementReferenceException])
        return wait.until(lambda _: condition(), message)

    def wait_for_text(self, selector: str, text: str) -> str:
        """Wait until ``selector`` shows ``text`` to the eye, and give all that it shows."""

        def shown() -> str:
            seen = self.one(selector).text
            return seen if text in seen else ""

        return self.wait_until(shown, f"{text!r} in {selector}")

    # Acting

    def sign_in(self, username: str, way: str = "session") -> None:
        Select(self.one("#username")).select_by_value(username)
        self.one(f'input[name="way"][value="{way}"]').click()
        self.one("#sign-in button").click()
        self.wait_for_text("#you-name", username)

    def enter(self, room: str) -> None:
        self.knock(room)
        self.wait_for_text("#state", "You are in.")
        self.wait_until(lambda: self.one("#members").text, "the room's last lines, and then its members")

    def knock(self, room: str) -> None:
        doors = {door.text.split()[0]: door for door in self.all("#rooms button")}
        doors[room].click()

    def say(self, text: str) -> None:
        self.one("#text").send_keys(text)
        self.one("#send").click()

    def press(self, act: str, line: str) -> None:
        """Press the button ``act`` of the line that reads ``line``."""
        item = next(item for item in self.all("#lines li") if item.find_element(By.CLASS_NAME, "said").text == line)
        item.find_element(By.CSS_SELECTOR, f'button[aria-label^="{act}"]').click()

    # What the browser itself noticed

    def complaints(self) -> list[str]:
        """Give every warning and error of the console, content security policy included."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in {"WARNING", "SEVERE"}]

    def visited_hosts(self) -> set[str]:
        """Give the host and port of everything that the page asked for, over HTTP and WebSocket."""
        urls = []
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                urls.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                urls.append(event["params"]["url"])
        return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme in {"http", "https", "ws", "wss"}}
