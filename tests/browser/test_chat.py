"""The demo's page in a real browser: three ways in, a room, and every refusal in words."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", ["session", "subprotocol", "message"])
def test_ways_to_log_in(visitor: Visitor, way: str) -> None:
    """Each way in which a browser can log in ends in a spoken line on the page."""
    text = f"Spoken after logging in by {way}."
    visitor.sign_in("bob", way)
    visitor.enter("Lobby")

    visitor.say(text)

    visitor.wait_until(lambda: text in visitor.lines(), "the line")
    [authentication] = [one for one in visitor.frames() if one["content"].get("action") == "authentication"]
    assert 200 == authentication["content"]["payload"]["status_code"]


@pytest.mark.parametrize(
    ("way", "protocols", "first"),
    [
        ("session", [], {"action": "chat.history", "payload": {}, "id": 1}),
        ("subprotocol", ["wsdrf", "wsdrf.token.•••"], {"action": "chat.history", "payload": {}, "id": 1}),
        ("message", [], {"action": "authenticate", "token": "•••"}),
    ],
)
def test_where_the_credentials_travel(
    visitor: Visitor, way: str, protocols: list[str], first: dict[str, object]
) -> None:
    """The panel shows which way was taken, and never the token itself."""
    visitor.sign_in("bob", way)
    visitor.enter("Lobby")

    frames = visitor.frames()
    sent = [one["content"] for one in frames if one["direction"] == "sent"]

    assert protocols == frames[0]["content"]["protocols"]
    assert first == sent[0]


def test_stranger(visitor: Visitor) -> None:
    """A stranger is refused at the door, and the page says why: the reason, the status, the close code."""
    visitor.sign_in("mallory")

    visitor.knock("Workshop")

    notice = visitor.wait_for_text("#notice", "You may not enter Workshop.")
    assert "Only members may enter this room." in notice
    assert "4403: You may not be here." in notice
    assert "Closed with 4403." == visitor.one("#state").text
    assert [] == visitor.lines()
    refused, closed = (one["content"] for one in visitor.frames()[-2:])
    assert "authentication" == refused["action"]
    assert 4403 == closed["code"]


def test_empty_text(visitor: Visitor) -> None:
    """An empty text is refused beside its field, with the field's own error."""
    visitor.sign_in("bob")
    visitor.enter("Lobby")

    visitor.say("")

    visitor.wait_for_text("#text-error", "(too_short)")
    assert visitor.one("#text").get_attribute("aria-invalid") is not None
    assert "text-error" == visitor.one("#text").get_attribute("aria-describedby")
    assert visitor.one("#text") == visitor.driver.switch_to.active_element


def test_listener_may_not_speak(visitor: Visitor) -> None:
    """Who may enter but not speak is refused action by action, and stays in the room."""
    visitor.sign_in("carol")
    visitor.enter("Lobby")

    visitor.say("May I?")

    notice = visitor.wait_for_text("#notice", "Only members who are not muted may speak here.")
    assert "403 may_not_speak" in notice
    assert "You are in." == visitor.one("#state").text
    assert "May I?" not in visitor.lines()


def test_line_of_another(visitor: Visitor) -> None:
    """Deleting another's line is refused with the permission's own words, and the line stays."""
    line = "Welcome. Everybody may listen here; members may speak."
    visitor.sign_in("bob")
    visitor.enter("Lobby")

    visitor.press("Delete", line)

    assert "This line is not yours. (403 not_the_author)" == visitor.wait_for_text("#notice", "not yours")
    assert line in visitor.lines()


def test_change_and_delete_a_line(visitor: Visitor) -> None:
    """An author changes a line and deletes it, and both hold after coming back."""
    visitor.sign_in("bob")
    visitor.enter("Workshop")
    visitor.say("First thought.")
    visitor.wait_until(lambda: "First thought." in visitor.lines(), "the line")

    visitor.press("Edit", "First thought.")
    visitor.one("#text").clear()
    visitor.say("Second thought.")
    visitor.wait_until(lambda: "Second thought." in visitor.lines(), "the changed line")
    visitor.enter("Workshop")
    assert "Second thought." in visitor.lines()
    assert "First thought." not in visitor.lines()

    visitor.press("Delete", "Second thought.")
    visitor.wait_until(lambda: "Second thought." not in visitor.lines(), "the line is gone")
    visitor.enter("Workshop")
    assert "Second thought." not in visitor.lines()


def test_moderator(visitor: Visitor) -> None:
    """A moderator may delete another's line, and may not put words into another's mouth."""
    visitor.sign_in("bob")
    visitor.enter("Workshop")
    visitor.say("Bob was here.")
    visitor.wait_until(lambda: "Bob was here." in visitor.lines(), "the line")
    visitor.one("#sign-out").click()
    visitor.wait_until(visitor.one("#sign-in").is_displayed, "the sign-in form")
    visitor.sign_in("alice", "subprotocol")
    visitor.enter("Workshop")

    visitor.press("Edit", "Bob was here.")
    visitor.one("#text").clear()
    visitor.say("Bob was never here.")
    visitor.wait_for_text("#notice", "This line is not yours.")
    assert "Bob was here." in visitor.lines()

    visitor.press("Delete", "Bob was here.")
    visitor.wait_until(lambda: "Bob was here." not in visitor.lines(), "the line is gone")


def test_who_is_here(visitor: Visitor) -> None:
    """The room tells its members, with their roles."""
    visitor.sign_in("alice")
    visitor.enter("Lobby")

    visitor.wait_for_text("#members", "alice (moderator), bob, carol (muted)")


def test_session_goes_on(visitor: Visitor) -> None:
    """A session cookie survives a reload, and signing out ends it and leaves the room."""
    visitor.sign_in("bob")
    visitor.enter("Lobby")

    visitor.open()
    visitor.wait_for_text("#you-name", "bob")
    visitor.enter("Lobby")
    visitor.one("#sign-out").click()

    visitor.wait_until(visitor.one("#sign-in").is_displayed, "the sign-in form")
    assert [] == visitor.lines()
    visitor.open()
    assert visitor.one("#sign-in").is_displayed()


def test_keyboard_alone(visitor: Visitor) -> None:
    """Signing in, entering a room and speaking need no mouse."""

    def focused() -> str:
        found: str = visitor.driver.execute_script("return document.activeElement.closest('[id]').id")
        return found

    text = "Typed without a mouse."
    visitor.one("#username").send_keys("bob", Keys.TAB)
    visitor.driver.switch_to.active_element.send_keys(Keys.TAB)
    visitor.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    visitor.driver.switch_to.active_element.send_keys(Keys.ENTER)
    visitor.wait_until(lambda: "rooms" == focused(), "the first room has the focus")
    visitor.driver.switch_to.active_element.send_keys(Keys.ENTER)
    visitor.wait_until(lambda: "text" == focused(), "the composer has the focus")
    visitor.driver.switch_to.active_element.send_keys(text, Keys.ENTER)

    visitor.wait_until(lambda: text in visitor.lines(), "the line")
    assert "signed in by a token in the subprotocol" == visitor.one("#you-way").text


def test_wrong_password(visitor: Visitor) -> None:
    """A wrong password is refused beside the form."""
    visitor.one("#password").send_keys("not")
    visitor.one("#sign-in button").click()

    visitor.wait_for_text("#sign-in-error", "Unable to log in with provided credentials.")


def test_the_way_to_the_explorer(visitor: Visitor) -> None:
    """A link leads to the explorer, which is for everybody while DEBUG is on."""
    visitor.driver.find_element(By.PARTIAL_LINK_TEXT, "explorer").click()

    visitor.wait_for_text("h1", "WebSocket explorer")
    assert f"{visitor.url}ws-explorer/" == visitor.driver.current_url


def test_stays_at_home(visitor: Visitor) -> None:
    """A whole visit leaves nothing in the console and asks no other host for anything."""
    visitor.sign_in("alice", "message")
    visitor.enter("Workshop")
    visitor.say("A whole visit.")
    visitor.wait_until(lambda: "A whole visit." in visitor.lines(), "the line")
    visitor.knock("Studio")
    visitor.wait_for_text("#notice", "You may not enter Studio.")
    visitor.one("#sign-out").click()

    assert [] == visitor.complaints()
    assert {urlsplit(visitor.url).netloc} == visitor.visited_hosts()


@pytest.mark.parametrize("width", [360, 800, 1360])
def test_fits_the_window(visitor: Visitor, width: int) -> None:
    """Nothing is cut off or scrolls sideways, on a telephone as on a desk."""
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    visitor.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    visitor.sign_in("bob")
    visitor.enter("Lobby")

    shown, needed = visitor.driver.execute_script(
        "const page = document.documentElement; return [page.clientWidth, page.scrollWidth]"
    )
    assert shown == needed
