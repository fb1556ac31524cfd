"""The generated TypeScript client in a browser: what the demo ships, driven against the demo's server."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import CHAT, environment, free_port, wait_for
from tests.browser.test_demo import ask
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

RUN = """
const done = arguments[arguments.length - 1];
const [body, given] = arguments;
import("/static/rooms/client/index.js")
  .then((made) => new Promise((resolve, reject) => {
    const name = (error) => ({ ...error, name: error.name });
    const failure = (work) => work.then((value) => ({ value }), name);
    const until = async (condition) => {
      while (!condition()) await new Promise((go) => setTimeout(go, 20));
    };
    SCENARIOS[body]({ made, given, failure, until }).then(resolve, reject);
  }))
  .then((value) => done({ value }), (error) => done({ error: `${error.name}: ${error.message}` }));

const SCENARIOS = {
  async talk({ made, given, failure }) {
    const room = new made.RoomConsumerClient(location.origin, { params: { pk: given.room }, ...given.options });
    await room.connect();
    const said = await room.call("chat.say", { text: "From a browser." });
    const members = (await room.call("room.members")).map((one) => one.username);
    const lines = [];
    for await (const line of room.stream("chat.history", { limit: 200 })) lines.push(line.text);
    const refused = await failure(room.call("chat.say", { text: "" }));
    const { code, statusCode, errors, name } = refused;
    const isOpen = room.isOpen;
    room.close();
    const after = (await failure(room.call("room.members"))).name;
    return { said, members, last: lines.at(-1), error: { name, code, statusCode, errors }, isOpen, after };
  },

  async cancel({ made, given, failure }) {
    const sent = [];
    const Watched = class extends WebSocket {
      send(text) { sent.push(JSON.parse(text)); super.send(text); }
    };
    const options = { params: { pk: given.room }, WebSocket: Watched, ...given.options };
    const room = new made.RoomConsumerClient(location.origin, options);
    await room.connect();
    for (const text of ["one", "two", "three"]) await room.call("chat.say", { text });
    let items = 0;
    for await (const _ of room.stream("chat.history", {})) if (++items === 2) break;
    const stopped = new AbortController();
    const aborted = await failure((async () => {
      for await (const _ of room.stream("chat.history", {}, { signal: stopped.signal })) stopped.abort();
    })());
    const answers = (await room.call("room.members")).length > 0;
    room.close();
    const frames = sent.filter(({ action }) => action === "chat.history" || action === "cancel");
    return { items, aborted: aborted.name, answers, frames: frames.map(({ action, id }) => [action, id]) };
  },

  async listen({ made, given, until }) {
    const clients = [0, 1].map(
      () => new made.RoomConsumerClient(location.origin, { params: { pk: given.room }, ...given.options }));
    await Promise.all(clients.map((one) => one.connect()));
    const heard = [];
    const stop = clients[0].on("chat.said", (said) => heard.push(said.text));
    await clients[1].call("chat.say", { text: "first" });
    await until(() => heard.length === 1);
    stop();
    await clients[1].call("chat.say", { text: "second" });
    await clients[0].call("room.members");
    for (const one of clients) one.close();
    return heard;
  },

  async refused({ made, given, failure }) {
    let opened = 0;
    const Counted = class extends WebSocket {
      constructor(...how) { super(...how); opened++; }
    };
    const options = { params: { pk: given.room }, WebSocket: Counted, backoff: 10, maxBackoff: 50, ...given.options };
    const room = new made.RoomConsumerClient(location.origin, options);
    const { name, closing } = await failure(room.connect());
    await new Promise((go) => setTimeout(go, 500));
    return { name, closing, opened };
  },

  async expire({ made, given }) {
    const asked = [];
    const token = () => { asked.push(given.tokens[asked.length]); return asked.at(-1); };
    const options = { params: { pk: given.room }, token, backoff: 50, maxBackoff: 500 };
    const room = (window.room = new made.RoomConsumerClient(location.origin, options));
    window.asked = asked;
    window.codes = [];
    room.on("close", ({ code }) => window.codes.push(code));
    await room.connect();
    return asked;
  },

  async renew({ failure }) {
    while (!window.codes.length) {
      await failure(window.room.call("room.members")); // the call that notices it fails, or waits for the new connection
      await new Promise((go) => setTimeout(go, 300));
    }
    const members = await window.room.call("room.members");
    window.room.close();
    return { codes: window.codes, asked: window.asked, members: members.length };
  },

  async stay({ made, given, failure }) {
    const options = { params: { pk: given.room }, backoff: 50, maxBackoff: 500, maxQueue: 1, ...given.options };
    const room = (window.room = new made.RoomConsumerClient(location.origin, options));
    window.seen = [];
    room.on("close", (closing) => window.seen.push(["close", closing.code, closing.isFinal]));
    for (const event of ["open", "resync"]) room.on(event, () => window.seen.push([event]));
    await room.connect();
    return room.isOpen;
  },

  async wait({ failure, until }) {
    await until(() => !window.room.isOpen);
    window.waiting = window.room.call("chat.say", { text: "Said while the server was away." });
    return (await failure(window.room.call("room.members"))).name;
  },

  async back() {
    const said = await window.waiting;
    const [first, ...rest] = window.seen.splice(0);
    window.room.close();
    const codes = rest.filter(([event]) => event === "close").map(([, code]) => code);
    return { text: said.text, first, rest: rest.map(([event]) => event), codes };
  },
};
"""


def run(visitor: Visitor, scenario: str, **given: Any) -> Any:
    """Give what a scenario resolves with in the visitor's window."""
    visitor.driver.set_script_timeout(60)
    found = visitor.driver.execute_async_script(RUN, scenario, given)
    assert "error" not in found, found
    return found["value"]


def room_of(url: str, username: str, name: str) -> dict[str, Any]:
    """Give the options of who has a token, and the room's id."""
    token = ask(url + "api/token/", {"username": username, "password": "open-sesame"})["token"]
    rooms = ask(url + "api/rooms/", headers={"Authorization": f"Token {token}"})
    return {"room": next(room["id"] for room in rooms if room["name"] == name), "options": {"token": token}}


@pytest.mark.parametrize("carrier", ["session", "subprotocol", "message"])
def test_calls_streams_and_errors(demo: str, visitor: Visitor, carrier: str) -> None:
    """By session and by either carrier: a reply, a stream to its end, an error with its field; nothing after closing."""
    given = room_of(demo, "bob", "Workshop")
    if carrier == "session":
        visitor.sign_in("bob")
        del given["options"]
    else:
        given["options"]["carrier"] = carrier

    found = run(visitor, "talk", **given)

    assert ("bob", "From a browser.") == (found["said"]["author"], found["said"]["text"])
    assert "bob" in found["members"]
    assert "From a browser." == found["last"]
    [field] = found["error"].pop("errors")
    assert {"name": "CallError", "code": "invalid", "statusCode": 400} == found["error"]
    assert (["payload", "text"], "too_short") == (field["loc"], field["code"])
    assert (True, "Disconnected") == (found["isOpen"], found["after"])
    assert [] == visitor.complaints()


def test_cancel(demo: str, visitor: Visitor) -> None:
    """Leaving a stream, and aborting it, each send one ``cancel`` with the stream's id; the connection goes on."""
    found = run(visitor, "cancel", **room_of(demo, "bob", "Workshop"))

    streams = [id for action, id in found["frames"] if action == "chat.history"]
    assert [
        ["chat.history", streams[0]],
        ["cancel", streams[0]],
        ["chat.history", streams[1]],
        ["cancel", streams[1]],
    ] == (found["frames"])
    assert (2, "AbortError", True) == (found["items"], found["aborted"], found["answers"])


def test_events(demo: str, visitor: Visitor) -> None:
    """What another says is heard, until one no longer listens."""
    assert ["first"] == run(visitor, "listen", **room_of(demo, "bob", "Workshop"))


@pytest.mark.parametrize(
    ("username", "token", "code"), [("mallory", None, 4403), ("bob", "no-such-token", 4401)], ids=["stranger", "token"]
)
def test_a_refusal_is_final(demo: str, visitor: Visitor, username: str, token: str | None, code: int) -> None:
    """Who is refused is told why, and does not come back to be refused again."""
    given = room_of(demo, username, "Workshop")
    given["options"]["token"] = token or given["options"]["token"]

    found = run(visitor, "refused", **given)

    assert ("Disconnected", code, True, 1) == (
        found["name"],
        found["closing"]["code"],
        found["closing"]["isFinal"],
        found["opened"],
    )
    assert "after login" == found["closing"]["retry"]
    assert found["closing"]["detail"]


class Mortal:
    """The demo, at one port and with one database, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.url = f"http://127.0.0.1:{self._port}/"
        self.database = folder / "chat.sqlite3"
        self.start()

    def start(self) -> None:
        log = self._folder / "server.log"
        command = [sys.executable, "manage.py", "demo", "--port", str(self._port)]
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                command, cwd=CHAT, env=environment(self._folder), stdout=sink, stderr=subprocess.STDOUT
            )
        wait_for(self.url, self._process, log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def mortal(tmp_path: Path, chromium: str, chromedriver: str) -> Iterator[Mortal]:
    folder = tmp_path / "mortal"
    folder.mkdir()
    mortal = Mortal(folder)
    yield mortal
    mortal.kill()


def test_a_killed_server_is_found_again(mortal: Mortal, browse: Any) -> None:
    """What is called while the server is away waits for it, within its bound; the client is back by itself."""
    visitor = browse(mortal.url)
    assert run(visitor, "stay", **room_of(mortal.url, "bob", "Workshop"))
    mortal.kill()
    assert "QueueFull" == run(visitor, "wait")
    mortal.start()

    found = run(visitor, "back")

    assert "Said while the server was away." == found["text"]
    assert ["open"] == found["first"]
    assert ("close", ["open", "resync"]) == (found["rest"][0], found["rest"][-2:])
    assert {1006} == set(found["codes"])


def test_a_token_that_ends(mortal: Mortal, browse: Any) -> None:
    """A token that is taken away closes with 4401; the function is asked again, and the client is back by itself."""
    visitor = browse(mortal.url)
    given = room_of(mortal.url, "bob", "Workshop")
    tokens = [given["options"]["token"], "f" * 40]
    assert tokens[:1] == run(visitor, "expire", room=given["room"], tokens=tokens)
    with closing(sqlite3.connect(mortal.database)) as database, database:
        database.execute("UPDATE authtoken_token SET key = ? WHERE key = ?", (tokens[1], tokens[0]))

    found = run(visitor, "renew")

    assert {"codes": [4401, 1000], "asked": tokens} == {name: found[name] for name in ("codes", "asked")}
    assert found["members"]


def test_the_page_comes_back_by_itself(mortal: Mortal, browse: Any) -> None:
    """The demo's page says that the line broke, keeps what was being typed, and is in again with the room's lines."""
    visitor = browse(mortal.url)
    visitor.sign_in("bob")
    visitor.enter("Lobby")
    before = visitor.lines()
    visitor.one("#text").send_keys("Half a ")
    mortal.kill()
    visitor.wait_for_text("#state", "The line broke (1006). Coming back")
    mortal.start()
    visitor.wait_for_text("#state", "You are in.")
    visitor.say("thought.")

    visitor.wait_until(lambda: [*before, "Half a thought."] == visitor.lines(), "the old lines and the new one")
