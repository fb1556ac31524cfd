"""Where a token may travel, and that it is seen nowhere else."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from tests.unit.access_site import MembersDesk, handshake, meet, variant
from wsdrf import AuthorizationHeader, FirstMessage, QueryParameter, Subprotocol, on, requires
from wsdrf.access.carriers import scheme_of, strip_credentials, take_credentials, token_scheme
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import with_token
from wsdrf.testing.server import Response

CANARY = "canary-7f3a9"
CARRIERS = [AuthorizationHeader(), Subprotocol(), QueryParameter("key"), FirstMessage()]


class Known(AnonymousUser):
    is_authenticated = True
    pk = 1


class Keeping(BaseAuthentication):
    """Let every token in, and keep it."""

    kept: list[str] = []

    def authenticate(self, request: Any) -> Any:
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme != "Own":
            return None
        self.kept.append(token)
        return Known(), None

    def authenticate_header(self, request: Any) -> str:
        return 'Own realm="desk"'


def desk(**attributes: Any) -> Any:
    defaults = {"authentication_classes": [Keeping], "credential_carriers": CARRIERS}
    return variant(MembersDesk, **{**defaults, **attributes})


def arrived() -> list[str]:
    """Give what came, once each: where time may have passed unheard, credentials are looked at a second time."""
    kept = list(dict.fromkeys(Keeping.kept))
    Keeping.kept.clear()
    return kept


latin = st.text(st.characters(min_codepoint=33, max_codepoint=255).filter(str.isprintable), min_size=1, max_size=40)


@given(latin)
def test_subprotocol_round_trip(token):
    """A token that is offered as a subprotocol reaches its class as it was, and is not what the server answers."""
    arrived()
    payload, socket = meet(desk(), token=token)
    assert (200, [token]) == (payload["status_code"], arrived())
    assert Response(101) == socket.response
    assert "wsdrf" == socket._server.subprotocol


@given(latin)
def test_query_parameter_round_trip(token):
    """A token in the query reaches its class as it was, and the other parameters stay."""
    arrived()
    payload, _ = meet(desk(), path=f"/?a=1&key={quote(token, safe='')}&b=2")
    assert (200, [token]) == (payload["status_code"], arrived())


@given(latin)
def test_first_message_round_trip(token):
    """A token in the first message reaches its class as it was."""
    arrived()

    async def log_in() -> int:
        socket = WebsocketCommunicator(desk().as_asgi(), "/", expect_authentication=False)
        async with socket:
            await socket.send_json({"action": "authenticate", "token": token})
            return (await socket.wait_for_auth())["status_code"]

    assert (200, [token]) == (async_to_sync(log_in)(), arrived())


@given(latin.filter(lambda token: token == token.strip()))
def test_authorization_header_round_trip(token):
    """A token in the header reaches its class as it was."""
    arrived()
    payload, _ = meet(desk(), headers=[("authorization", f"Own {token}".encode("latin-1"))])
    assert (200, [token]) == (payload["status_code"], arrived())


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"subprotocols": ["wsdrf.token.YQ"]}, "Offer the subprotocol wsdrf beside the token."),
        ({"subprotocols": ["wsdrf", "wsdrf.token."]}, "The token of the subprotocol is not base64url."),
        ({"subprotocols": ["wsdrf", "wsdrf.token.YQ=="]}, "The token of the subprotocol is not base64url."),
        ({"subprotocols": ["wsdrf", "wsdrf.token.a"]}, "The token of the subprotocol is not base64url."),
        ({"subprotocols": ["wsdrf", "wsdrf.token._w"]}, "The token of the subprotocol is not base64url."),
        ({"subprotocols": ["wsdrf", "wsdrf.token.YQpi"]}, "The token of the subprotocol is not base64url."),
        ({"subprotocols": ["wsdrf", "wsdrf.token.YQ", "wsdrf.token.YQ"]}, "Send one token, in one place."),
        ({"token": "a", "headers": [("authorization", "Own a")]}, "Send one token, in one place."),
        ({"headers": [("authorization", "Own a"), ("authorization", "Own a")]}, "Send one token, in one place."),
        ({"token": "a", "path": "/?key=a"}, "Send one token, in one place."),
        ({"path": "/?key=a&key=b"}, "Send one token, in one place."),
    ],
)
def test_refused(options, detail):
    """Two credentials are none, and so is a token that is not as it should be: nobody is asked."""
    arrived()
    payload, _ = meet(desk(), **options)
    assert ((401, {"detail": detail}), []) == ((payload["status_code"], payload["data"]), arrived())


@pytest.mark.parametrize(
    ("carriers", "options"),
    [
        ([Subprotocol()], {"headers": [("authorization", "Own a")]}),
        ([AuthorizationHeader()], {"token": "a"}),
        ([AuthorizationHeader(), Subprotocol()], {"path": "/?key=a"}),
        ([QueryParameter("key")], {"path": "/?token=a"}),
    ],
)
def test_other_carriers_carry_nothing(carriers, options):
    """A token that travels where the consumer does not look is not seen by any class."""
    arrived()
    payload, _ = meet(desk(credential_carriers=carriers), **options)
    assert (401, []) == (payload["status_code"], arrived())


@pytest.mark.parametrize("offered", [["wsdrf"], ["chat", "wsdrf"], ["wsdrf.v2", "wsdrf"]])
def test_own_subprotocol_is_answered(offered):
    """``wsdrf`` is answered wherever it was offered."""
    _, socket = meet(desk(permission_classes=[]), subprotocols=offered)
    assert "wsdrf" == socket._server.subprotocol


def test_no_subprotocol_of_others_is_answered():
    """A subprotocol that wsdrf does not speak is not answered."""
    _, socket = meet(desk(permission_classes=[]), subprotocols=["chat"])
    assert socket._server.subprotocol is None


@given(st.permutations(["wsdrf", "wsdrf.token.YWJj", "chat"]))
def test_order_of_the_offer(offered):
    """It does not matter in which order the client offers."""
    assert "abc" == take_credentials(handshake(subprotocols=offered), CARRIERS).token


def test_strip_leaves_the_rest():
    """What is taken out of the scope is the token, and nothing beside it."""
    offered = with_token(["chat"], CANARY)
    scope = handshake(
        [("authorization", CANARY), ("sec-websocket-protocol", ", ".join(offered)), ("cookie", "a=1")],
        f"/?a=1&key={CANARY}&b=%20",
        subprotocols=offered,
    )
    stripped = strip_credentials(scope, CARRIERS)
    assert b"a=1&b=%20" == stripped["query_string"]
    assert ["wsdrf", "chat"] == stripped["subprotocols"]
    assert (b"cookie", b"a=1") in stripped["headers"]
    (header,) = [value for name, value in stripped["headers"] if name == b"sec-websocket-protocol"]
    assert [b"wsdrf", b"chat"] == [part.strip() for part in header.split(b",")]
    assert CANARY not in repr(stripped)
    assert CANARY in repr(scope)


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ({}, {"query_string": b""}),
        ({"subprotocols": ["wsdrf", "wsdrf.token.YQ"]}, {"subprotocols": ["wsdrf"], "headers": []}),
        (
            {"headers": [(b"Sec-WebSocket-Protocol", b"wsdrf, wsdrf.token.YQ"), (b"note", b"a, wsdrf.token.b")]},
            {"subprotocols": [], "headers": [(b"Sec-WebSocket-Protocol", b"wsdrf"), (b"note", b"a, wsdrf.token.b")]},
        ),
        ({"headers": [(b"AUTHORIZATION", b"Own a"), (b"note", b"b")]}, {"headers": [(b"note", b"b")]}),
    ],
)
def test_strip_of_what_servers_leave_out(scope, left):
    """A token goes wherever it stands, whatever else the server put into the scope or did not."""
    assert {"query_string": b"", **left} == strip_credentials(scope, CARRIERS)
    assert [] == list(AuthorizationHeader().find({}))


def challenging(challenge: Any) -> type[BaseAuthentication]:
    """Make a class that says ``challenge``; it looks at the request for that, as a project's may."""

    def header(self: Any, request: Any) -> Any:
        return challenge if request.META is not None else None

    return type("Challenging", (BaseAuthentication,), {"authenticate_header": header})


def broken() -> Any:
    raise LookupError("There is no connection.")


@pytest.mark.parametrize(
    ("authentication", "scheme"),
    [
        (TokenAuthentication, "Token"),
        (BasicAuthentication, "Basic"),
        (SessionAuthentication, ""),
        (challenging(' Bearer realm="a b"'), "Bearer"),
        (challenging(""), ""),
        (challenging("Two,Schemes x"), ""),
        (broken, ""),
    ],
)
def test_the_scheme_of_a_class_is_the_first_word_of_its_challenge(authentication, scheme):
    """What cannot be asked, or says no word that a header could begin with, has none."""
    assert scheme == scheme_of(authentication)


@pytest.mark.parametrize(
    ("classes", "scheme"),
    [
        ([], "Bearer"),
        ([SessionAuthentication, BasicAuthentication], "Bearer"),
        ([BasicAuthentication, TokenAuthentication, challenging("Own")], "Token"),
        ([broken, challenging("Own")], "Own"),
    ],
)
def test_a_token_travels_under_the_first_scheme_that_is_one_of_tokens(classes, scheme):
    """A token is no password, so never under ``Basic``."""
    assert scheme == token_scheme(classes)


def test_an_encoded_parameter_name_is_stripped():
    """A parameter whose name is written with escapes is the same parameter."""
    scope = handshake(query_string=b"k%65y=secret")
    assert "secret" == take_credentials(scope, [QueryParameter("key")]).token
    assert b"" == strip_credentials(scope, [QueryParameter("key")])["query_string"]


@pytest.mark.parametrize(
    ("query", "found", "left"),
    [
        (b"key=YWI=", ["YWI="], b""),
        (b"a=1&key=YQ==&b=2=3", ["YQ=="], b"a=1&b=2=3"),
        (b"key=", [""], b""),
        (b"key", [""], b""),
        (b"", [], b""),
        (b"\xff=1&key=a", ["a"], b"\xff=1"),
    ],
)
def test_a_parameter_is_found_and_stripped_as_it_is_written(query, found, left):
    """Whatever stands in the query, the parameter is read to its end, an empty one too, and nothing of it is left."""
    scope, carrier = handshake(query_string=query), QueryParameter("key")
    assert found == [credentials.token for credentials in carrier.find(scope)]
    assert left == carrier.strip(scope)["query_string"]


def test_repr_of_credentials():
    """Credentials do not show what they hold."""
    with pytest.raises(AuthenticationFailed) as caught:
        take_credentials(handshake([("authorization", CANARY)] * 2), CARRIERS)
    assert CANARY not in repr(take_credentials(handshake([("authorization", CANARY)]), CARRIERS)) + repr(caught.value)


class Telling(BasePermission):
    """Tell what user code can see of the connection by ``repr``."""

    told: list[str] = []

    def has_permission(self, request: Any, view: Any) -> bool:
        self.told += [repr(request), repr(request._request), repr(view.consumer.scope), repr(request._request.scope)]
        self.told += [repr(request.query_params), repr(view.consumer), repr(request.get_full_path())]
        return True


class Failing(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        raise ZeroDivisionError

    def authenticate_header(self, request: Any) -> str:
        return "Own"


class TellingDesk(MembersDesk):
    permission_classes = [Telling]

    @on("fail")
    @requires(Telling)
    async def fail(self) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("authentication", [Keeping, Failing, TokenAuthentication])
@pytest.mark.parametrize("denial", ["message", "handshake"])
@pytest.mark.parametrize("way", ["header", "subprotocol", "query", "message", "header twice"])
def test_nobody_else_sees_a_token(way, denial, authentication, db, caplog):
    """No frame, header, log record or ``repr`` has the token, however it came and whatever became of it."""
    caplog.set_level(logging.DEBUG)
    Telling.told.clear()
    consumer = variant(
        TellingDesk,
        authentication_classes=[authentication],
        denial=denial,
        credential_carriers=CARRIERS,
        revalidate_after=0,
    )
    headers = {"header": 1, "header twice": 2}.get(way, 0) * [("authorization", f"Own {CANARY}")]
    path = f"/?key={CANARY}" if way == "query" else "/"

    async def scenario() -> str:
        token = CANARY if way == "subprotocol" else None
        socket = WebsocketCommunicator(consumer.as_asgi(), path, headers, token=token, expect_authentication=False)
        connected, _ = await socket.connect()
        if connected:
            for frame in ({"action": "authenticate", "token": CANARY}, {"action": "fail"}, {"action": CANARY[:3]}):
                if way == "message" and socket.closed is None:
                    await socket.send_json(frame)
                    await socket.send_json({"action": "who", "token": CANARY})
        frames = await socket.receive_all_json(0.02) if connected else []
        await socket.disconnect()
        return repr((frames, socket.response, socket.closed))

    told = async_to_sync(scenario)()
    records = [str(vars(record)) + logging.Formatter().format(record) for record in caplog.records]
    assert [] == [line for line in [told, *Telling.told, *records] if CANARY in line]
