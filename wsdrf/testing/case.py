"""Test a project's sockets with Django's test runner."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from inspect import iscoroutinefunction
from typing import Any
from unittest import TestResult

from django.test import TransactionTestCase

from wsdrf.exceptions import ConfigurationError
from wsdrf.testing.application import find_application
from wsdrf.testing.communicator import WebsocketCommunicator
from wsdrf.testing.scope import Headers


class WebsocketTestCase(TransactionTestCase):
    """Test the sockets of the project's ``ASGI_APPLICATION`` at ``ws_path``, in ``async def`` test methods.

    What ``create_communicator()`` made is disconnected when the test method ends, also when it fails, and an exception
    that an application raised fails the test.
    """

    ws_path: str | None = None
    """Where to connect, such as ``"/ws/rooms/1/"``; ``setUp()`` may set it."""

    _made: AsyncExitStack
    _auth_communicator: WebsocketCommunicator | None

    def __call__(self, result: TestResult | None = None) -> None:
        """Run the test, and disconnect what it made before its event loop ends."""
        with self._ending():
            super().__call__(result)

    def debug(self) -> None:
        """Run the test without catching its exceptions."""
        with self._ending():
            super().debug()

    def get_ws_headers(self) -> Headers:
        """Give the headers of each communicator; override it."""
        return []

    def get_subprotocols(self) -> Sequence[str]:
        """Give the subprotocols that each communicator offers; override it."""
        return []

    def create_communicator(
        self,
        *,
        path: str | None = None,
        headers: Headers | None = None,
        subprotocols: Sequence[str] | None = None,
        application: Any = None,
    ) -> WebsocketCommunicator:
        """Make a communicator, not yet connected; what is not given is the class's own.

        ``application`` is an ASGI application or a consumer class. Raises ``ConfigurationError`` where there is no path
        or no application.
        """
        target = path or self.ws_path
        if not target:
            name = type(self).__qualname__
            raise ConfigurationError(f'{name} has no ws_path. Set ws_path = "/ws/..." on it, or pass path="/ws/...".')
        communicator = WebsocketCommunicator(
            find_application(application),
            target,
            self.get_ws_headers() if headers is None else headers,
            self.get_subprotocols() if subprotocols is None else subprotocols,
        )
        self._made.push_async_exit(communicator)
        return communicator

    @property
    def auth_communicator(self) -> WebsocketCommunicator:
        """The test's own communicator, made when it is first asked for with everything from the class."""
        if self._auth_communicator is None:
            self._auth_communicator = self.create_communicator()
        return self._auth_communicator

    @contextmanager
    def _ending(self) -> Generator[None, None, None]:
        """Have the test method end what was made; its event loop does not outlive it, so a tearDown is too late."""
        self._made = AsyncExitStack()
        self._auth_communicator = None
        test = getattr(self, self._testMethodName)
        if not iscoroutinefunction(test):
            yield
            return

        async def run() -> None:
            async with self._made:
                await test()

        setattr(self, self._testMethodName, run)
        try:
            yield
        finally:
            # Back to the class's own method, so that the case can run again and be pickled.
            delattr(self, self._testMethodName)
