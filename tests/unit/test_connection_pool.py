"""The pool of threads: bounded, hygienic, and honest about threads that nobody waits for any more."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction
from rest_framework.permissions import AllowAny

from tests.laws.living import Anybody, Life, fresh_layer
from tests.unit.sockets import until
from wsdrf import Consumer, on
from wsdrf.connection.pool import Lane, Pool, pool_of, thread_sensitive

variable: ContextVar[str] = ContextVar("variable", default="untouched")


async def test_work_runs_in_a_bounded_number_of_threads() -> None:
    """No more than its threads work at once; results and exceptions come back."""
    pool = Pool(3)
    running: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            running.append(number)
            most.append(len(running))
        time.sleep(0.005)
        with lock:
            running.remove(number)
        if number == 7:
            raise ValueError(number)
        return number

    results = await asyncio.gather(*(pool.run(work, number) for number in range(12)), return_exceptions=True)

    assert 3 == max(most)
    assert [0, 1, 2, 3, 4, 5, 6] == results[:7]
    assert isinstance(results[7], ValueError)


async def test_context_goes_to_the_thread_and_comes_back() -> None:
    """Work sees the context variables of its caller, and the caller those that the work has changed."""

    def work() -> str:
        seen = variable.get()
        variable.set("changed")
        return seen

    variable.set("mine")
    assert "mine" == await Pool(1).run(work)
    assert "changed" == variable.get()


async def test_sensitive_work_shares_one_thread() -> None:
    """Inside ``thread_sensitive`` all work goes to the thread that asgiref keeps for it."""
    pool = Pool(4)
    with thread_sensitive():
        threads = {await pool.run(threading.get_ident) for _ in range(5)}
    assert 1 == len(threads)
    assert "wsdrf" in await pool.run(lambda: threading.current_thread().name)


def test_one_pool_for_each_size() -> None:
    """Consumers that ask for as many threads share them."""
    assert pool_of(2) is pool_of(2)
    assert pool_of(2) is not pool_of(3)
    assert 3 == pool_of(3).threads


@pytest.mark.django_db(transaction=True)
async def test_no_database_connection_is_left_open() -> None:
    """A thread closes what it has opened as Django's requests do: with no ``CONN_MAX_AGE`` at once."""
    pool = Pool(1)

    def opened() -> Any:
        connections["default"].ensure_connection()
        return connections["default"].connection

    assert await pool.run(opened) is not None
    # Looked at from outside of the hygiene, in the same thread.
    assert await asyncio.get_running_loop().run_in_executor(pool._pooled._executor, _connection) is None


def _connection() -> Any:
    return connections["default"].connection


async def test_a_thread_that_is_left_is_remembered() -> None:
    """Who is cancelled waits no longer; ``settled`` and ``ended`` wait for the thread."""
    lane = Lane(Pool(2))
    began, go = threading.Event(), threading.Event()
    over: list[str] = []

    def work() -> None:
        began.set()
        go.wait(5)
        over.append("over")

    async def impatient() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(lane.run(work), 0.02)

    task = asyncio.ensure_future(lane.run(work))
    await until(began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(lane.settled(), 1)  # it was another task's
    assert [] == over
    waiting = asyncio.ensure_future(lane.ended())
    await asyncio.sleep(0.01)
    assert not waiting.done()

    go.set()
    await asyncio.wait_for(waiting, 5)

    assert ["over"] == over
    await asyncio.wait_for(lane.ended(), 1)


async def test_work_that_has_not_begun_never_does() -> None:
    """Work that is cancelled while it waits for a thread is not done, and nobody waits for it."""
    lane = Lane(Pool(1))
    began, go = threading.Event(), threading.Event()
    done: list[int] = []
    first = asyncio.ensure_future(lane.run(lambda: (began.set(), go.wait(5))))
    await until(began.is_set)
    second = asyncio.ensure_future(lane.run(done.append, 2))
    await asyncio.sleep(0.01)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second

    await asyncio.wait_for(lane.ended(), 1)
    go.set()
    await first
    await lane.run(done.append, 3)

    assert [3] == done


# -- def handlers --------------------------------------------------------------------------------------------------------


class Database(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    authenticator_class = Anybody

    @on("make")
    def make(self, payload: str) -> bool:
        Group.objects.create(name=payload)
        if payload == "bad":
            raise ValueError(payload)
        return connection.in_atomic_block

    @on("make.autocommit")
    @transaction.non_atomic_requests
    def make_autocommit(self, payload: str) -> bool:
        return self.make(payload)

    @on("thread")
    def thread(self) -> str:
        return threading.current_thread().name

    @on("tell")
    def tell(self, payload: str) -> str:
        async_to_sync(self.join)(payload)
        return ",".join(self.groups)


async def asked(life: Life, action: str, payload: Any = None) -> Any:
    number = life.call(action, payload)
    await until(lambda: any(frame.get("id") == number for frame in life.socket.frames))
    (frame,) = (frame for frame in life.socket.frames if frame.get("id") == number)
    return frame["payload"]


async def connected() -> Life:
    life = Life(Database)
    life.begin()
    await until(lambda: life.is_ready)
    return life


@pytest.mark.django_db(transaction=True)
async def test_def_handlers_honour_atomic_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``ATOMIC_REQUESTS`` a ``def`` handler is one transaction, as a view is; ``non_atomic_requests`` opts out."""
    with fresh_layer():
        life = await connected()
        assert await asked(life, "make", "one") is False
        await asked(life, "make", "bad")
        assert ["bad", "one"] == [group.name async for group in Group.objects.order_by("name")]

        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        assert await asked(life, "make", "two") is True
        await Group.objects.filter(name="bad").adelete()
        assert "error" == (await asked(life, "make", "bad"))["code"]
        assert await asked(life, "make.autocommit", "three") is False

        assert ["one", "three", "two"] == [group.name async for group in Group.objects.order_by("name")]
        assert "wsdrf" in await asked(life, "thread")
        life.socket.leave()
        await life.end()


async def test_def_handlers_may_call_back_into_the_loop() -> None:
    """A ``def`` handler calls the consumer's own methods through ``async_to_sync``."""
    with fresh_layer():
        life = await connected()
        assert "a" == await asked(life, "tell", "a")
        life.socket.leave()
        await life.end()
        assert not life.connection.membership.groups
