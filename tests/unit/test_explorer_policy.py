"""What a browser may do on the explorer's page: the policy and the other headers, whatever hosts and settings say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import DisallowedHost
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.explorer_site import CATALOGUE, PAGE, boss, open_site
from wsdrf.explorer.policy import content_security_policy, origins_of

both = pytest.mark.parametrize("address", [PAGE, CATALOGUE])
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'", "ws://testserver", "wss://testserver"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
}


@pytest.fixture(autouse=True)
def site(settings: Any) -> Any:
    return open_site(settings)


@pytest.fixture
def staff(db: Any) -> Client:
    return boss()


def directives(policy: str) -> dict[str, list[str]]:
    """Read a policy as a browser does: the first of directives with the same name counts."""
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split()
        found.setdefault(name, sources)
    return found


@both
def test_headers_are_strict_on_answers_and_refusals(address: str, staff: Client) -> None:
    """The policy allows the site's own scripts, styles and sockets and nothing else; nothing is kept or sniffed."""
    for response in (staff.get(address), Client().get(address), staff.post(address)):
        assert POLICY == directives(response.headers["Content-Security-Policy"])
        assert "private, no-store" == response.headers["Cache-Control"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        assert "no-referrer" == response.headers["Referrer-Policy"]
        assert "same-origin" == response.headers["Cross-Origin-Resource-Policy"]


def test_over_tls_sockets_have_tls(staff: Client) -> None:
    """A page that came encrypted may open encrypted sockets alone."""
    policy = staff.get(PAGE, secure=True).headers["Content-Security-Policy"]

    assert ["'self'", "wss://testserver"] == directives(policy)["connect-src"]


@both
@pytest.mark.parametrize(
    "host", ["a.example; script-src *", "a.example 'unsafe-inline'", "a.example,*", "evil.example"]
)
def test_a_hostile_host_is_a_bad_request(address: str, host: str, staff: Client) -> None:
    """A Host header that is none of the site's gets 400 and no policy."""
    response = staff.get(address, headers={"host": host})

    assert 400 == response.status_code
    assert "Content-Security-Policy" not in response.headers


@given(host=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30) | st.from_regex(r"[\w.:; \[\]]+"))
def test_no_host_writes_the_policy(host: str) -> None:
    """Whatever the Host header is, and even where every host is allowed, it adds two sources or none."""
    request = RequestFactory().get("/", headers={"host": host})
    with override_settings(ALLOWED_HOSTS=["*"], STATIC_URL="/static/"):
        try:
            found = directives(content_security_policy(request))
        except DisallowedHost:
            return

    expected = {**POLICY, "connect-src": ["'self'", f"ws://{host}", f"wss://{host}"]}
    assert found in (expected, {**POLICY, "connect-src": ["'self'"]})


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("/static/", []),
        ("https://cdn.example.com/static/", ["https://cdn.example.com"]),
        ("http://127.0.0.1:9000/", ["http://127.0.0.1:9000"]),
        ("//cdn.example.com/static/", ["cdn.example.com"]),
    ],
)
def test_static_files_may_come_from_their_own_host(address: str, source: list[str], staff: Client, site: Any) -> None:
    """Where STATIC_URL is on another host, scripts and styles may come from there, and nothing else may."""
    site.STATIC_URL = address

    found = directives(staff.get(PAGE).headers["Content-Security-Policy"])

    assert POLICY | {name: ["'self'", *source] for name in ("script-src", "style-src")} == found


def test_a_storage_of_another_kind_is_no_source() -> None:
    """Where a storage gives an address that no browser loads scripts from, it is not in the policy."""
    assert [] == origins_of(["ftp://cdn.example.com/explorer.js", "javascript://cdn.example.com/", "data:,x"])


def test_what_no_policy_can_name_is_left_to_self(staff: Client, site: Any) -> None:
    """An IPv6 address cannot stand in a policy; there the browser's own meaning of 'self' has to do."""
    site.ALLOWED_HOSTS = ["[::1]"]

    policy = staff.get(PAGE, headers={"host": "[::1]:8000"}).headers["Content-Security-Policy"]

    assert ["'self'"] == directives(policy)["connect-src"]


@given(st.text() | st.builds("https://{}/".format, st.text()) | st.builds("//{}".format, st.text()))
def test_no_static_address_writes_the_policy(address: str) -> None:
    """Of an address that is no plain host nothing gets into the policy."""
    try:
        found = origins_of([address])
    except ValueError:  # of urllib: the setting itself is no address
        return

    assert all(re.fullmatch(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]+)?", one) for one in found)
