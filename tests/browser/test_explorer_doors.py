"""How the explorer connects, as whom, how a connection ends, and what it says of that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.hall import Hall
from tests.browser.reader import CARD, LOG, Reader
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
Browse = Callable[[str], Visitor]


@pytest.fixture
def nobody(hall: Hall, browse: Browse) -> Reader:
    """Open an explorer that is for everybody, without being logged in."""
    return Reader(browse(f"{hall.url}open/").driver, hall.url)


# -- who sees it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["ws-explorer/", "enter/alice/?next=/ws-explorer/"])
def test_not_for_everybody(hall: Hall, browse: Browse, path: str) -> None:
    """Outside of DEBUG, who is not staff gets nothing of the page but a refusal."""
    nobody = browse(f"{hall.url}open/")
    nobody.driver.get(hall.url + path)

    nobody.wait_for_text("body", "403")
    assert [] == nobody.all("#explorer")
    assert "HallConsumer" not in nobody.driver.page_source


def test_catalogue_is_refused(reader: Reader) -> None:
    """Where the catalogue is refused, the page says so, and what the status was."""
    reader.driver.execute_cdp_cmd("Network.enable", {})
    reader.driver.delete_all_cookies()
    script = """
        const main = document.getElementById("explorer"), done = arguments[0];
        main.replaceChildren();
        import("/static/wsdrf/explorer/catalogue.js").then(({ load }) => load(main.dataset.catalogue))
          .then(() => done("allowed"), (error) => done(error.message));"""

    assert "The catalogue was refused with 403 Forbidden." == reader.driver.execute_async_script(script)


def test_what_one_may_not_know_of(hall: Hall, browse: Browse) -> None:
    """Who may know of some of it sees that, and no trace of the rest; who may know of nothing is told that there is none."""
    visitor = browse(f"{hall.url}some/")
    visitor.wait_for_text("#content", "The project has no consumers of wsdrf, or none that you may know of.")
    assert [] == visitor.all("nav li")
    assert [] == visitor.complaints()

    visitor.driver.get(f"{hall.url}enter/alice/?next=/some/")
    visitor.wait_until(lambda: visitor.all("nav li"), "the list")
    assert ["HallConsumer"] == [text.split()[0] for text in visitor.texts("nav a.consumer")]
    assert "hall.book" in visitor.texts("nav li li a")
    assert "hall.close" not in visitor.driver.page_source


def test_a_place_has_an_address(reader: Reader) -> None:
    """A link to an action leads there; one to what is not there, or not any more, says so."""
    reader.driver.get(f"{reader.url}ws-explorer/#HallConsumer/hall.count")
    reader.driver.refresh()
    reader.wait_for_text(".action h3", "hall.count")

    reader.driver.get(f"{reader.url}ws-explorer/#HallConsumer/hall.gone")

    reader.wait_for_text("#content", "Nothing of this name is there. Choose an action from the list.")
    reader.driver.back()
    reader.wait_for_text(".action h3", "hall.count")


# -- ways in -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "protocol", "sent"),
    [
        ("subprotocol", "with subprotocol wsdrf", []),
        ("message", "the handshake was accepted", ["authenticate"]),
        ("query", "the handshake was accepted", []),
    ],
)
def test_ways_of_a_token(hall: Hall, nobody: Reader, way: str, protocol: str, sent: list[str]) -> None:
    """A token lets in whom it belongs to, however it travels, and stands nowhere on the page."""
    token = hall.tokens["alice"]
    nobody.look_at("HallConsumer/hall.ring")
    nobody.connect(way, name="east", token=token)

    nobody.wait_for_status("200 OK")
    assert protocol == nobody.entries()[1]["text"]
    assert sent == nobody.names("sent")
    nobody.send()
    nobody.wait_until(lambda: "hall.rung" in nobody.names("received"), "the bell")
    assert '{"by":"alice"}' in [one["text"] for one in nobody.entries()]
    for summary in nobody.all(".entry summary"):
        summary.click()
    assert token not in nobody.driver.execute_script("return document.documentElement.outerHTML")


def test_session(reader: Reader) -> None:
    """Who is logged in on the site connects as who they are, and is told that nobody else is to be had without logging out."""
    reader.look_at("StreetConsumer/street.pass")

    assert reader.one(f'{CARD} input[value="session"]').is_selected()
    assert not reader.one(f'{CARD} input[value="anonymous"]').is_enabled()
    assert "Log out to connect as nobody." in reader.one(CARD).text
    reader.connect()
    reader.wait_for_status("200 OK")
    reader.send()
    reader.wait_for_result('"boss"')


def test_anonymous(nobody: Reader) -> None:
    """Who is not logged in connects as nobody, and is led to where one logs in."""
    assert "/enter/boss/?next=/open/" in (nobody.one("header a").get_attribute("href") or "")
    nobody.look_at("StreetConsumer/street.pass")
    assert not nobody.one(f'{CARD} input[value="session"]').is_enabled()
    nobody.connect("anonymous")

    nobody.wait_for_status("200 OK")
    nobody.send()
    nobody.wait_for_result('"nobody"')


def test_no_token(nobody: Reader) -> None:
    """A way that takes a token asks for one before anything is sent."""
    nobody.look_at("HallConsumer")
    nobody.connect("subprotocol", name="east")

    nobody.wait_for_text(CARD, "Paste a token.")
    assert nobody.labelled("Token", CARD) == nobody.focused()
    assert [] == nobody.entries()


# -- refusals and ends -------------------------------------------------------------------------------------------------


def test_refused_at_the_door(nobody: Reader) -> None:
    """Who is refused is told status and words, the close code with its meaning, and what to do about it."""
    nobody.look_at("HallConsumer")
    nobody.connect("subprotocol", name="east", token="wrong")

    status = nobody.wait_for_status("Closed with 4401: not logged in, or not any more.")
    assert "The server answered 401 Unauthorized: Invalid token." in status
    assert "Retry after logging in, or with other credentials." in status
    assert ("closed 4401", True) == (nobody.entries()[-1]["name"], nobody.entries()[-1]["bad"])


def test_refused_at_the_handshake(nobody: Reader) -> None:
    """A browser does not learn why a handshake was refused, and the page says just that."""
    nobody.look_at("CellarConsumer")
    nobody.connect("anonymous")

    status = nobody.wait_for_status("Closed with 1006")
    assert "the handshake was refused, or the connection was lost; browsers do not tell which" in status


def test_logged_out_elsewhere(reader: Reader) -> None:
    """A log-out in another tab closes the connection; the page says why, what was lost, and where to log in again."""
    reader.come_in("HallConsumer/hall.count", name="east")
    reader.send()
    reader.wait_for_result("items so far")

    reader.log_out_elsewhere()

    status = reader.wait_for_status("Closed with 4401: not logged in, or not any more.")
    assert "401 Unauthorized" in status
    assert "Retry after logging in" in status
    reader.wait_for_result("the connection ended before the answer")
    reader.driver.execute_script("window.isOld = true")
    reader.driver.find_element("link text", "Log in again").click()
    script = "return !window.isOld && document.documentElement.dataset.ready"
    reader.wait_until(lambda: reader.driver.execute_script(script), "the page, once more")
    assert "Logged in as boss" in reader.one("header").text
    reader.come_in("HallConsumer/hall.count", name="east")


def test_code_of_the_projects_own(reader: Reader) -> None:
    """A close code that the project made up is said to be that, with the reason that it gave."""
    reader.come_in("HallConsumer/hall.close", name="east")
    reader.send()

    status = reader.wait_for_status("Closed with 4900: a code of the project's own.")
    assert "Reason given: The hall is closed." in status


def test_disconnect_and_connect_again(reader: Reader) -> None:
    """Leaving is no failure, and the way back is the same button; the form keeps what it was filled with."""
    reader.come_in("HallConsumer/hall.great", name="east")
    reader.fill("payload", "7")
    reader.press("Disconnect", CARD)
    status = reader.wait_for_status("Closed with 1000")
    assert "Retry" not in status

    reader.press("Connect again", CARD)
    reader.wait_for_status("Connected")
    reader.send()

    reader.wait_for_result("answered in")
    assert 7 == reader.answer()


def test_renewal(hall: Hall, nobody: Reader) -> None:
    """A token renews a connection in place; somebody else's is refused, and closes it."""
    nobody.look_at("HallConsumer/hall.ring")
    nobody.connect("message", name="east", token=hall.tokens["alice"])
    nobody.wait_for_status("200 OK")
    for name, answers in (("alice", 2), ("boss", 3)):
        nobody.fill("Renew with a token", hall.tokens[name], CARD)
        nobody.press("Send authenticate", CARD)
        nobody.wait_until(lambda count=answers: count == nobody.names("received").count("authentication"), "the answer")

    nobody.wait_for_status("Closed with 440")
    assert not any(token in nobody.one(LOG).text for token in hall.tokens.values())
