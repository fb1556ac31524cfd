"""The class that users subclass: it joins what is declared with what runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from channels import DEFAULT_CHANNEL_LAYER
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from wsdrf.access.caller import Caller
from wsdrf.access.carriers import Scope
from wsdrf.access.objects import as_queryset, find_object
from wsdrf.access.serializers import is_serializer
from wsdrf.collect import ConsumerType
from wsdrf.connection.application import generate
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.connection import Connection
from wsdrf.connection.expectation import Expectation
from wsdrf.connection.hub import send_parcel
from wsdrf.connection.layer import require_no_loop
from wsdrf.connection.names import check_group, group_name
from wsdrf.connection.revocation import check_code
from wsdrf.exceptions import ConfigurationError, NotConnected
from wsdrf.naming import class_name
from wsdrf.schema import describe

EventT = TypeVar("EventT")


class Consumer(metaclass=ConsumerType):
    """Answer the calls of one websocket. Subclass it, and mark methods with ``@on``.

    Options are class attributes; what a class does not set comes from ``WSDRF``, ``REST_FRAMEWORK`` or wsdrf's own
    defaults. One instance serves one connection.
    """

    queryset: ClassVar[Any] = None
    lookup_field: ClassVar[str] = "pk"
    lookup_url_kwarg: ClassVar[str | None] = None
    #: What it may send besides its replies. In DEBUG, anything else that it sends or broadcasts is an error.
    sends: ClassVar[Sequence[type]] = ()
    #: The name of the channel layer in ``CHANNEL_LAYERS``, as on Channels' consumers.
    channel_layer_alias: ClassVar[str] = DEFAULT_CHANNEL_LAYER

    #: The ASGI scope of the handshake, without tokens.
    scope: Scope
    #: The DRF request of the handshake, as it was last authenticated.
    request: Request
    #: Who is connected: a user, or what DRF's ``UNAUTHENTICATED_USER`` makes.
    user: Any
    #: What DRF calls ``request.auth``: a token, or ``None``.
    auth: Any
    #: The object that the URL names, or ``None``.
    obj: Any
    #: What the URL captured.
    kwargs: Mapping[str, Any]

    _caller: Caller
    _connection: Connection

    # -- hooks -------------------------------------------------------------------------------------------------------

    async def connected(self) -> None:
        """Be called once the client is let in and told so, before its first call is answered.

        An exception closes the connection: one that DRF answers with its status, any other with 4500.
        """

    async def build_groups(self) -> Iterable[str]:
        """Name the groups to join before ``connected``, each made with ``group_name``."""
        return ()

    async def disconnected(self, code: int) -> None:
        """Be called once, however the connection ended, if ``connected`` was. ``code`` is the close code."""

    async def handle_exception(self, exc: Exception) -> Any:
        """Be called with what a call raised. Raise it, or another, to answer an error; return a message to reply.

        By default it raises ``exc``: what DRF knows is answered with its status, code and detail.
        """
        raise exc

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Make the authenticators, as on a DRF view."""
        return [authentication() for authentication in self._caller.plan.authentication_classes]

    def get_permissions(self) -> list[Any]:
        """Make the connection's permissions, as on a DRF view. ``@requires`` adds to them, whatever this returns."""
        return [permission() for permission in self._caller.plan.permission_classes]

    def get_throttles(self) -> list[Any]:
        """Make the throttles that count connects, as on a DRF view."""
        return [throttle() for throttle in self._caller.plan.throttle_classes]

    def get_queryset(self) -> QuerySet[Any]:
        """Give the objects that the URL may name. Raises ``ImproperlyConfigured`` where ``queryset`` is none."""
        return as_queryset(self.queryset, type(self).__qualname__)

    def get_object(self) -> Any:
        """Find the object that the URL names; may be ``async def``. Its permissions are checked afterwards.

        Raises ``Http404``, or ``ImproperlyConfigured`` where the URL captures no such name.
        """
        name = self.lookup_url_kwarg or self.lookup_field
        if name not in self.kwargs:
            raise ImproperlyConfigured(
                f"{type(self).__qualname__} looks its object up by {name!r}, which its URL does not capture. "
                f"Name it in the path, or set `lookup_field` or `lookup_url_kwarg`."
            )
        return find_object(self.get_queryset(), {self.lookup_field: self.kwargs[name]})

    # -- calls -------------------------------------------------------------------------------------------------------

    async def send_message(self, message: Any) -> None:
        """Send ``message``, an instance of a ``@message`` class, to this client; wait while it does not read.

        Raises ``TypeError`` for what is no message, and in DEBUG for one that ``sends`` leaves out;
        ``NotConnected`` outside of a connection.
        """
        connection = self._link()
        connection.blueprint.check_sendable(message)
        await connection.send(connection.frame(message))

    async def broadcast(
        self, message: Any, groups: str | Iterable[str] | None = None, exclude_self: bool = False
    ) -> None:
        """Send ``message`` to every connection in ``groups`` (by default: this connection's), in every process.

        It is encoded once, arrives once with each, in the order of this connection's broadcasts, and at most once:
        a channel layer may lose it. Raises ``TypeError`` for what is no message, and what the layer raises.
        """
        names = self.groups if groups is None else [groups] if isinstance(groups, str) else groups
        checked = [check_group(name) for name in names]
        connection = self._link()
        connection.blueprint.check_sendable(message)
        await connection.membership.broadcast(message, checked, exclude_self=exclude_self)

    def expect(self, message: type[EventT]) -> Expectation[EventT]:
        """Wait for a published event inside a handler: ``await`` what this gives, which misses none from now on.

        The method that ``@receives`` the class waits for its turn behind the handler, and still gets the event then.
        Its guards decide here too: an event that they refuse is passed over. The handler's ``timeout`` ends the wait.
        Raises ``TypeError`` where no method receives the class.
        """
        return self._link().membership.expect(message, self._caller)

    async def join(self, group: str) -> None:
        """Join ``group``. Raises ``ValueError`` for a bad name, ``Busy`` beyond ``max_groups``."""
        await self._link().membership.join(group)

    async def leave(self, group: str) -> None:
        """Leave ``group``; one that was never joined is no error."""
        await self._link().membership.leave(group)

    @property
    def groups(self) -> frozenset[str]:
        """Which groups this connection is in."""
        return frozenset(self._link().membership.groups)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection with ``code``: 1000, or 3000 to 4999.

        Some servers drop the ``reason``; of a long one the first 123 bytes are sent (RFC 6455, section 5.5).
        Raises ``ValueError`` for a code that some servers cannot send.
        """
        check_code(code)
        self._link().close(code, reason)

    async def check_permissions(self) -> None:
        """Ask the guards of the connection and of the current action again. Raises what DRF raises."""
        await self._caller.check_permissions()

    async def check_object_permissions(self, obj: Any) -> None:
        """Ask the guards of the current action, or else those of the connection, about ``obj``."""
        await self._caller.check_object_permissions(obj)

    async def aget_object(self, queryset: Any, **lookup: Any) -> Any:
        """Get one object of ``queryset``, permitted. Raises ``Http404``, and what DRF raises for a refusal."""
        return await self._caller.find_object(queryset, lookup)

    # -- the application ---------------------------------------------------------------------------------------------

    @staticmethod
    def group_name(*parts: Any) -> str:
        """Make the name of a group out of ``parts``: ``group_name("room", 7) == "room.7"``.

        Different parts never share a name, whatever text a client put into them. Raises ``ValueError`` without any.
        """
        return group_name(*parts)

    @classmethod
    def publish(cls, group: str, message: Any, on_commit: bool = False) -> None:
        """Tell every connection in ``group``, in every process, of ``message``; from synchronous code.

        A consumer that ``@receives`` its class gets it in that method; to others it is sent as it is. With
        ``on_commit`` it waits for the current transaction, and is dropped if that is rolled back. Raises
        ``RuntimeError`` in asynchronous code, ``ValueError`` for a bad name, ``TypeError`` for what is no message, and
        in DEBUG for one that the consumer neither receives nor lists in ``sends``; and what the layer raises.
        """
        require_no_loop(f"{cls.__name__}.publish()", "apublish()")
        blueprint = blueprint_of(cls, Consumer)
        parcel = blueprint.event(check_group(group), message)
        send = partial(async_to_sync(send_parcel), blueprint.layer_alias, parcel)
        if on_commit:
            transaction.on_commit(send)
        else:
            send()

    @classmethod
    async def apublish(cls, group: str, message: Any, on_commit: bool = False) -> None:
        """Do what ``publish`` does, from asynchronous code."""
        if on_commit:
            await sync_to_async(cls.publish)(group, message, on_commit=True)
        else:
            blueprint = blueprint_of(cls, Consumer)
            await send_parcel(blueprint.layer_alias, blueprint.event(check_group(group), message))

    @classmethod
    def as_asgi(cls, *called: Any, **initkwargs: Any) -> Any:
        """Generate the Channels consumer, and give its ASGI application, for ``path()`` in a ``URLRouter``.

        It takes no arguments, unlike that of Channels. Raises ``ConfigurationError`` for one that is given, and for a
        wrong option or guard.
        """
        if called:
            raise ConfigurationError(
                f"{cls.__name__}.as_asgi stands in a route without its parentheses. Route to {cls.__name__}.as_asgi()."
            )
        if initkwargs:
            raise ConfigurationError(
                f"{cls.__name__}.as_asgi() was given {', '.join(initkwargs)}, and takes nothing. Set it on the class, "
                f"or on a subclass."
            )
        return generate(cls, Consumer).as_asgi()

    @classmethod
    def __wsdrf_declared__(cls) -> None:
        kinds: dict[int, tuple[Any, str]] = {}
        for route in cls.routes.values():
            method = f"{class_name(cls)}.{route.handler}()"
            kinds.setdefault(id(route.payload), (route.payload, f"What {method} takes"))
            for reply in route.replies:
                kinds.setdefault(id(reply), (reply, f"What {method} returns"))
        for kind, where in kinds.values():
            if kind is not None and not is_serializer(kind):
                describe(kind, where=where)

    def _link(self) -> Connection:
        connection: Connection | None = getattr(self, "_connection", None)
        if connection is None:
            raise NotConnected(f"{type(self).__qualname__} is not connected: only wsdrf makes one that is.")
        return connection
