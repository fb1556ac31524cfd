"""The Channels consumer that is generated for each consumer class: new data, no new code."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from django.apps import apps

from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.connection.shutdown import shutdown, turn_away

logger: logging.Logger = logging.getLogger("wsdrf.connection")


class WebsocketApplication(AsyncConsumer):
    """Run one connection. Channels' own loop and dispatch by name are not used.

    Its stock loop hops to a thread for each message, and lets a message of the channel layer call any public method.
    """

    consumer: ClassVar[type]
    root: ClassVar[type]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Be an ASGI application for one websocket.

        Raises ``ValueError`` for any other type of scope, as Channels' own applications do.
        """
        if scope["type"] != "websocket":
            raise ValueError(f"{type(self).__name__} answers websockets, not {scope['type']!r}: route it accordingly.")
        if shutdown.has_begun:
            await turn_away(scope, receive, send)
            return
        connection = Connection(blueprint_of(self.consumer, self.root), scope, receive, send)
        shutdown.include(connection.close, connection.options.drain_timeout)
        try:
            await connection.run()
        finally:
            shutdown.exclude(connection.close)


def generate(consumer: type, root: type) -> type[WebsocketApplication]:
    """Generate the Channels consumer of ``consumer``; ``root`` is wsdrf's own ``Consumer``.

    Raises ``ConfigurationError`` for a wrong option or guard.
    """
    blueprint_of(consumer, root)
    if apps.apps_ready and not apps.is_installed("wsdrf"):
        logger.warning(
            "wsdrf is not in INSTALLED_APPS: no logout ends a connection, its checks and commands are missing. Add it",
            extra={"consumer": consumer.__qualname__},
        )
    namespace = {
        "__module__": consumer.__module__,
        "__qualname__": f"{consumer.__qualname__}Application",
        "__doc__": consumer.__doc__,
        "consumer": consumer,
        "root": root,
    }
    return type(f"{consumer.__name__}Application", (WebsocketApplication,), namespace)
