"""The generated Python client against real servers: calls, streams, events, credentials that end, servers that die."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import SECONDS, until
from tests.live.generated import PERSON, Mortal, in_project, python_client
from tests.live.servers import Fleet, People, Server, free_port

pytestmark = [pytest.mark.live, pytest.mark.parametrize("server", ["uvicorn", "daphne"], indirect=True)]


@pytest.fixture(scope="module")
def made(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the package that ``manage.py wsdrf_client python`` makes of the live project."""
    return python_client(tmp_path_factory.mktemp("made"), "live_client")


@pytest.fixture
def url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}"


def options(made: Any, **more: Any) -> Any:
    return made.Options(
        **{"timeout": SECONDS, "backoff": 0.05, "max_backoff": 0.5, "websocket": {"proxy": None}} | more
    )


def as_of(made: Any, person: Any, **more: Any) -> dict[str, Any]:
    return {"token": person.token, "options": options(made, **more)}


# -- talking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("carrier", ["header", "subprotocol", "message"])
async def test_a_call_gives_the_reply(made: Any, url: str, people: People, key: str, carrier: str) -> None:
    """With a token by each carrier: a typed reply, a bare one, and ``None`` where the handler gives nothing."""
    client = made.LobbyClient(url, {"key": key}, carrier=carrier, **as_of(made, people.alice))
    async with client:
        assert made.Noted(n=7, together=1) == await client.call("note", made.Note(n=7))
        assert "alice" == await client.call("whoami")
        assert await client.call("spread", made.Spread(times=0)) is None


async def test_answers_find_their_calls(made: Any, url: str, people: People, key: str) -> None:
    """Of fifty calls at once, each gets its own answer."""
    async with made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as client:
        answers = await asyncio.gather(*(client.call("note", made.Note(n=n)) for n in range(50)))

    assert [answer.n for answer in answers] == list(range(50))


async def test_a_session_is_a_header(made: Any, url: str, people: People, key: str) -> None:
    """A cookie in the options' headers lets in whom it belongs to."""
    cookie = {"Cookie": f"sessionid={people.bob.session}"}
    async with made.DoorClient(url, {"key": key}, options=options(made, headers=cookie)) as client:
        assert "bob" == await client.call("whoami")


async def test_a_refused_call_raises(made: Any, url: str, people: People, key: str) -> None:
    """A ``CallError`` says status, code and fields; the connection goes on."""
    async with made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as client:
        with pytest.raises(made.CallError) as invalid:
            await client.call("note", made.Note(n=-1))
        with pytest.raises(made.CallError) as denied:
            await client.call("admin", made.Note())
        with pytest.raises(made.CallError) as failed:
            await client.call("break")
        assert client.is_open

    assert (400, "invalid") == (invalid.value.status_code, invalid.value.code)
    assert [(("payload", "n"), "too_small")] == [(one.loc, one.code) for one in invalid.value.errors]
    assert (403, "permission_denied") == (denied.value.status_code, denied.value.code)
    assert (500, "error") == (failed.value.status_code, failed.value.code)


async def test_a_call_without_answer_times_out(made: Any, url: str, people: People, key: str) -> None:
    """After the call's own timeout."""
    async with made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as client:
        with pytest.raises(TimeoutError):
            await client.call("wait", timeout=0.2)


async def test_a_stream_gives_its_items(made: Any, url: str, people: People, key: str) -> None:
    """In order, to the end."""
    async with made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as client:
        items = [item async for item in client.stream("stream", made.Stream(items=20))]

    assert [made.Item(n=n, text="x") for n in range(20)] == items


async def test_leaving_a_stream_cancels_it(made: Any, url: str, server: Server, people: People, key: str) -> None:
    """After a ``break``, the server stops, and the connection goes on."""
    async with made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as client:
        async for item in client.stream("stream", made.Stream(items=100_000, pause=0.01)):
            if item.n == 3:
                break
        await until(lambda: server.events(key, "streamed"))
        assert "alice" == await client.call("whoami")

    assert server.events(key, "streamed")[0]["items"] < 100_000


async def test_events_are_heard(made: Any, url: str, people: People, key: str) -> None:
    """By a function and by a coroutine function, until they no longer listen."""
    heard: list[Any] = []

    async def hear(told: Any) -> None:
        heard.append(told)

    async with (
        made.DoorClient(url, {"key": key}, **as_of(made, people.alice)) as alice,
        made.DoorClient(url, {"key": key}, **as_of(made, people.bob)) as bob,
    ):
        alice.on(made.Told, hear)
        stop = alice.on(made.Told, heard.append)
        await bob.call("spread", made.Spread(text="all"))
        await until(lambda: len(heard) == 2)
        stop()
        await bob.call("spread", made.Spread(text="again"))
        await until(lambda: len(heard) == 3)
        with pytest.raises(ValueError, match="does not send"):
            alice.on(made.Note, hear)

    assert [made.Told(text="all"), made.Told(text="all"), made.Told(text="again")] == heard


# -- credentials ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuser", ["Door", "Gate"])
async def test_a_refusal_is_final(made: Any, url: str, people: People, key: str, refuser: str) -> None:
    """By frame or by handshake: a wrong token is not shown again, and calls say why there is no connection."""
    asked: list[str] = []
    closings: list[Any] = []

    def token() -> str:
        asked.append("wrong")
        return people.alice.token[::-1]

    client = getattr(made, f"{refuser}Client")(url, {"key": key}, token=token, options=options(made))
    client.on("close", closings.append)
    with pytest.raises(made.Disconnected) as refused:
        await client.connect()
    with pytest.raises(made.Disconnected):
        await client.call("whoami")

    assert refused.value.closing.code in ({4401} if refuser == "Door" else {4401, 4403})
    assert made.Retry.AFTER_LOGIN is refused.value.closing.retry
    assert ["wrong", "wrong"] == asked  # at first, and once more: it might have been renewed
    assert [True] == [closing.is_final for closing in closings]


async def keep_calling(client: Any) -> None:
    """Call again and again, because credentials are looked at when somebody calls."""
    for _ in range(50):
        await client.call("whoami")
        await asyncio.sleep(0.2)


async def test_a_token_that_ended_is_asked_anew(made: Any, url: str, server: Server, key: str) -> None:
    """The server closes with 4401; the function is asked again, and the client is back by itself."""
    name, tokens = f"anew-{key}", [f"{key}-1", f"{key}-2"]
    in_project(server.folder, PERSON, name, tokens[0])
    given: list[str] = []
    closings: list[Any] = []

    def token() -> str:
        given.append(tokens[min(len(given), 1)])
        return given[-1]

    async with made.WaryClient(url, {"key": key}, token=token, options=options(made)) as client:
        client.on("close", closings.append)
        assert name == await client.call("whoami")
        await asyncio.to_thread(in_project, server.folder, PERSON, name, tokens[1])
        with pytest.raises(made.Disconnected):
            await keep_calling(client)
        assert name == await client.call("whoami")

    assert (4401, False) == (closings[0].code, closings[0].is_final)
    assert [tokens[0], tokens[1]] == given[:2]


def jwt(seconds: float) -> str:
    """Give what looks like a JWT, short enough for a key of Django REST framework's."""
    claims = json.dumps({"exp": int(time.time() + seconds)}).encode()
    return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


async def test_a_token_is_renewed_in_place(made: Any, url: str, server: Server, key: str) -> None:
    """Before it expires the function is asked again, and the connection stays as it is."""
    name, first, second = f"renewed-{key}", jwt(12), jwt(4000)
    in_project(server.folder, PERSON, name, first)
    given: list[str] = []
    closings: list[Any] = []

    async def token() -> str:
        if given:
            await asyncio.to_thread(in_project, server.folder, PERSON, name, second)
        given.append(second if given else first)
        return given[-1]

    # This one looks at credentials that are a second old, and would find that the first token is gone.
    async with made.WaryClient(url, {"key": key}, token=token, options=options(made, renew_before=11.5)) as client:
        client.on("close", closings.append)
        await until(lambda: len(given) == 2)
        await asyncio.sleep(1.5)
        assert name == await client.call("whoami")

        third = f"{key}-3"
        await asyncio.to_thread(in_project, server.folder, PERSON, name, third)
        await client.renew(third)
        await asyncio.sleep(1.5)
        assert name == await client.call("whoami")
        assert [] == closings

    assert [first, second] == given


# -- servers that die -------------------------------------------------------------------------------------------------


@pytest.fixture
def mortal(fleet: Fleet, server: Server, tmp_path: Path) -> Iterator[Mortal]:
    mortal = Mortal(fleet, server, tmp_path)
    yield mortal
    mortal.kill()


async def test_a_killed_server_is_found_again(made: Any, mortal: Mortal, people: People, key: str) -> None:
    """What was under way fails; what is called meanwhile waits and is done; too much is refused at once."""
    seen: list[str] = []
    client = made.DoorClient(
        f"ws://127.0.0.1:{mortal.port}", {"key": key}, **as_of(made, people.alice, timeout=60.0, max_queue=2)
    )
    async with client:
        for event in ("open", "close", "resync"):
            client.on(event, lambda *_, event=event: seen.append(event))
        under_way = asyncio.create_task(client.call("wait"))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(mortal.kill)
        with pytest.raises(made.Disconnected):
            await under_way
        waiting = [asyncio.create_task(client.call("note", made.Note(n=n))) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(made.QueueFull):
            await client.call("whoami")
        await asyncio.to_thread(mortal.start)

        assert [0, 1] == [answer.n for answer in await asyncio.gather(*waiting)]

    assert "close" == seen[0]
    assert {"open", "resync"} <= set(seen)


async def test_a_server_that_is_not_there_is_tried_with_patience(made: Any, server: Server, key: str) -> None:
    """Attempts keep their distance, and ``connect`` gives up after its time."""
    attempts: list[Any] = []
    client = made.DoorClient(
        f"ws://127.0.0.1:{free_port()}",
        {"key": key},
        options=options(made, connect_timeout=2.0, max_backoff=30.0, backoff=0.2),
    )
    client.on("close", attempts.append)
    with pytest.raises(TimeoutError):
        await client.connect()

    assert 1 <= len(attempts) <= 20  # the random times add up to 2 s by then: their bounds are 0.2, 0.4, 0.8, ...
    assert {made.Retry.BACK_OFF, made.Retry.NEVER} >= {closing.retry for closing in attempts}
