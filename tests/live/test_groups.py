"""Groups on a real server: broadcasts, events published from REST, streams, and a client that does not read."""

from __future__ import annotations

from time import monotonic

import pytest

from tests.live.client import (
    by_cookie,
    by_header,
    entered,
    frame,
    handshake,
    post,
    raw,
    text_of,
    until,
)
from tests.live.servers import KINDS, People, Server

pytestmark = pytest.mark.live

FEELING = [name for name, kind in KINDS.items() if kind.feels_back_pressure]


async def test_a_broadcast_reaches_its_group(server: Server, people: People, key: str) -> None:
    """What one client broadcasts reaches the others of its group, itself if it wants, and nobody of another group."""
    path = f"/ws/door/{key}/"
    async with (
        entered(server, path, by_cookie(people.alice)) as alice,
        entered(server, path, by_header(people.bob)) as bob,
        entered(server, f"/ws/door/{key}-other/", by_header(people.bob)) as stranger,
    ):
        await alice.send("spread", {"text": "all"})
        await alice.send("spread", {"text": "others", "exclude_self": True}, "done")
        told = [{"action": "told", "payload": {"text": text}} for text in ("all", "others")]
        assert told == [await bob.receive(), await bob.receive()]
        frames = [await alice.receive(), await alice.receive()]
        assert told[0] in frames
        assert {"action": "complete", "payload": None, "id": "done"} in frames
        assert "pong" == (await stranger.call("ping"))["action"]


async def test_broadcasts_keep_their_order(server: Server, people: People, key: str) -> None:
    """Three hundred broadcasts of one call arrive once each and in their order."""
    path = f"/ws/door/{key}/"
    async with (
        entered(server, path, by_cookie(people.alice)) as alice,
        entered(server, path, by_header(people.bob)) as bob,
    ):
        for number in range(200):
            await alice.send("spread", {"text": str(number), "exclude_self": True})
        texts = [(await bob.receive())["payload"]["text"] for _ in range(200)]

    assert [str(number) for number in range(200)] == texts


async def test_rest_publishes_to_the_socket(server: Server, people: People, key: str) -> None:
    """What a REST view publishes arrives as it is, or as what the method that receives it makes of it."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as alice:
        assert {"by": "bob"} == await post(server, f"/publish/{key}/", people.bob, text="hello")
        assert {"action": "told", "payload": {"text": "hello"}} == await alice.receive()

        await post(server, f"/publish/{key}/", people.bob, name="new")
        assert {"action": "greeted", "payload": {"user": "alice", "name": "new"}} == await alice.receive()


async def test_an_event_does_not_wait_behind_a_handler(server: Server, people: People, key: str) -> None:
    """A message that no method receives goes out although a handler of the same connection runs."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as alice:
        await alice.send("wait")
        await until(lambda: server.events(key, "waiting"))
        await post(server, f"/publish/{key}/", people.bob, text="now")

        assert {"action": "told", "payload": {"text": "now"}} == await alice.receive()


async def test_a_stream_is_delivered_and_can_be_cancelled(server: Server, people: People, key: str) -> None:
    """A stream's items come in order and end with complete; cancel ends one early, and the connection goes on."""
    async with entered(server, f"/ws/door/{key}/", by_cookie(people.alice)) as client:
        await client.send("stream", {"items": 3}, "s")
        frames = [await client.receive() for _ in range(4)]
        assert [*(("item", n) for n in range(3)), ("complete", None)] == [
            (one["action"], one["payload"] and one["payload"]["n"]) for one in frames
        ]
        assert {"s"} == {one["id"] for one in frames}

        await client.send("stream", {"items": 10**9, "pause": 0.01}, "endless")
        await client.receive()
        await client.send("cancel", id="endless")
        while (await client.receive())["action"] != "complete":
            pass
        assert "noted" == (await client.call("note"))["action"]
    await until(lambda: 2 == len(server.events(key, "streamed")))


@pytest.mark.parametrize("server", FEELING, indirect=True)
@pytest.mark.parametrize("how", ["stream", "broadcasts"])
async def test_a_client_that_does_not_read_is_let_go(server: Server, people: People, key: str, how: str) -> None:
    """Who does not read loses the groups within send_timeout; the others get every broadcast, and soon."""
    path = f"/ws/door/{key}/"
    request = handshake(server, path, by_header(people.alice))
    before = server.mark()
    async with (
        entered(server, path, by_header(people.bob)) as bob,
        raw(server, request, receive_buffer=4096) as stuck,
    ):
        await stuck.head()
        stuck.reader._transport.pause_reading()  # type: ignore[attr-defined]  # the one way not to read at all
        await until(lambda: 2 == len(server.events(key, "connected")))
        if how == "stream":
            await stuck.write(frame(text_of("stream", {"items": 10**9, "size": 50_000})))
        started = monotonic()
        slowest = 0.0
        while not server.events(key, "disconnected"):
            assert monotonic() - started < 4, "send_timeout is 2 seconds"
            sent = monotonic()
            await bob.send("spread", {"size": 50_000 if how == "broadcasts" else 1})
            assert "told" == (await bob.receive())["action"]
            slowest = max(slowest, monotonic() - sent)

        assert slowest < 1
        assert [4408] == [one["code"] for one in server.events(key, "disconnected")]
        assert [[]] == [one["groups"] for one in server.events(key, "disconnected")]
        assert "Traceback" not in server.output(before)
        await bob.send("spread", {"text": "after"})
        assert "after" == (await bob.receive())["payload"]["text"]


@pytest.mark.parametrize("server", ["daphne"], indirect=True)
async def test_daphne_never_tells_of_a_client_that_does_not_read(server: Server, people: People, key: str) -> None:
    """Daphne takes every frame into its own memory, so nobody notices; the others get their broadcasts all the same."""
    path = f"/ws/door/{key}/"
    request = handshake(server, path, by_header(people.alice))
    async with (
        entered(server, path, by_header(people.bob)) as bob,
        raw(server, request, receive_buffer=4096) as stuck,
    ):
        await stuck.head()
        stuck.reader._transport.pause_reading()  # type: ignore[attr-defined]  # the one way not to read at all
        await until(lambda: 2 == len(server.events(key, "connected")))
        for number in range(100):
            await bob.send("spread", {"text": str(number), "size": 50_000})
            assert str(number) == (await bob.receive())["payload"]["text"].rstrip("x")

        assert [] == server.events(key, "disconnected")


async def test_a_stream_lets_others_have_their_turn(server: Server, people: People, key: str) -> None:
    """While a stream of twenty thousand items that never waits goes on, another connection is answered in between."""
    path = f"/ws/door/{key}/"
    async with (
        entered(server, path, by_cookie(people.alice)) as alice,
        entered(server, path, by_cookie(people.bob)) as bob,
    ):
        await alice.send("stream", {"items": 20_000}, 1)
        await alice.receive()
        for n in range(10):
            assert n == (await bob.call("note", {"n": n}))["payload"]["n"]

        assert [] == server.events(key, "streamed")
