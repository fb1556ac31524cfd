"""The test case: what it connects to, and that nothing outlives its tests."""

from __future__ import annotations

import pickle
import unittest
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import TestCase, override_settings

from wsdrf.connection.pool import pool_of
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import WebsocketCommunicator, WebsocketTestCase

ended: list[str] = []


async def site(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Accept everybody; crash when spoken to; remember that the connection ended."""
    await receive()
    subprotocol = next(iter(scope["subprotocols"]), None)
    await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": scope["headers"]})
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["text"] == "count":
            users = await pool_of(1).run(get_user_model().objects.count)
            await send({"type": "websocket.send", "text": str(users)})
        else:
            raise ZeroDivisionError(event["text"])
    ended.append(scope["path"])


@override_settings(ASGI_APPLICATION=f"{__name__}.site")
class Sites(WebsocketTestCase):
    ws_path = "/ws/"

    def get_ws_headers(self):
        return {"X-Tenant": "7"}

    def get_subprotocols(self):
        return ["a"]


class WorkingTests(Sites):
    async def test_defaults_are_sent(self):
        """A communicator has path, headers and subprotocols of its class, and speaks to the project's application."""
        communicator = self.create_communicator()
        assert (True, "a") == await communicator.connect()
        assert "7" == communicator.response.headers["x-tenant"]
        assert "/ws/" == communicator.path

    async def test_defaults_can_be_replaced(self):
        """What ``create_communicator`` is given counts, empty values too."""
        communicator = self.create_communicator(path="/other/", headers=[], subprotocols=[])
        assert (True, None) == await communicator.connect()
        assert "x-tenant" not in communicator.response.headers
        assert "/other/" == communicator.path

    async def test_auth_communicator_is_one(self):
        """``auth_communicator`` is the same for the whole test."""
        assert self.auth_communicator is self.auth_communicator
        assert (True, "a") == await self.auth_communicator.connect()

    async def test_rows_of_the_test_are_seen(self):
        """Work in the pool sees what the test and its ``setUp`` made."""
        await get_user_model().objects.acreate_user("bob")
        communicator = self.create_communicator()
        await communicator.connect()
        await communicator.send_text("count")
        assert 2 == await communicator.receive_json()

    def test_sync_methods_are_tests_too(self):
        """A ``def`` test runs as in any test case."""
        assert "ann" == self.user.get_username()

    def setUp(self):
        self.user = get_user_model().objects.create_user("ann")
        self.early = self.create_communicator()

    async def test_communicators_may_be_made_in_set_up(self):
        """A communicator of ``setUp`` can be connected in the test."""
        assert (True, "a") == await self.early.connect()


class InTransactionTests(TestCase):
    async def test_pool_sees_the_transaction(self):
        """In Django's ``TestCase`` the pool works in the thread of the test's transaction, and sees its rows."""
        await get_user_model().objects.acreate_user("ann")
        communicator = WebsocketCommunicator(site, "/")
        await communicator.connect()
        await communicator.send_text("count")
        assert 1 == await communicator.receive_json()
        await communicator.disconnect()


class EndingTests(Sites):
    """Run by the tests below, not by themselves."""

    __test__ = False

    async def passing(self):
        for path in ("/1/", "/2/"):
            await self.create_communicator(path=path).connect()

    async def failing(self):
        await self.passing()
        raise LookupError

    async def crashing(self):
        await self.passing()
        await self.auth_communicator.connect()
        await self.auth_communicator.send_text("the application's own")


def run(name: str) -> unittest.TestResult:
    result = unittest.TestResult()
    ended.clear()
    unittest.TestSuite([EndingTests(name)])(result)
    return result


@pytest.mark.django_db(transaction=True)
def test_connections_end_with_a_test_that_passes():
    """What a test leaves open is disconnected when it ends."""
    result = run("passing")

    assert ([], []) == (result.errors, result.failures)
    assert ["/2/", "/1/"] == ended


@pytest.mark.django_db(transaction=True)
def test_connections_end_with_a_test_that_fails():
    """What a test leaves open is disconnected when it fails, and the failure is its own."""
    [(_, traceback)] = run("failing").errors

    assert "LookupError" in traceback
    assert ["/2/", "/1/"] == ended


@pytest.mark.django_db(transaction=True)
def test_crash_that_nobody_saw_fails_the_test():
    """An application that crashes after the last line of a test fails it, and the others are still ended."""
    [(_, traceback)] = run("crashing").errors

    assert "ZeroDivisionError: the application's own" in traceback
    assert ["/2/", "/1/"] == ended


@pytest.mark.django_db(transaction=True)
def test_debug_ends_connections_too():
    """A test that is run without a result, as debuggers do, ends its connections as well."""
    ended.clear()
    unittest.TestSuite([EndingTests("passing")]).debug()

    assert ["/2/", "/1/"] == ended


@pytest.mark.django_db(transaction=True)
def test_same_instance_runs_again():
    """An instance that is run a second time starts afresh, as a runner that repeats tests has it."""
    case = EndingTests("crashing")
    ended.clear()
    for _ in range(2):
        unittest.TestSuite([case])(result := unittest.TestResult())
        assert 1 == len(result.errors)

    assert ["/2/", "/1/"] * 2 == ended


def test_case_can_be_pickled():
    """A case that has not run can be sent to another process, as Django's parallel runner does."""
    assert "passing" == pickle.loads(pickle.dumps(EndingTests("passing")))._testMethodName


def test_missing_path_names_the_cure():
    """A case without ``ws_path`` says which class lacks it and what to write."""

    class Pathless(WebsocketTestCase):
        async def connect(self):
            self.create_communicator()

    with pytest.raises(ConfigurationError, match=r"Pathless has no ws_path\. Set ws_path"):
        Pathless("connect").debug()
