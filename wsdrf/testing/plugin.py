"""Give pytest the fixtures ``websocket`` and ``converse``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import wraps
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any, TypedDict

import pytest
from typing_extensions import Unpack

from wsdrf import testing


class WebsocketOptions(TypedDict, total=False):
    """Who connects to what: see ``websocket``."""

    application: Any
    user: Any
    token: object
    headers: Any
    subprotocols: Sequence[str]


class Websocket:
    """Open connections for one test, which end with it."""

    def __init__(self) -> None:
        self._opened = AsyncExitStack()

    async def __call__(
        self, path: str, *, connect: bool = True, **options: Unpack[WebsocketOptions]
    ) -> testing.WebsocketCommunicator:
        """Give a communicator that is connected to ``path`` and authenticated; ``connect=False`` leaves that to you.

        ``user`` is who it is, without credentials; ``token`` travels in the subprotocols. ``application`` is an ASGI
        application or a consumer class, and else the project's ``ASGI_APPLICATION``.
        """
        # Looked up here, because it needs Django: pytest loads this plugin before the settings are known.
        communicator = testing.WebsocketCommunicator(
            testing.find_application(options.get("application")),
            path,
            options.get("headers"),
            options.get("subprotocols"),
            token=options.get("token"),
        )
        if "user" in options:
            communicator.force_authenticate(options["user"])
        if connect:
            return await self._opened.enter_async_context(communicator)
        self._opened.push_async_exit(communicator)
        return communicator

    def ending(self, test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Have ``test`` end what was opened for it: its event loop may not outlive it."""

        @wraps(test)
        async def run(*args: Any, **kwargs: Any) -> None:
            async with self._opened:
                await test(*args, **kwargs)

        return run


@pytest.fixture
def websocket(request: pytest.FixtureRequest) -> Generator[Websocket, None, None]:
    """Open connections that end with the test: awaiting it with a path gives a connected communicator.

    It takes ``user``, ``token``, ``headers``, ``subprotocols``, ``application`` and ``connect=False`` besides. A test
    with a database needs ``@pytest.mark.django_db(transaction=True)``: no consumer sees what happens in a transaction
    of the event loop's thread.
    """
    opened = Websocket()
    test = request.node.obj
    if iscoroutinefunction(test):
        request.node.obj = opened.ending(test)
    yield opened
    request.node.obj = test


@pytest.fixture
def converse() -> Callable[..., None]:
    """Try a consumer with generated conversations: ``converse(RoomConsumer, {"alice": alice, "anonymous": None})``.

    It takes what ``wsdrf.strategies.state_machine`` takes, and ``settings`` of hypothesis besides. A test with a
    database needs ``@pytest.mark.django_db``. Needs hypothesis.
    """

    def run(consumer: Any, roles: Mapping[str, Any], *, settings: Any = None, **options: Any) -> None:
        # Looked up here, because it needs Django and hypothesis: pytest loads this plugin in every project.
        strategies = import_module("wsdrf.strategies")
        machine = strategies.state_machine(consumer, roles, **options)
        import_module("wsdrf.strategies.machine.case").prove(machine, settings)

    return run
