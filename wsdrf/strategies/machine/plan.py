"""What a machine tries: which consumer, where, as whom, and what is known to be meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypedDict

from attrs import field, frozen

from wsdrf.consumer import Consumer
from wsdrf.envelope import CallId
from wsdrf.naming import class_name
from wsdrf.strategies.invalid import InvalidCall
from wsdrf.strategies.machine.script import Setting
from wsdrf.testing.application import find_application
from wsdrf.testing.server import Application


class MachineOptions(TypedDict, total=False):
    """What else ``state_machine`` takes."""

    kwargs: Mapping[str, Any] | Callable[[], Mapping[str, Any]]
    endless: Collection[str]
    closes: Collection[int]
    losses: Mapping[str, Callable[[Any], None]] | None
    patience: float
    shrink_for: float


@frozen
class Plan:
    """What a machine tries. ``path`` and ``kwargs`` may be callables, which are asked in each example."""

    consumer: type[Consumer]
    roles: Mapping[str, Any]
    path: Any = None
    application: Any = None
    kwargs: Any = None
    endless: Collection[str] = ()
    closes: Collection[int] = ()
    losses: Mapping[str, Callable[[Any], None]] | None = field(factory=dict[str, Callable[[Any], None]])
    patience: float = 5.0
    shrink_for: float = 1.0

    @property
    def is_alone(self) -> bool:
        """Tell whether the consumer is tried without the project's routes."""
        return self.application is None and (self.path is None or self.kwargs is not None)

    def build_application(self) -> Application:
        """Give the ASGI application to connect to."""
        return find_application(self.consumer if self.is_alone else self.application)

    def setting(self) -> Setting:
        """Ask where to connect, in this example."""
        name = class_name(self.consumer)
        if self.is_alone:
            application = f"{name}.as_asgi()"
        else:
            application = "find_application()" if self.application is None else "application"
        return Setting(
            consumer=name,
            module=self.consumer.__module__,
            application=application,
            path=_asked(self.path) or "/",
            kwargs={**(_asked(self.kwargs) or {})},
        )


def _asked(given: Any) -> Any:
    return given() if callable(given) else given


@frozen
class Utterance:
    """A frame to send: text, bytes, or a dict, whose id becomes another where it was had before.

    ``wrong`` is what is wrong with it, ``cancels`` the id of the call that it cancels.
    """

    frame: str | bytes | dict[str, Any]
    wrong: InvalidCall | None = None
    cancels: CallId = None
