"""No handler runs for who was not let in, whatever a client sends, when, and whatever the server delivers of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.live.client import (
    Headers,
    by_bad_cookie,
    by_bad_header,
    by_bad_subprotocol,
    by_cookie,
    by_header,
    frame,
    handshake,
    nobody,
    raw,
    text_of,
)
from tests.live.servers import People, Person, Server

pytestmark = pytest.mark.live

CALLS = b"".join(frame(text_of("note", {"n": n}, n)) for n in range(100))
LOGIN = frame('{"action": "authenticate", "token": "wrong"}')

Intruder = tuple[str, Callable[[Person], Headers], bytes]
INTRUDERS: dict[str, Intruder] = {
    "nobody": ("door", nobody, b""),
    "wrong cookie": ("door", by_bad_cookie, b""),
    "wrong header": ("door", by_bad_header, b""),
    "wrong subprotocol": ("door", by_bad_subprotocol, b""),
    "two identities": ("door", lambda one: [*by_header(one), *by_bad_subprotocol(one)], b""),
    "no right": ("staff", by_header, b""),
    "nobody at the gate": ("gate", nobody, b""),
    "wrong header at the gate": ("gate", by_bad_header, b""),
    "no login": ("lobby", nobody, b""),
    "wrong login": ("lobby", nobody, LOGIN),
    "wrong header in the lobby": ("lobby", by_bad_header, b""),
}


@pytest.mark.parametrize("intruder", INTRUDERS)
@pytest.mark.parametrize("patience", ["none", "response"])
async def test_no_call_of_an_intruder_runs(
    server: Server, people: People, key: str, intruder: str, patience: str
) -> None:
    """A hundred calls run no handler, sent in one segment with the handshake or as soon as it is answered."""
    name, credentials, first = INTRUDERS[intruder]
    request = handshake(server, f"/ws/{name}/{key}/", credentials(people.alice))
    async with raw(server, request + first + CALLS if patience == "none" else request) as client:
        ended = await client.ended(first + CALLS if patience == "response" else b"")

    assert [] == server.events(key)
    assert {"authentication"} >= {one["action"] for one in ended.frames}
    assert 200 not in {one["payload"]["status_code"] for one in ended.frames}


async def test_the_same_calls_run_for_who_may(server: Server, people: People, key: str) -> None:
    """The same hundred calls all run once their sender is let in: what counts the handlers does count."""
    async with raw(server, handshake(server, f"/ws/door/{key}/", by_header(people.alice))) as client:
        await client.head()
        await client.write(CALLS)
        for _ in range(101):
            await client.frame()

    assert 100 == len(server.events(key, "ran"))


ORIGINS = {
    "foreign": "https://evil.example",
    "null": "null",
    "empty": "",
    "no scheme": "127.0.0.1",
    "malformed": "http://[::1",
    "port beyond": "http://127.0.0.1:99999",
    "other port": "http://127.0.0.1:1",
    "other scheme": "https://{host}",
    "longer host": "http://{host}.evil.example",
    "user": "http://{host}@evil.example",
    "trusted host, other scheme": "http://trusted.example",
    "latin-1": "http://\xfc.example",
    "joined": "http://{host}, http://{host}",
}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("name", ["door", "gate", "lobby"])
async def test_a_page_from_elsewhere_stays_out(
    server: Server, people: People, key: str, name: str, origin: str
) -> None:
    """A foreign, null or malformed origin is refused with 403, be the session as valid as it may."""
    header = ("Origin", ORIGINS[origin].format(host=f"127.0.0.1:{server.port}"))
    request = handshake(server, f"/ws/{name}/{key}/", [*by_cookie(people.alice), header])
    async with raw(server, request) as client:
        ended = await client.ended(CALLS)

    # What is no URL at all, daphne refuses by itself; some headers do not get through uvicorn's oldest implementation.
    assert ended.refusal in {403, *([400] if server.kind.name == "daphne" else [])} or not_read(server, header), ended
    assert [] == server.events(key)


@pytest.mark.parametrize("name", ["door", "gate", "lobby"])
async def test_two_origins_stay_out(server: Server, people: People, key: str, name: str) -> None:
    """Two Origin headers, the second of them the site's own, let nobody in."""
    origins = [("Origin", "https://evil.example"), ("Origin", server.origin)]
    for headers in (origins, origins[::-1]):
        request = handshake(server, f"/ws/{name}/{key}/", [*by_cookie(people.alice), *headers])
        async with raw(server, request) as client:
            ended = await client.ended(CALLS)

        # Some servers refuse such a handshake themselves, before or after the application did.
        assert ended.refusal in {400, 403}, ended
    assert [] == server.events(key)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://trusted.example", None])
async def test_a_page_of_the_site_comes_in(server: Server, people: People, key: str, origin: str | None) -> None:
    """The site's own origin, a trusted one, and none at all let a valid session in."""
    headers = [] if origin is None else [("Origin", origin.format(port=server.port))]
    async with raw(server, handshake(server, f"/ws/gate/{key}/", [*by_cookie(people.alice), *headers])) as client:
        assert 101 == (await client.head())[0]
        await client.write(CALLS)
        for _ in range(101):
            await client.frame()

    assert 100 == len(server.events(key, "ran"))


HOSTILE: dict[str, list[tuple[str, str]]] = {
    "latin-1 cookie": [("Cookie", "sessionid=\xe9\xff; \xfc=\xdf")],
    "latin-1 header": [("Authorization", "Token \xe9\xff")],
    "two headers": [("Authorization", "Token a"), ("Authorization", "Token b")],
    "scheme alone": [("Authorization", "Token")],
    "subprotocol alone": [("Sec-WebSocket-Protocol", "wsdrf.token.YQ")],
    "subprotocol of no base64": [("Sec-WebSocket-Protocol", "wsdrf, wsdrf.token.!!!!")],
    "subprotocol twice": [("Sec-WebSocket-Protocol", "wsdrf, wsdrf.token.YQ, wsdrf.token.Yg")],
    "accept": [("Accept", "application/xml"), ("Accept-Language", "xx-\xff")],
    "foreign host": [("Host", "evil.example")],
    "underscore": [("http_authorization", "Token a"), ("Remote_User", "alice")],
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", ["door", "gate"])
async def test_a_hostile_handshake_is_refused(server: Server, key: str, name: str, hostile: str) -> None:
    """Headers that are malformed, doubled or not of ASCII are the client's own fault, and no error of the server's."""
    headers = HOSTILE[hostile]
    before = server.mark()
    has_host = not any(header == "Host" for header, _ in headers)
    async with raw(server, handshake(server, f"/ws/{name}/{key}/", headers, host=has_host)) as client:
        ended = await client.ended(CALLS)

    assert [] == server.events(key)
    if not any(not_read(server, header) for header in headers):
        assert ended.refusal in {400, 401, 403}, ended
        assert "Traceback" not in server.output(before)


def not_read(server: Server, header: tuple[str, str]) -> bool:
    """Tell whether the server answers 500 for this header before any application sees it."""
    return not (server.kind.reads_latin_1 or header[1].isascii())


async def test_a_handshake_without_host_runs_nothing(server: Server, people: People, key: str) -> None:
    """A handshake without Host, which HTTP/1.1 forbids, ends in a refusal where the server lets it pass at all."""
    request = handshake(server, f"/ws/door/{key}/", by_bad_header(people.alice), host=False)
    async with raw(server, request) as client:
        ended = await client.ended(CALLS)

    assert ended.refusal in {400, 401}, ended
    assert [] == server.events(key)


async def test_a_query_that_is_no_utf_8_is_refused(server: Server, people: People, key: str) -> None:
    """A query string of bytes that are no UTF-8 is refused, even with a valid session."""
    request = handshake(server, f"/ws/gate/{key}/?q=\xff", by_cookie(people.alice))
    async with raw(server, request) as client:
        ended = await client.ended()

    assert ended.status in {400, 403}, ended
    assert [] == server.events(key)
