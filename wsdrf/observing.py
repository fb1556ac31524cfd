"""What is told of connections and their calls to those who observe them: facts, and never what was said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, Final

from attrs import define, field

from wsdrf.naming import class_name

logger: logging.Logger = logging.getLogger("wsdrf.observing")

UNKNOWN: Final = "wsdrf.unknown"
"""Stands for every action that a consumer does not have. What a client makes up is told to nobody."""

CANCELLED: Final = 499
"""The status of a call that was ended before it was answered; DRF has none, so it is what proxies write."""

SECRET_HEADERS: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization", b"sec-websocket-protocol"})
"""Headers that may hold a secret: nobody is told them."""


@define(eq=False)
class ConnectionRecord:
    """What is known of one connection.

    ``id`` is made by wsdrf for this connection. ``status_code`` and ``code`` say why it was refused, 200 and ``"ok"``
    where it was not; ``close_code`` is known once it has ended. ``notes`` is for observers: each keeps under itself
    what it needs again.
    """

    id: str
    consumer_class: type
    _instance: Any = field(repr=False)
    began_at: float = field(factory=perf_counter, repr=False)
    status_code: int = 200
    code: str = "ok"
    close_code: int | None = None
    notes: dict[Any, Any] = field(factory=dict, repr=False)

    @property
    def consumer(self) -> str:
        """Name the consumer class: ``chat.consumers.RoomConsumer``."""
        return f"{self.consumer_class.__module__}.{class_name(self.consumer_class)}"

    @property
    def user_pk(self) -> Any:
        """Give the primary key of who is connected, ``None`` for nobody who has one."""
        return getattr(getattr(self._instance, "user", None), "pk", None)

    @property
    def duration(self) -> float:
        """Give the seconds since the first that was told of it."""
        return perf_counter() - self.began_at

    def header(self, name: str) -> str | None:
        """Give a header of the handshake, ``None`` where it has none such, or where it may hold a secret."""
        wanted = name.encode("latin-1", "replace").lower()
        found = (value for key, value in self._instance.scope.get("headers") or () if key.lower() == wanted)
        return None if wanted in SECRET_HEADERS else next((value.decode("latin-1") for value in found), None)


@define(eq=False)
class CallRecord:
    """What is known of one call: of whom, for what, and how it ended.

    ``action`` is the consumer's own name for it, or ``"wsdrf.unknown"``. ``status_code`` and ``code`` are those of the
    error that answered it, 200 and ``"ok"`` where none did, 499 and ``"cancelled"`` where nothing did. ``items`` counts
    what a stream has sent, ``None`` for what is no stream. ``duration`` is in seconds, once it has ended. ``notes`` is
    for observers, as a connection's are.
    """

    connection: ConnectionRecord
    action: str
    status_code: int = 200
    code: str = "ok"
    items: int | None = None
    began_at: float = field(factory=perf_counter, repr=False)
    duration: float = 0.0
    notes: dict[Any, Any] = field(factory=dict, repr=False)


class Observer:
    """Hear what becomes of connections and calls. Subclass it, and name it in the option ``observers``.

    Every method is called on the event loop, in the middle of things: it must neither block nor take long. What it
    raises is logged, and changes nothing. One instance of a class serves the whole process.
    """

    def connected(self, connection: ConnectionRecord) -> None:
        """Hear that a client was let in, and told so."""

    def refused(self, connection: ConnectionRecord) -> None:
        """Hear that a client was not let in; it is never ``connected``."""

    def begun(self, call: CallRecord) -> None:
        """Hear that it is a call's turn."""

    def enter(self, call: CallRecord) -> None:
        """Set context variables for the call's code: called in its context, which nobody else has.

        It is called a second time for a stream or a concurrent action, whose handler has a context of its own.
        """

    def handled(self, call: CallRecord) -> None:
        """Hear that a call has ended, however it did: once for each that has ``begun``."""

    def disconnected(self, connection: ConnectionRecord) -> None:
        """Hear that a connection has ended: once for each that was ``connected``."""


def tell(record: ConnectionRecord | CallRecord, what: str, observers: Iterable[Observer]) -> None:
    """Call the method ``what`` of each observer; what it raises is logged."""
    for observer in observers:
        try:
            getattr(observer, what)(record)
        except BaseException as error:  # an observer's failure is its own: the connection must not feel it
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            logger.exception("An observer failed", extra={"observer": type(observer).__qualname__, "event": what})


def fields_of(call: CallRecord) -> Mapping[str, Any]:
    """Give the facts of a call that has ended, as the fields of a log record."""
    fields = {
        "action": call.action,
        "user_pk": call.connection.user_pk,
        "status_code": call.status_code,
        "code": call.code,
        "duration_ms": round(call.duration * 1000, 3),
        "connection_id": call.connection.id,
        "consumer": call.connection.consumer,
    }
    return fields if call.items is None else fields | {"items": call.items}
