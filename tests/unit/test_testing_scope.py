"""The scope of a test's handshake: what a real server would make of it, and what a client puts in."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.testing.scope import (
    build_scope,
    copy_scope,
    fitting_origin,
    get_header,
    normalize,
    set_cookie,
    set_header,
    with_token,
)

NAMES = st.text("abcXYZ-", min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
COOKIES = st.dictionaries(st.text("abc_", min_size=1, max_size=5), st.text("xyz=09.", max_size=10), max_size=4)


def test_scope_has_what_uvicorn_sends():
    """A plain handshake has every key of a real server's scope, and the headers that each client sends."""
    scope = build_scope("/ws/rooms/1/?page=2&q=a%20b", [], ["a", "b"])
    headers = dict(scope.pop("headers"))

    assert {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1234),
        "root_path": "",
        "path": "/ws/rooms/1/",
        "raw_path": b"/ws/rooms/1/",
        "query_string": b"page=2&q=a%20b",
        "subprotocols": ["a", "b"],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    } == scope
    assert (b"testserver", b"websocket", b"a, b") == (
        headers[b"host"],
        headers[b"upgrade"],
        headers[b"sec-websocket-protocol"],
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])).map(lambda text: text.strip("/")))
def test_path_arrives_unquoted(text):
    """For any path, ``raw_path`` is ASCII and quoted, and ``path`` is what it says."""
    text = text.replace("%", "").replace("?", "").replace("#", "")
    scope = build_scope(text, [], [])

    assert f"/{text}" == scope["path"]
    assert unquote(scope["raw_path"].decode("ascii")) == scope["path"]


@pytest.mark.parametrize("path", ["/ws/#part", "ws/", "/ws/"])
def test_path_begins_with_a_slash_and_has_no_fragment(path):
    """The path gets its slash, and a fragment stays with the client, as in a browser."""
    assert "/ws/" == build_scope(path, [], [])["path"]


@given(st.lists(st.tuples(NAMES, VALUES)))
def test_given_headers_are_kept(pairs):
    """Headers arrive in lower case, in order, repeated ones repeated; text and bytes mean the same."""
    expected = [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]
    as_bytes = [(name.encode(), value.encode("latin-1")) for name, value in pairs]

    assert expected == normalize(pairs) == normalize(as_bytes)
    assert expected == build_scope("/", pairs, [])["headers"][-len(pairs) :] or not pairs


def test_given_headers_win():
    """A header that was given takes the place of the usual one, even when it is given twice."""
    scope = build_scope("/", [("Host", "a.example"), ("host", "b.example")], [])

    assert [b"a.example", b"b.example"] == [value for name, value in scope["headers"] if name == b"host"]


def test_headers_may_be_a_mapping():
    """Headers can be given by name."""
    assert [(b"x-a", b"1")] == normalize({"X-A": "1"})


@given(COOKIES, COOKIES)
def test_cookies_are_set_beside_others(first, second):
    """A cookie replaces the one of its name and leaves the others; without any there is no header."""
    scope = build_scope("/", [], [])
    for name, value in [*first.items(), *second.items()]:
        set_cookie(scope, name, value)
    header = get_header(scope, b"cookie")
    cookies = [] if header is None else [pair.split("=", 1) for pair in header.decode().split("; ")]

    assert {**first, **second} == dict(cookies)
    assert len({**first, **second}) == len(cookies)

    for name in {**first, **second}:
        set_cookie(scope, name, None)
    assert get_header(scope, b"cookie") is None


@pytest.mark.parametrize(("scheme", "origin"), [("ws", b"http://testserver"), ("wss", b"https://testserver")])
def test_origin_fits_host_and_scheme(scheme, origin):
    """The origin of the site's own page has the scheme of its HTTP and the host that is asked for."""
    assert origin == fitting_origin({**build_scope("/", [], []), "scheme": scheme})


@given(st.text(min_size=1), st.lists(st.sampled_from(["wsdrf", "other"]), unique=True))
def test_token_travels_as_a_subprotocol(token, offered):
    """Any token is offered as unpadded base64url beside ``wsdrf``, which is offered once."""
    try:
        token.encode()
    except UnicodeEncodeError:
        token = "surrogates cannot travel"
    *others, last = with_token(offered, token)
    encoded = last.removeprefix("wsdrf.token.")

    assert token == urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert "=" not in last
    assert sorted({"wsdrf", *offered}) == sorted(others)


def test_copy_leaves_the_original_alone():
    """What an application does to the lists and dicts of its scope does not reach the client's next connection."""
    scope = build_scope("/", [], ["a"])
    copied = copy_scope(scope)
    assert scope == copied
    copied["subprotocols"].clear()
    copied["extensions"].clear()
    set_header(copied, b"host", None)

    assert (["a"], True, b"testserver") == (
        scope["subprotocols"],
        bool(scope["extensions"]),
        get_header(scope, b"host"),
    )
