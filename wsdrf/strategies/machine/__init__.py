"""Try a consumer with conversations that hypothesis makes up: several people, in any order, valid and hostile."""

from __future__ import annotations

from collections.abc import Mapping
from types import new_class
from typing import Any

from typing_extensions import Unpack

from wsdrf.consumer import Consumer
from wsdrf.naming import class_name
from wsdrf.strategies.machine.machine import ConsumerMachine
from wsdrf.strategies.machine.plan import MachineOptions, Plan
from wsdrf.strategies.machine.rules import rules_of

__all__ = ["ConsumerMachine", "state_machine"]


def state_machine(
    consumer: type[Consumer],
    roles: Mapping[str, Any],
    *,
    path: Any = None,
    application: Any = None,
    **options: Unpack[MachineOptions],
) -> type[ConsumerMachine]:
    """Make a state machine that tries ``consumer`` with generated conversations of people in ``roles``.

    ``roles`` maps a name to a user, a token, ``None`` for nobody, or a callable that makes one of these for each
    example. The consumer is tried alone, with the URL captures ``kwargs``; with a ``path``, as the project's
    ``ASGI_APPLICATION`` serves it, or ``application``. Both ``path`` and ``kwargs`` may be callables, too.

    ``endless`` names the streams that are meant to go on until they are cancelled, ``closes`` the close codes with
    which the consumer itself ends connections, ``losses`` what else may befall a user: a name, and what does it to the
    user (``None``: nothing at all befalls anybody). An answer is waited for ``patience`` seconds, and a shorter
    conversation that fails is looked for during ``shrink_for`` seconds (1 by default).

    Each example has transactions, a cache and a channel layer of its own, and leaves nothing behind. Raises
    ``ValueError`` for a consumer without actions, or no roles.
    """
    name = class_name(consumer)
    if not roles:
        raise ValueError(f"Nobody tries {name}: roles is empty. Pass at least {{'anonymous': None}}.")
    plan = Plan(consumer, dict(roles), path, application, **options)
    namespace: dict[str, Any] = {
        "__module__": consumer.__module__,
        "__qualname__": f"{name}Machine",
        "__doc__": f"Try {name} as {', '.join(roles)}.",
        "plan": plan,
        **rules_of(plan),
    }
    made: type[ConsumerMachine] = new_class(
        f"{name}Machine", (ConsumerMachine,), exec_body=lambda body: body.update(namespace)
    )
    return made
