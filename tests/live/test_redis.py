"""Two server processes on one Redis: broadcasts, events and the end of credentials cross from one to the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from statistics import median
from time import monotonic
from typing import Any

import pytest
from attrs import define, field
from websockets.exceptions import ConnectionClosed

from tests.live.client import Client, Headers, by_cookie, by_header, by_subprotocol, entered, log_out, post, text_of
from tests.live.redis import Site
from tests.live.servers import Person

pytestmark = pytest.mark.live

AT_ONCE = 5
"""Seconds that a slow machine may take for what takes some ten milliseconds; the median is held to one second."""


@asynccontextmanager
async def everywhere(
    site: Site, path: str, person: Person, by: Callable[[Person], Headers]
) -> AsyncIterator[list[Client]]:
    """Give a client of each of the two servers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(entered(server, path, by(person))) for server in site.servers]


def told(text: str) -> dict[str, Any]:
    return {"action": "told", "payload": {"text": text}}


# -- broadcasts and events --------------------------------------------------------------------------------------------


async def test_broadcasts_reach_the_other_process(site: Site, key: str) -> None:
    """What a client of one server broadcasts comes to one of the other in its order, and to nobody of another group."""
    people, path = site.fleet.people, f"/ws/door/{key}/"
    async with (
        everywhere(site, path, people.alice, by_cookie) as both,
        entered(site.there, f"/ws/door/{key}-other/", by_header(people.bob)) as stranger,
    ):
        for one, other in (both, both[::-1]):
            for number in range(50):
                await one.send("spread", {"text": str(number), "exclude_self": True})
            assert [told(str(number)) for number in range(50)] == [await other.receive() for _ in range(50)]
            assert "pong" == (await one.call("ping"))["action"]
        assert "pong" == (await stranger.call("ping"))["action"]


async def test_an_outsider_publishes(site: Site, key: str) -> None:
    """What a process that is no server publishes reaches the clients of both servers, within a second."""
    async with everywhere(site, f"/ws/door/{key}/", site.fleet.people.alice, by_cookie) as both:
        waits = []
        for number in range(10):
            started = monotonic()
            await site.outsider.do("publish", key=key, text=str(number))
            assert [told(str(number))] * 2 == [await one.receive() for one in both]
            waits.append(monotonic() - started)
        await site.outsider.do("rename", key=key, name="new")
        greeted = {"action": "greeted", "payload": {"user": "alice", "name": "new"}}
        assert [greeted] * 2 == [await one.receive() for one in both]

    print(f"\n{site.layer}: published to both processes, median of 10: {median(waits) * 1000:.0f} ms")
    assert median(waits) < 1


async def test_rest_publishes_to_the_other_process(site: Site, key: str) -> None:
    """What a REST view of one server publishes reaches a client of the other."""
    bob = site.fleet.people.bob
    async with everywhere(site, f"/ws/door/{key}/", bob, by_header) as both:
        for server in site.servers:
            await post(server, f"/publish/{key}/", bob, text="hello")
            assert [told("hello")] * 2 == [await one.receive() for one in both]


# -- the end of credentials -------------------------------------------------------------------------------------------


@define
class Busy:
    """A client that calls and listens without a pause, and what it was answered, each with its time."""

    client: Client
    frames: list[tuple[float, dict[str, Any]]] = field(factory=list)

    async def live(self) -> None:
        """Go on until the server closes."""
        calling = asyncio.ensure_future(self._call())
        try:
            while True:
                frame = json.loads(await asyncio.wait_for(self.client.connection.recv(), 15))
                self.frames.append((monotonic(), frame))
        except ConnectionClosed:
            pass
        finally:
            calling.cancel()
            await asyncio.wait({calling})

    async def _call(self) -> None:
        number = 0
        while True:
            await self.client.connection.send(text_of("note", {"n": number}, number))
            number += 1
            await asyncio.sleep(0.03)

    def after(self, moment: float) -> list[dict[str, Any]]:
        return [frame for at, frame in self.frames if at > moment]


async def lost(site: Site, key: str, both: list[Client], loss: Callable[[], Awaitable[Any]]) -> tuple[float, set[int]]:
    """Let credentials be lost while both clients call; give the seconds to the last answer, and the close codes.

    What is published right after the loss must reach neither.
    """
    busy = [Busy(client) for client in both]
    lives = [asyncio.ensure_future(one.live()) for one in busy]
    await asyncio.sleep(0.1)
    await site.outsider.do("publish", key=key, text="before")
    started = monotonic()
    await loss()
    await site.outsider.do("publish", key=key, text="after")
    await asyncio.wait_for(asyncio.gather(*lives), 15)
    for one in busy:
        assert told("before") in [frame for _, frame in one.frames]
        assert told("after") not in [frame for _, frame in one.frames]
        last = one.frames[-1][1]
        assert "authentication" == last["action"]
        assert last["payload"]["status_code"] in {401, 403}
    seconds = max(one.frames[-1][0] for one in busy) - started
    return seconds, {code for client in both if (code := client.connection.close_code) is not None}


THROWN_OUT = {
    "user": ("throw_out", {"by": "user"}, by_cookie),
    "primary key": ("throw_out", {"by": "key"}, by_header),
    "session": ("throw_out_session", {}, by_cookie),
    "row of a token": ("throw_out", {"by": "row"}, by_header),
    "token": ("throw_out_token", {}, by_subprotocol),
}


def told_of(deed: str, person: Person) -> dict[str, str]:
    """Give what a deed needs to know of a person."""
    if deed.endswith("_token") and deed.startswith("throw"):
        return {"token": person.token}
    if deed in {"throw_out_session", "logout", "delete_session_by_sql"}:
        return {"session": person.session}
    return {"name": person.name}


@pytest.mark.parametrize("what", THROWN_OUT)
async def test_disconnect_reaches_both_processes(site: Site, key: str, what: str) -> None:
    """disconnect() in a third process ends the connections of a user, a session or a token with 4401, and no other."""
    deed, more, by = THROWN_OUT[what]
    person = await site.person(key)
    path = f"/ws/door/{key}/"
    async with (
        everywhere(site, path, person, by) as both,
        everywhere(site, f"{path[:-1]}-bystander/", site.fleet.people.bob, by_cookie) as bystanders,
    ):
        seconds, codes = await lost(site, key, both, lambda: site.outsider.do(deed, **told_of(deed, person), **more))
        assert {4401} == codes
        assert seconds < AT_ONCE
        for one in bystanders:
            assert "noted" == (await one.call("note"))["action"]


LOSSES = {
    "logout": ("door", by_cookie, 4401),
    "change_password": ("door", by_cookie, 4403),
    "deactivate": ("door", by_header, 4401),
    "delete_user": ("door", by_cookie, 4403),
    "delete_token": ("door", by_subprotocol, 4401),
    "demote": ("staff", by_cookie, 4403),
    "take_right": ("gallery", by_cookie, 4403),
    "leave_group": ("gallery", by_cookie, 4403),
    "empty_group": ("gallery", by_header, 4403),
    "take_right_of_group": ("gallery", by_header, 4403),
    "delete_group": ("gallery", by_cookie, 4403),
}


@pytest.mark.parametrize("deed", LOSSES)
async def test_a_loss_in_a_third_process_is_heard_of(site: Site, key: str, deed: str) -> None:
    """When credentials or rights are lost in another process, nothing that is published afterwards is delivered."""
    consumer, by, _ = LOSSES[deed]
    person = await site.person(key)
    if consumer == "gallery":
        await site.outsider.do("allow", name=key, by="user" if deed == "take_right" else "group")
    async with (
        everywhere(site, f"/ws/{consumer}/{key}/", person, by) as both,
        everywhere(site, f"/ws/door/{key}-bystander/", site.fleet.people.bob, by_cookie) as bystanders,
    ):
        seconds, codes = await lost(site, key, both, lambda: site.outsider.do(deed, **told_of(deed, person)))
        for one in bystanders:
            assert "noted" == (await one.call("note"))["action"]

    assert seconds < AT_ONCE
    assert codes <= {4401, 4403}
    assert 1 == len(codes)


async def test_a_logout_in_one_server_ends_what_the_other_holds(site: Site, key: str) -> None:
    """Six people log out over HTTP, of one server and the other; each time both servers' connections end in a second."""
    waits = []
    for number in range(6):
        person = await site.person(f"{key}-{number}")
        async with everywhere(site, f"/ws/door/{key}/", person, by_cookie) as both:
            seconds, codes = await lost(site, key, both, partial(log_out, site.servers[number % 2], person))
        assert {4401} == codes
        waits.append(seconds)

    print(f"\n{site.layer}: logged out, heard of in both processes, median of 6: {median(waits) * 1000:.0f} ms")
    assert median(waits) < 1


SILENT = {
    "update": by_header,
    "update_password": by_cookie,
    "delete_token_by_sql": by_subprotocol,
    "delete_session_by_sql": by_cookie,
}


async def test_a_silent_loss_is_found_in_time(site: Site, key: str) -> None:
    """What QuerySet.update or SQL takes away in another process is refused after revalidate_after, here one second."""
    async with AsyncExitStack() as stack:
        held = []
        for deed, by in SILENT.items():
            person = await site.person(f"{key}-{deed}")
            held += await stack.enter_async_context(everywhere(site, f"/ws/wary/{key}/", person, by))
            await site.outsider.do(deed, **told_of(deed, person))
        await asyncio.sleep(1)
        for client in held:
            with suppress(ConnectionClosed):  # a look that came for another reason may have found it already
                await client.send("note", {"n": 1}, 1)
            assert ["authentication"] == [frame["action"] for frame in await client.rest()]
            assert client.connection.close_code in {4401, 4403}
    assert [] == [one for server in site.servers for one in server.events(key, "ran")]
