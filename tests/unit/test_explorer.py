"""The explorer's page and catalogue: who gets them, what is on them, and that nothing in them is markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from rest_framework.authtoken.models import Token

from tests.unit import explorer_site
from tests.unit.explorer_site import CATALOGUE, HOSTILE, PAGE, boss, open_site
from wsdrf.exceptions import ConfigurationError
from wsdrf.explorer.views import ExplorerView

both = pytest.mark.parametrize("address", [PAGE, CATALOGUE])


@pytest.fixture(autouse=True)
def site(settings: Any) -> Any:
    return open_site(settings)


@pytest.fixture
def staff(db: Any) -> Client:
    return boss()


class Page(HTMLParser):
    """What a page consists of: its elements with their attributes, and the text in them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def find(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(client: Client, address: str = PAGE, **extra: Any) -> Page:
    response = client.get(address, **extra)
    assert 200 == response.status_code
    return Page(response.content.decode())


# -- who gets it -------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("who", ["nobody", "user", "token"])
@pytest.mark.parametrize("method", ["get", "head", "post", "options"])
def test_strangers_are_refused_and_learn_nothing(address: str, who: str, method: str, db: Any) -> None:
    """Outside DEBUG who is not staff gets 401 or 403, whatever the method, and no name of anything."""
    client, user = Client(), User.objects.create_user("alice")
    headers = {"authorization": f"Token {Token.objects.create(user=user).key}"} if who == "token" else {}
    if who == "user":
        client.force_login(user)

    response = getattr(client, method)(address, headers=headers)

    assert response.status_code in (401, 403)
    assert not re.search(rb"open|hidden|explorer|Open|Hidden|tests", response.content)


@both
def test_staff_and_everybody_in_debug_get_it(address: str, staff: Client, site: Any) -> None:
    """Staff get the page and the catalogue always, and everybody does while DEBUG is on."""
    assert 200 == staff.get(address).status_code
    site.DEBUG = True
    assert 200 == Client().get(address).status_code


@both
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_nothing_but_get_is_answered(address: str, method: str, staff: Client) -> None:
    """Any other method is a 405 that names what there is."""
    response = getattr(staff, method)(address)

    assert (405, "GET, HEAD") == (response.status_code, response.headers["Allow"])


@both
def test_head_answers_as_get_does(address: str, staff: Client) -> None:
    """HEAD has the status and the headers of GET, and no body."""
    head, get = staff.head(address), staff.get(address)

    assert (200, b"") == (head.status_code, head.content)
    assert dict(get.headers) == dict(head.headers)


@pytest.mark.django_db
def test_permissions_are_said_as_on_any_view_of_drf() -> None:
    """`as_view(permission_classes=...)` and a subclass let in whom they name."""
    assert 200 == Client().get("/team/").status_code == Client().get("/team/catalogue/").status_code


@pytest.mark.django_db
def test_nothing_is_listed_that_may_not_be_known(staff: Client) -> None:
    """A consumer and an action that `may_list` leaves out leave no trace, nor do their messages, nor strangers."""
    everything, known = staff.get(CATALOGUE).content, Client().get("/team/catalogue/").content

    traces = rb"(?i)hidden|secret|board|plan|oddity"
    assert re.search(traces, everything)
    assert not re.search(traces, known)
    assert {"Open"} == {consumer["name"] for consumer in json.loads(known)["consumers"]}


def test_strangers_are_named_to_staff(staff: Client) -> None:
    """What is no consumer of wsdrf is named with its path, to staff, wherever they look."""
    assert ["oddity at /ws/oddity/"] == staff.get(CATALOGUE).json()["strangers"]
    assert ["oddity at /ws/oddity/"] == staff.get("/team/catalogue/").json()["strangers"]


def test_what_nobody_can_reach_is_not_listed(staff: Client) -> None:
    """The page talks to what it lists, so a consumer behind another at the same path is not there."""
    paths = [consumer["path"] for consumer in staff.get(CATALOGUE).json()["consumers"]]

    assert 1 == paths.count("/ws/open/")
    assert len(paths) == len(set(paths))


@pytest.mark.django_db
def test_nobody_may_be_none(site: Any) -> None:
    """A project whose UNAUTHENTICATED_USER is None has a page too, with nobody logged in."""
    site.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "UNAUTHENTICATED_TOKEN": None}

    assert "" == page(Client(), "/team/").find("main")[0]["data-user"]
    assert Client().get("/team/catalogue/").json()["user"] is None


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_is_a_shell(staff: Client) -> None:
    """It has one script and one style, from files, one place to be filled, and words for who has no JavaScript."""
    shell = page(staff)

    assert [{"type": "module", "src": "/static/wsdrf/explorer/explorer.js"}] == shell.find("script")
    styles = [link["href"] for link in shell.find("link") if link["rel"] == "stylesheet"]
    assert ["/static/wsdrf/explorer/explorer.css"] == styles
    login = "/accounts/login/?next=/ws-explorer/"
    expected = {"id": "explorer", "data-catalogue": CATALOGUE, "data-user": "boss", "data-login": login}
    assert [expected] == shell.find("main")
    assert [{"lang": "en"}] == shell.find("html")
    assert "width=device-width, initial-scale=1" in {meta.get("content") for meta in shell.find("meta")}
    assert 1 == len(shell.find("noscript")) == len(shell.find("title"))


def test_a_page_without_its_files_says_why(staff: Client) -> None:
    """Where nothing serves static files, the page says so and what to do; its own style sheet hides these words."""
    shell = page(staff)
    sheet = finders.find("wsdrf/explorer/explorer.css")

    assert [{"class": "unserved"}] == [one for one in shell.find("p") if one]
    assert "ASGIStaticFilesHandler" in shell.words
    assert re.search(r"\.unserved \{\s+display: none;", Path(sheet).read_text("utf-8"))


def test_nothing_on_the_page_is_inline(staff: Client) -> None:
    """There is no style, no handler and no script in the markup, so that the policy need not allow any."""
    shell = page(staff)

    assert [] == shell.find("style")
    assert [] == [name for _, attributes in shell.elements for name in attributes if name.startswith(("on", "style"))]
    assert all("src" in script for script in shell.find("script"))


def test_names_on_the_page_are_text(db: Any, site: Any) -> None:
    """A user's name and the project's title are text, whatever they look like."""
    site.DEBUG = True
    site.WSDRF_ASYNCAPI = {"TITLE": '</title><script src="x">'}
    client = Client()
    client.force_login(User.objects.create_user('"><script>alert(1)</script>'))

    shell = page(client)

    assert '"><script>alert(1)</script>' == shell.find("main")[0]["data-user"]
    assert 1 == len(shell.find("script"))
    assert '</title><script src="x">' in shell.words


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["a", "a/b c", '"><script>', "%2F%2Fevil.example", "é"])
def test_the_catalogue_is_below_the_page(where: str) -> None:
    """The address of the catalogue is a path of the same site, below the page, wherever that is mounted."""
    response = Client().get(f"/{where}/page/")
    (main,) = Page(response.content.decode()).find("main")

    assert re.fullmatch(r"/[A-Za-z0-9/%._~-]+/page/catalogue/", main["data-catalogue"])
    assert not main["data-catalogue"].startswith("//")


@pytest.mark.parametrize(
    ("setting", "link"),
    [
        ("/accounts/login/", "/accounts/login/?next=/team/%3Fa%3D%26b"),
        ("enter", "/accounts/login/?next=/team/%3Fa%3D%26b"),
        ("https://login.example.com/", "https://login.example.com/?next=/team/%3Fa%3D%26b"),
        ("/nowhere/", "/api-auth/login/?next=/team/%3Fa%3D%26b"),
        ("no_such_name", "/api-auth/login/?next=/team/%3Fa%3D%26b"),
    ],
)
@pytest.mark.django_db
def test_who_is_not_logged_in_is_shown_the_way(setting: str, link: str, site: Any) -> None:
    """The link leads to LOGIN_URL where that leads anywhere, else to the login of DRF, and knows the way back."""
    site.LOGIN_URL = setting

    assert [{"href": link}] == page(Client(), "/team/?a=&b").find("a")


def test_without_a_login_page_there_is_no_link(staff: Client, site: Any) -> None:
    """Where the project has no page to log in, none is linked; nor is it for who is logged in."""
    assert [] == page(staff).find("a")
    site.DEBUG = True
    site.LOGIN_URL = "/nowhere/"
    site.ROOT_URLCONF = "wsdrf.explorer.urls"
    assert [] == page(Client(), "/").find("a")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("INSTALLED_APPS", ["rest_framework"], 'Add "wsdrf" to INSTALLED_APPS'),
        ("STATIC_URL", None, "STATIC_URL is not"),
    ],
)
def test_a_page_that_nobody_could_see_is_an_error(name: str, value: Any, words: str, site: Any) -> None:
    """Without the app, or without static files, mounting the page says what is missing."""
    setattr(site, name, value)

    with pytest.raises(ConfigurationError, match=words):
        ExplorerView.as_view()


# -- the catalogue -----------------------------------------------------------------------------------------------------


def test_the_catalogue_is_json(staff: Client) -> None:
    """It is JSON, said to be nothing else, and knows who asks."""
    response = staff.get(CATALOGUE)

    assert "application/json" == response.headers["Content-Type"]
    assert ("tests", "boss") == (response.json()["title"], response.json()["user"])
    assert {"title", "user", "close_codes", "consumers", "strangers"} == response.json().keys()


def test_docstrings_and_choices_are_text(staff: Client) -> None:
    """No byte of the catalogue could be markup or end a line of a script, and all texts arrive as they were written."""
    response = staff.get(CATALOGUE)
    (consumer, *_) = response.json()["consumers"]

    assert not re.search(rb"[<>&\x00-\x1f\x7f-\xff]", response.content)
    assert HOSTILE == consumer["doc"] == explorer_site.Open.__doc__
    assert f"{HOSTILE}\ud800" in {action["doc"] for action in consumer["actions"]}
    assert HOSTILE in consumer["$defs"]["Even"]["properties"]["tone"]["enum"]


def test_a_wish_for_another_format_gets_json_or_nothing(staff: Client) -> None:
    """Whatever the client would like, the catalogue is never HTML."""
    for accept in ("text/html", "text/html,*/*", "application/xml"):
        assert "application/json" == staff.get(CATALOGUE, headers={"accept": accept}).headers["Content-Type"]
    assert 404 == staff.get(f"{CATALOGUE}?format=html").status_code
