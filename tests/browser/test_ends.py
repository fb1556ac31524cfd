"""A login that ends, or somebody who is thrown out: the window closes by itself, says why, and shows the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
Browse = Callable[[str], Visitor]


@contextmanager
def second_tab(visitor: Visitor) -> Iterator[None]:
    """Be in a new tab of the same browser, which shares its cookies; come back afterwards."""
    driver, first = visitor.driver, visitor.driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        visitor.open()
        yield
    finally:
        driver.close()
        driver.switch_to.window(first)


def sign_out_elsewhere(visitor: Visitor) -> None:
    """Sign bob out in another tab, which is in a room as well; his first tab must notice by itself."""
    with second_tab(visitor):
        visitor.wait_for_text("#you-name", "bob")
        visitor.enter("Lobby")
        visitor.one("#sign-out").click()
        visitor.wait_until(visitor.one("#sign-in").is_displayed, "the sign-in form")


def test_sign_out_in_another_tab(visitor: Visitor) -> None:
    """Who signs out in one tab is out in the other: it says why and what 4401 means, shows nothing more, and leads back."""
    visitor.sign_in("bob")
    visitor.enter("Workshop")

    sign_out_elsewhere(visitor)

    notice = visitor.wait_for_text("#notice", "You are no longer in Workshop.")
    assert "Authentication credentials were not provided." in notice
    assert "4401: Your credentials are missing, wrong or no longer valid. Sign in again." in notice
    assert "Closed with 4401." == visitor.one("#state").text
    assert [] == visitor.lines()
    assert not visitor.one("#you").is_displayed()
    last, closed = (one["content"] for one in visitor.frames()[-2:])
    assert ("authentication", 401, 4401) == (last["action"], last["payload"]["status_code"], closed["code"])

    visitor.one("#notice button").click()
    assert visitor.one("#password") == visitor.driver.switch_to.active_element
    visitor.sign_in("bob")
    visitor.enter("Workshop")
    assert [] == visitor.complaints()


def test_back_by_keyboard(visitor: Visitor) -> None:
    """After an end that came by itself, the keys lead back to where one was: sign in again, the same room, speak."""
    text = "Back without a mouse."
    visitor.sign_in("bob")
    visitor.enter("Workshop")
    sign_out_elsewhere(visitor)
    visitor.wait_for_text("#notice", "Sign in again")

    for keys, focused in (("", "notice"), (Keys.ENTER, "password"), (Keys.ENTER, "rooms"), (Keys.ENTER, "text")):
        if keys:
            visitor.driver.switch_to.active_element.send_keys(keys)
        visitor.wait_until(lambda focused=focused: focused == focus(visitor), f"the focus in {focused}")
    assert "Workshop" == visitor.one("#room-name").text
    visitor.driver.switch_to.active_element.send_keys(text, Keys.ENTER)

    visitor.wait_until(lambda: text in visitor.lines(), "the line")
    assert [] == visitor.complaints()


def focus(visitor: Visitor) -> str:
    """Give the id of what has the focus, or of what it is in."""
    found: str = visitor.driver.execute_script("return document.activeElement.closest('[id]')?.id ?? ''")
    return found


def test_thrown_out_by_the_administrator(demo: str, browse: Browse) -> None:
    """An action of Django's admin ends every window of a user, who is told by whom, and may knock again; nobody else."""
    alice, bob = browse(demo), browse(demo)
    for visitor, name, way in ((alice, "alice", "session"), (bob, "bob", "message")):
        visitor.sign_in(name, way)
        visitor.enter("Workshop")

    throw_out(browse(demo), "bob")

    notice = bob.wait_for_text("#notice", "You are no longer in Workshop.")
    assert "4900: An administrator ended all your connections. You are still signed in." in notice
    assert "Closed with 4900." == bob.one("#state").text
    assert "You are in." == alice.one("#state").text
    bob.one("#notice button").click()
    bob.wait_for_text("#state", "You are in.")
    assert not bob.one("#notice").is_displayed()
    assert [] == alice.complaints() + bob.complaints()


def throw_out(visitor: Visitor, username: str) -> None:
    """Be the administrator, and do it."""
    driver = visitor.driver
    driver.get(visitor.url + "admin/auth/user/")
    for field, text in (("username", "admin"), ("password", "open-sesame")):
        visitor.one(f"#id_{field}").send_keys(text)
    visitor.one("input[type=submit]").click()
    visitor.wait_until(lambda: visitor.all("#result_list"), "the list of users")
    row = driver.find_element(By.XPATH, f"//tr[.//a[text()='{username}']]")
    row.find_element(By.CSS_SELECTOR, "input.action-select").click()
    Select(visitor.one("select[name=action]")).select_by_value("throw_out")
    visitor.one(".actions button[type=submit]").click()
    visitor.wait_for_text(".messagelist", f"The connections of {username} were ended.")
