"""Redis ends and starts again under load, and what is known of its state before, meanwhile and afterwards."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from time import monotonic

import pytest
from attrs import define, field

from tests.live.client import Client, by_cookie, by_header, by_subprotocol, encoded, entered, log_out, text_of, until
from tests.live.redis import Site

pytestmark = pytest.mark.live

DOWN_SECONDS = 1.5
BACK_WITHIN = 15
"""Seconds after which everything must flow again: a hub's longest back-off is five."""


@define
class Caller:
    """A client that calls and broadcasts all the time, and what it gets. ``slowest``: seconds to an answer of a call."""

    client: Client
    name: str
    slowest: float = 0.0
    answers: Counter[str] = field(factory=Counter)
    told: list[str] = field(factory=list)
    resyncs: list[float] = field(factory=list)
    _sent: dict[int, float] = field(factory=dict)
    _tasks: list[asyncio.Task[None]] = field(factory=list)

    def begin(self) -> None:
        self._tasks = [asyncio.ensure_future(work()) for work in (self._read, self._talk)]

    async def end(self) -> None:
        """Stop calling. Raises what a task raised: a connection that died, above all."""
        for task in self._tasks:
            if not task.done():
                task.cancel()
        done = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert [] == [one for one in done if one is not None and not isinstance(one, asyncio.CancelledError)]

    @property
    def is_alive(self) -> bool:
        return not any(task.done() for task in self._tasks)

    async def _talk(self) -> None:
        for number in count():
            self._sent[number] = monotonic()
            await self.client.connection.send(text_of("note", {"n": number}, number))
            await self.client.send(
                "spread", {"text": f"{self.name} {number}", "exclude_self": True}, f"spread {number}"
            )
            await asyncio.sleep(0.05)

    async def _read(self) -> None:
        while True:
            frame = json.loads(await self.client.connection.recv())
            action = frame["action"]
            if action == "told":
                self.told.append(frame["payload"]["text"])
            elif action == "wsdrf.resync":
                assert {"action": "wsdrf.resync", "payload": None} == frame
                self.resyncs.append(monotonic())
            elif action == "noted":
                self.slowest = max(self.slowest, monotonic() - self._sent.pop(frame["id"]))
                self.answers["noted"] += 1
            else:
                self.answers[action if action != "error" else frame["payload"]["code"]] += 1


@asynccontextmanager
async def callers(site: Site, key: str) -> AsyncIterator[list[Caller]]:
    """Give a caller of each server, and one that listens on each, in the group of ``key``."""
    path, people = f"/ws/door/{key}/", site.fleet.people
    async with AsyncExitStack() as stack:
        made = []
        for server, person in zip(site.servers, (people.alice, people.bob), strict=True):
            client = await stack.enter_async_context(entered(server, path, by_cookie(person)))
            made.append(Caller(client, server.kind.name))
        for one in made:
            one.begin()
        try:
            yield made
        finally:
            for one in made:
                await one.end()


async def flows(made: list[Caller], since: list[int] | None = None) -> None:
    """Return once each caller hears what the other broadcasts from now on."""
    before = since or [len(one.told) for one in made]
    await until(lambda: all(len(one.told) > number + 3 for one, number in zip(made, before, strict=True)), BACK_WITHIN)


async def no_more_errors(made: list[Caller]) -> None:
    """Return once broadcasts flow for a while without an error. Each connection to Redis that is stale fails once."""
    started, errors = monotonic(), [-1]
    while errors != (now := [one.answers["error"] for one in made]):
        assert monotonic() - started < BACK_WITHIN, "errors do not end"
        errors = now
        await asyncio.sleep(1)
        await flows(made)


async def down(site: Site) -> None:
    await asyncio.to_thread(site.redis.stop)


async def up(site: Site) -> None:
    await asyncio.to_thread(site.redis.start)


async def test_redis_starts_again_under_load(site: Site, key: str) -> None:
    """While Redis is down all calls are answered; then broadcasts flow again, and each client is told of the gap."""
    async with callers(site, key) as made:
        await flows(made)
        assert [[], []] == [one.resyncs for one in made]
        await down(site)
        answered = [one.answers["noted"] for one in made]
        await asyncio.sleep(DOWN_SECONDS)
        assert all(one.answers["noted"] - before > 10 for one, before in zip(made, answered, strict=True))
        assert all(one.answers["error"] > 0 for one in made), "who broadcasts in vain is told so"
        assert [[], []] == [one.resyncs for one in made], "it would be of no use yet"
        started = monotonic()
        await up(site)
        await flows(made)
        flowing = monotonic() - started
        await until(lambda: all(one.resyncs for one in made), BACK_WITHIN)
        told = max(one.resyncs[0] for one in made) - started
        await no_more_errors(made)

        assert all(one.is_alive for one in made)
        assert {"noted", "complete", "error"} == {answer for one in made for answer in one.answers}
        assert all(one.slowest < 2 for one in made)
        for one in made:
            numbers = [int(text.rpartition(" ")[2]) for text in one.told]
            assert sorted(set(numbers)) == numbers, "in order and never twice"
    print(
        f"\n{site.layer}: after a start of Redis: broadcasts after {flowing:.1f} s, resync after {told:.1f} s, "
        f"slowest call {max(one.slowest for one in made) * 1000:.0f} ms, {[len(one.resyncs) for one in made]} resyncs"
    )


async def test_who_only_listens_is_told(site: Site, key: str) -> None:
    """Where nobody sends anything while Redis is down, each client is told all the same once it is back."""
    path = f"/ws/door/{key}/"
    async with (
        entered(site.here, path, by_cookie(site.fleet.people.alice)) as alice,
        entered(site.there, path, by_cookie(site.fleet.people.bob)) as bob,
    ):
        await asyncio.sleep(1)  # the hubs have settled
        await down(site)
        await up(site)
        for client in (alice, bob):
            assert {"action": "wsdrf.resync", "payload": None} == await client.receive()
        await until_it_flows(site, key, [alice, bob])


async def test_connections_come_and_go_while_redis_is_down(site: Site, key: str) -> None:
    """Who comes meanwhile is let in and answered, and told of the gap; who leaves meanwhile leaves nothing behind."""
    people, path = site.fleet.people, f"/ws/door/{key}/"
    async with AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(AsyncExitStack())
        for server in site.servers:
            await leaving.enter_async_context(entered(server, f"/ws/door/{key}-left/", by_header(people.alice)))
        assert f"key.{key}-left" in site.groups()
        await down(site)
        newcomers = []
        for server in site.servers:
            started = monotonic()
            newcomers.append(await stack.enter_async_context(entered(server, path, by_header(people.bob))))
            assert await is_answered(newcomers[-1])
            assert monotonic() - started < 2
        await leaving.aclose()
        await until(lambda: all(site_server.events(f"{key}-left", "disconnected") for site_server in site.servers))
        await up(site)
        for client in newcomers:
            assert "wsdrf.resync" == (await client.receive())["action"]
        await until_it_flows(site, key, newcomers)
        await until(lambda: f"key.{key}-left" not in site.groups())
        assert 2 == len(site.channels())
    await until(lambda: not site.groups() and not site.channels())


async def test_all_leave_while_redis_is_down(site: Site, key: str) -> None:
    """When the last connections of both servers leave meanwhile, Redis knows of no group and no channel afterwards."""
    async with AsyncExitStack() as stack:
        for server in site.servers:
            await stack.enter_async_context(entered(server, f"/ws/door/{key}/", by_header(site.fleet.people.alice)))
        await down(site)
    await until(lambda: all(server.events(key, "disconnected") for server in site.servers))
    await up(site)
    await asyncio.sleep(2)  # by now they know that it is back
    await until(lambda: not site.groups() and not site.channels(), BACK_WITHIN)
    await asyncio.sleep(1)
    assert (set(), set()) == (site.groups(), site.channels())


async def test_a_loss_while_redis_is_down_is_found(site: Site, key: str) -> None:
    """Who was locked out while Redis could tell nobody is locked out soon after it is back, though only listening."""
    person = await site.person(key)
    async with (
        entered(site.here, f"/ws/door/{key}/", by_cookie(person)) as here,
        entered(site.there, f"/ws/door/{key}/", by_cookie(person)) as there,
    ):
        await down(site)
        await site.outsider.do("deactivate", name=key)
        await up(site)
        started = monotonic()
        for client in (here, there):
            frames = await client.rest()
            assert ("authentication", 401) == (frames[-1]["action"], frames[-1]["payload"]["status_code"])
            assert 4401 == client.connection.close_code
        assert monotonic() - started < BACK_WITHIN


async def test_a_process_hears_itself_while_redis_is_down(site: Site, key: str) -> None:
    """A logout over HTTP succeeds while Redis is down, and ends the connections of its own process at once."""
    for server in site.servers:
        person = await site.person(f"{key}-{server.kind.name}")
        async with entered(server, f"/ws/door/{key}/", by_cookie(person)) as client:
            await down(site)
            try:
                started = monotonic()
                await log_out(server, person)
                actions = [frame["action"] for frame in await client.rest()]
                assert "authentication" == actions[-1]
                assert {"wsdrf.resync"} >= {*actions[:-1]}, "of the stop before"
                assert monotonic() - started < 5
            finally:
                await up(site)


async def test_redis_hangs(site: Site, key: str) -> None:
    """While Redis does not answer, calls are answered and newcomers let in after a while; then broadcasts flow again."""
    path, people = f"/ws/door/{key}/", site.fleet.people
    async with (
        entered(site.here, path, by_cookie(people.alice)) as alice,
        entered(site.there, path, by_cookie(people.bob)) as bob,
    ):
        with site.redis.hung():
            for client in (alice, bob):
                started = monotonic()
                assert await is_answered(client)
                assert monotonic() - started < 2
            async with entered(site.here, f"/ws/door/{key}-new/", by_cookie(people.alice)) as newcomer:
                assert await is_answered(newcomer)
        await until_it_flows(site, key, [alice, bob])


async def test_redis_is_emptied(site: Site, key: str) -> None:
    """After FLUSHALL, which nothing tells of, groups are joined again and each client hears of it."""
    path = f"/ws/door/{key}/"
    async with (
        entered(site.here, path, by_cookie(site.fleet.people.alice)) as alice,
        entered(site.there, path, by_cookie(site.fleet.people.bob)) as bob,
    ):
        await until(lambda: any(group.startswith("wsdrf-pulse") for group in site.groups()))
        site.redis.ask("FLUSHALL")
        if site.layer == "core":  # nothing of pub/sub is stored
            for client in (alice, bob):
                assert "wsdrf.resync" == (await client.receive())["action"]
        await until_it_flows(site, key, [alice, bob])


async def is_answered(client: Client) -> bool:
    """Call, and tell whether the call is answered; a resync may come before, for what befell Redis earlier."""
    await client.send("note", None, 0)
    while (frame := await client.receive())["action"] == "wsdrf.resync":
        pass
    return bool("noted" == frame["action"])


async def until_it_flows(site: Site, key: str, clients: list[Client]) -> None:
    """Publish until each of the clients has got something of it."""
    for client in clients:
        receiving = asyncio.ensure_future(told(client))
        deadline = monotonic() + BACK_WITHIN
        while not receiving.done() and monotonic() < deadline:
            await site.outsider.do("publish", key=key, text="there")
            await asyncio.wait({receiving}, timeout=0.2)
        assert await receiving


async def told(client: Client) -> bool:
    """Read until something is told, and no further than a resync more."""
    while (frame := await client.receive())["action"] != "told":
        assert "wsdrf.resync" == frame["action"]
    return True


# -- what Redis sees --------------------------------------------------------------------------------------------------


async def test_redis_sees_one_channel_a_process(site: Site, key: str) -> None:
    """Forty connections of two processes are two members of each of their groups, and nothing once they have gone."""
    await until(lambda: not site.groups() and not site.channels())
    people = site.fleet.people
    async with AsyncExitStack() as stack:
        for number in range(20):
            for server in site.servers:
                path = f"/ws/door/{key}-{number % 4}/"
                await stack.enter_async_context(entered(server, path, by_header(people.alice)))
        await until(lambda: 2 == sum(group.startswith("wsdrf-pulse") for group in site.groups()))
        own = {group for group in site.groups() if group.startswith("wsdrf-pulse")}
        expected = {*(f"key.{key}-{number}" for number in range(4)), "wsdrf.control"}
        assert expected == site.groups() - own
        assert 2 == len(site.channels())
        if site.layer == "pubsub":
            counts = site.redis.subscriptions()
            assert {2} == {counts[f"asgi__group__{group}"] for group in expected}
            assert 2 == sum(" sub=0 " not in line for line in site.redis.ask("CLIENT", "LIST").splitlines())
        else:
            assert {2} == {site.redis.ask("ZCARD", f"asgi:group:{group}") for group in expected}
    await until(lambda: not site.groups() and not site.channels())


async def test_redis_sees_no_secret(site: Site, key: str) -> None:
    """No session key and no token is in anything that Redis is sent, whatever befalls who has them."""
    with site.redis.watched() as seen:
        for number, deed in enumerate(("logout", "change_password", "delete_token", "delete_user")):
            person = await site.person(f"{key}-{number}")
            async with AsyncExitStack() as stack:
                for server in site.servers:
                    for by in (by_cookie, by_header, by_subprotocol):
                        await stack.enter_async_context(entered(server, f"/ws/door/{key}/", by(person)))
                    lobby = await stack.enter_async_context(entered(server, f"/ws/lobby/{key}/", by_header(person)))
                    await lobby.call("authenticate", {"token": person.token})
                names = " ".join(site.groups() | site.channels() | site.redis.stored())
                await site.outsider.do("publish", key=key, text="in the open")
                await site.outsider.do(
                    deed, **({"session": person.session} if deed == "logout" else {"name": person.name})
                )
                await site.outsider.do("throw_out_token", token=person.token)
                await site.outsider.do("throw_out_session", session=person.session)
            everything = names + " ".join(seen)
            for secret in (person.session, person.token, encoded(person.token)):
                assert secret not in everything
    everything = " ".join(seen)
    assert "in the open" in everything
    assert "wsdrf.control" in everything
