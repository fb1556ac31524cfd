"""Which call this code runs for, and its view, made when somebody looks at it: most calls need none."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, TypeAlias

from rest_framework.request import Request

from wsdrf.access.plan import GuardPlan
from wsdrf.access.view import View
from wsdrf.envelope import ABSENT, Call

Asked: TypeAlias = tuple[Any, Request, GuardPlan, Call]
"""What the view of a call is made of: the consumer, the connection's request, how the action is guarded, the call."""

current: Final[ContextVar[View | Asked | None]] = ContextVar("wsdrf_call", default=None)
"""The call that this code runs for, or ``None`` outside of one."""


def current_view() -> View | None:
    """Give the view of the call that this code runs for, the same each time; ``None`` outside of one."""
    now = current.get()
    if not isinstance(now, tuple):
        return now
    consumer, request, guard, call = now
    view = View(consumer, request, guard.action, guard.object_permissions)
    view._call = guard.method, {} if call.payload is ABSENT else call.payload
    current.set(view)
    return view
