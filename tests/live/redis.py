"""A Redis of the tests' own, and a site of two server processes that have nothing in common but it and the database."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import pytest
from attrs import define, field, frozen
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.live.servers import END_SECONDS, KINDS, START_SECONDS, TREE, Fleet, Person, Server, eventually, free_port

LAYERS: Final = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}
INSTALL: Final = "apt-get install redis-server"


@define
class RedisServer:
    """A ``redis-server`` that keeps nothing on disk, so that it starts again with nothing."""

    program: str
    folder: Path
    port: int = field(factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder))
        with (self.folder / "redis.log").open("ab") as log:
            process = self.process = subprocess.Popen(
                [self.program, "--port", str(self.port), *options], stdout=log, stderr=subprocess.STDOUT
            )
        eventually(lambda: process.poll() is not None or self.answers(), START_SECONDS)
        if process.poll() is not None:
            pytest.fail(f"redis-server does not start:\n{(self.folder / 'redis.log').read_text()}", pytrace=False)

    def stop(self) -> None:
        """End the process by its id, if it runs."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it neither answer nor end meanwhile."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except RedisError:
            return False

    def ask(self, *command: str) -> Any:
        """Give Redis's own answer to a command."""
        once = Retry(NoBackoff(), 0)  # the default would wait for a Redis that is down
        with Redis(port=self.port, decode_responses=True, retry=once) as client:
            return client.execute_command(*command)

    def stored(self) -> set[str]:
        """Give the names of all that is stored."""
        return set(self.ask("KEYS", "*"))

    def subscriptions(self) -> dict[str, int]:
        """Give the channels that somebody is subscribed to, and how many connections are."""
        names = self.ask("PUBSUB", "CHANNELS", "*")
        flat = self.ask("PUBSUB", "NUMSUB", *names)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Write down each command that Redis gets meanwhile, as ``MONITOR`` tells of it."""
        seen: list[str] = []
        begun = Event()

        def listen() -> None:
            with Redis(port=self.port) as client, client.monitor() as monitor:
                begun.set()
                for one in monitor.listen():
                    seen.append(str(one["command"]))
                    if seen[-1].endswith("the end"):
                        return

        thread = Thread(target=listen)
        thread.start()
        try:
            assert begun.wait(START_SECONDS)
            yield seen
        finally:
            self.ask("ECHO", "the end")
            thread.join(END_SECONDS)


@frozen
class Outsider:
    """A Django process of the project that is no server; see ``tests.live.app.outsider``."""

    process: subprocess.Popen[str]

    async def do(self, deed: str, **arguments: str) -> Any:
        """Have something done, and give what came of it."""
        return await asyncio.to_thread(self._do, deed, arguments)

    def _do(self, deed: str, arguments: dict[str, str]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([deed, arguments]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(END_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()


@frozen
class Site:
    """Two server processes and one that is none, on one database and one layer."""

    layer: str
    redis: RedisServer
    fleet: Fleet
    outsider: Outsider

    @property
    def here(self) -> Server:
        return self.fleet.server(KINDS["uvicorn"])

    @property
    def there(self) -> Server:
        return self.fleet.server(KINDS["daphne"])

    @property
    def servers(self) -> tuple[Server, Server]:
        return self.here, self.there

    async def person(self, name: str) -> Person:
        """Make somebody whom a test can do away with."""
        return Person(**await self.outsider.do("create", name=name))

    def channels(self) -> set[str]:
        """Ask Redis for the channels of processes that it knows."""
        if self.layer == "pubsub":
            return {name for name in self.redis.subscriptions() if "specific" in name}
        groups = [key for key in self.redis.stored() if key.startswith("asgi:group:")]
        return {member for group in groups for member in self.redis.ask("ZRANGE", group, "0", "-1")}

    def groups(self) -> set[str]:
        """Ask Redis for the groups that somebody is a member of."""
        if self.layer == "pubsub":
            names = self.redis.subscriptions()
            return {name.partition("__group__")[2] for name in names if "__group__" in name}
        return {key.removeprefix("asgi:group:") for key in self.redis.stored() if key.startswith("asgi:group:")}


@contextmanager
def served(layer: str, folder: Path, require: Callable[[str, str], str]) -> Iterator[Site]:
    """Give a site, and end it whatever happens."""
    redis = RedisServer(require("redis-server", INSTALL), folder)
    redis.start()
    try:
        hosts = [f"redis://127.0.0.1:{redis.port}/0"]
        fleet = Fleet(
            folder,
            {
                "WSDRF_LIVE_DATABASE": str(folder / "live.sqlite3"),
                "WSDRF_LIVE_LAYERS": json.dumps({"default": {"BACKEND": LAYERS[layer], "CONFIG": {"hosts": hosts}}}),
                "WSDRF_LIVE_OPTIONS": json.dumps({"REVALIDATE_AFTER": 60}),
            },
        )
        outsider = _outsider(fleet, folder)
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(fleet.server, (KINDS["uvicorn"], KINDS["daphne"])))
            yield Site(layer, redis, fleet, outsider)
        finally:
            outsider.end()
            fleet.end()
    finally:
        redis.stop()


def _outsider(fleet: Fleet, folder: Path) -> Outsider:
    home = folder / "outsider"
    home.mkdir()
    with (home / "output.log").open("wb") as log:
        return Outsider(
            subprocess.Popen(
                [sys.executable, "-m", "tests.live.app.outsider"],
                cwd=TREE,
                env=fleet.environment(home),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        )
