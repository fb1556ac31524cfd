"""Two windows side by side: what one does, the other sees without asking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from websockets.sync.client import connect

from tests.browser.server import serve
from tests.browser.test_demo import ask
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
Browse = Callable[[str], Visitor]


def test_side_by_side(demo: str, browse: Browse) -> None:
    """Each sees the other type, speak, change a line and delete it; and nobody sees their own notice."""
    alice, bob = browse(demo), browse(demo)
    for visitor, name, way in ((alice, "alice", "session"), (bob, "bob", "message")):
        visitor.sign_in(name, way)
        visitor.enter("Workshop")

    bob.one("#text").send_keys("Side")
    alice.wait_for_text("#typing", "bob is typing …")
    assert "true" == alice.one("#typing").get_attribute("aria-hidden")
    bob.say(" by side.")
    alice.wait_until(lambda: "Side by side." in alice.lines(), "bob's line")
    assert "" == alice.one("#typing").text

    alice.say("I see you.")
    bob.wait_until(lambda: "I see you." in bob.lines(), "alice's line")
    alice.press("Edit", "I see you.")
    alice.one("#text").send_keys(Keys.END, " Well.")
    alice.one("#send").click()
    bob.wait_until(lambda: "I see you. Well." in bob.lines(), "alice's changed line")
    assert "I see you." not in bob.lines()
    alice.press("Delete", "Side by side.")
    bob.wait_until(lambda: "Side by side." not in bob.lines(), "bob's line is gone")

    heard = [one["content"].get("action") for one in bob.frames()]
    assert {"author": "bob"} not in [one["content"].get("payload") for one in bob.frames()]
    assert ("chat.edited", "chat.deleted") == tuple(x for x in heard if x in {"chat.edited", "chat.deleted"})
    assert [] == alice.complaints() + bob.complaints()


def test_rest_reaches_the_room(demo: str, visitor: Visitor) -> None:
    """What is said, changed and deleted over REST appears in the open room."""
    visitor.sign_in("bob")
    visitor.enter("Lobby")
    token = ask(demo + "api/token/", {"username": "alice", "password": "open-sesame"})["token"]
    headers = {"Authorization": f"Token {token}"}
    room = next(room["id"] for room in ask(demo + "api/rooms/", headers=headers) if room["name"] == "Lobby")
    lines = f"{demo}api/rooms/{room}/lines/"

    line = ask(lines, {"text": "By post."}, headers)
    visitor.wait_until(lambda: "By post." in visitor.lines(), "the line")
    ask(f"{lines}{line['id']}/", {"text": "By fast post."}, headers, "PATCH")
    visitor.wait_until(lambda: "By fast post." in visitor.lines(), "the changed line")
    ask(f"{lines}{line['id']}/", None, headers, "DELETE")
    visitor.wait_until(lambda: "By fast post." not in visitor.lines(), "the line is gone")


def test_kick(tmp_path: Path, browse: Browse) -> None:
    """A moderator, and nobody else, throws a member out: that window is closed and told why, and the door stays shut."""
    with serve(tmp_path) as url:
        alice, bob = browse(url), browse(url)
        for visitor, name in ((alice, "alice"), (bob, "bob")):
            visitor.sign_in(name)
            visitor.enter("Workshop")
        assert [] == bob.all("#kicks button")
        assert "not_a_moderator" == kick_as_bob(url)["payload"]["code"]

        alice.one("#kicks button").click()

        bob.wait_for_text("#state", "Closed with 4403.")
        bob.wait_for_text("#notice", "You were thrown out of this room.")
        alice.wait_until(lambda: "alice (moderator)" == alice.one("#members").text, "only alice is left")
        bob.knock("Workshop")
        bob.wait_for_text("#notice", "Only members may enter this room.")


def kick_as_bob(url):
    token = ask(url + "api/token/", {"username": "bob", "password": "open-sesame"})["token"]
    room = ask(url + "api/rooms/", headers={"Authorization": f"Token {token}"})[0]["id"]
    address = f"ws://{urlsplit(url).netloc}/ws/rooms/{room}/"
    with connect(address, additional_headers={"Authorization": f"Token {token}"}, proxy=None) as ws:
        assert 200 == json.loads(ws.recv(timeout=10))["payload"]["status_code"]
        ws.send(json.dumps({"action": "room.kick", "payload": {"user_id": 1}, "id": "kick"}))
        return json.loads(ws.recv(timeout=10))
