"""A user's places are counted exactly, whoever comes and goes, and are never kept by the dead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.access_site import MembersDesk, variant
from wsdrf.access import slots
from wsdrf.access.slots import Slot, claim, identity
from wsdrf.connection import watch
from wsdrf.testing import WebsocketCommunicator

ANN, BEA = User(pk=1, username="ann"), User(pk=2, username="bea")


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from(["claim", "release", "renew"]), st.integers(0, 9))))
def test_places(limit, steps):
    """A place is given exactly while fewer than the limit are held, and who holds one can renew it."""
    cache.clear()
    held: list[Slot] = []
    for what, number in steps:
        if what == "claim":
            slot = claim(ANN, limit)
            assert (slot is not None) == (len(held) < limit)
            held += [slot] if slot is not None else []
        elif held:
            slot = held[number % len(held)]
            if what == "renew":
                assert slot.renew()
            else:
                slot.release()
                held.remove(slot)
    assert len(held) == len({slot.key for slot in held})


def test_one_user_does_not_count_for_another():
    """Each user has places of their own."""
    assert claim(ANN, 1) is not None
    assert claim(BEA, 1) is not None
    assert claim(ANN, 1) is None


def test_the_dead_keep_no_place(monkeypatch):
    """A place that nobody renews is free after its lease; who comes back late takes it only if it still is."""
    monkeypatch.setattr(slots, "LEASE", 0)
    late = claim(ANN, 1)
    monkeypatch.setattr(slots, "LEASE", 300)
    assert late is not None
    assert late.renew()
    late.release()
    monkeypatch.setattr(slots, "LEASE", 0)
    late = claim(ANN, 1)
    monkeypatch.setattr(slots, "LEASE", 300)
    taken = claim(ANN, 1)
    assert taken is not None
    assert late is not None
    assert not late.renew()
    late.release()
    assert taken.renew()


@pytest.mark.parametrize("is_over", [False, True])
def test_a_renewed_place_has_a_lease(monkeypatch, is_over):
    """A place that was renewed ends too, whether it was renewed in time or taken once more."""
    monkeypatch.setattr(slots, "LEASE", 0 if is_over else 300)
    slot = claim(ANN, 1)
    monkeypatch.setattr(slots, "LEASE", 0)
    assert slot is not None
    assert slot.renew()
    assert claim(ANN, 1) is not None


@pytest.mark.parametrize("user", [None, AnonymousUser(), object()])
def test_who_is_nobody_has_no_identity(user):
    """Neither who is not logged in, nor what is no user at all."""
    assert identity(user) is None
    assert (User, 1) == identity(ANN)


def test_a_place_taken_in_between(monkeypatch):
    """Who finds the lease over while somebody else takes the place does not get it as well."""
    monkeypatch.setattr(slots, "LEASE", 0)
    late = claim(ANN, 1)
    monkeypatch.setattr(slots, "LEASE", 300)
    look = cache.get

    def slow_look(key: str) -> object:
        found = look(key)
        assert claim(ANN, 1) is not None
        return found

    monkeypatch.setattr(cache, "get", slow_look)
    assert late is not None
    assert not late.renew()


def socket_of(user: User, **options: object) -> WebsocketCommunicator:
    consumer = variant(MembersDesk, max_connections_per_user=2, **options)
    socket = WebsocketCommunicator(consumer.as_asgi(), "/")
    socket.force_authenticate(user)
    return socket


async def test_one_connection_too_many():
    """One too many is refused with 429 and 4429; each end gives its place back, and other users have theirs."""
    async with socket_of(ANN) as first, socket_of(BEA):
        for _ in range(3):
            async with socket_of(ANN) as second, socket_of(ANN) as third:
                assert 200 == (await second.wait_for_auth())["status_code"]
                refused = await third.wait_for_auth()
                assert (429, {"detail": "Too many connections."}) == (refused["status_code"], refused["data"])
                await third.assert_closed(4429)
        assert "ann" == (await first.call("who")).payload


async def test_revalidation_keeps_the_place():
    """To be looked at again takes no second place."""
    async with socket_of(ANN, revalidate_after=0) as first, socket_of(ANN, revalidate_after=0) as second:
        for socket in (first, second) * 3:
            assert "ann" == (await socket.call("who")).payload


async def test_one_who_listens_keeps_the_place(monkeypatch):
    """A connection that is never looked at for its credentials' sake still renews its lease."""
    monkeypatch.setattr(slots, "LEASE", 1)
    monkeypatch.setattr(watch, "LEASE", 1)
    never = {"revalidate_after": None, "revalidate_idle_after": None}
    async with socket_of(ANN, **never), socket_of(ANN, **never), socket_of(ANN) as third:
        await third.assert_closed(4429)
        await asyncio.sleep(2)
        async with socket_of(ANN) as late:
            assert 429 == (await late.wait_for_auth())["status_code"]


async def test_a_refusal_keeps_no_place():
    """Who is refused after the place was taken leaves none behind."""

    def get_object(self: object) -> None:
        raise PermissionError

    for _ in range(3):
        async with socket_of(ANN, get_object=get_object) as socket:
            assert 500 == (await socket.wait_for_auth())["status_code"]
    async with socket_of(ANN) as socket:
        assert 200 == (await socket.wait_for_auth())["status_code"]
