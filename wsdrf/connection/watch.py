"""Look at the credentials of a connection again when they get old, end, or may have changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from socket import gethostname
from typing import Any, Final, Protocol

from rest_framework.exceptions import NotAuthenticated

from wsdrf.access.authentication import AuthenticationResult
from wsdrf.access.caller import Caller
from wsdrf.access.failures import status_text
from wsdrf.access.slots import LEASE
from wsdrf.connection.membership import Membership
from wsdrf.connection.parcel import Parcel
from wsdrf.connection.revocation import own_groups
from wsdrf.deadline import within
from wsdrf.exceptions import CredentialsLost, TimedOut, Unverified
from wsdrf.options import Options

MARGIN: Final = 0.05
"""Seconds after the stated end of credentials at which they are looked at: no clock is that exact."""

MAX_UNVERIFIED: Final = 3
"""How often in a row a look may fail for a reason of our own, such as a database that is down."""

RETRY_AFTER: Final = 5.0
"""Seconds until the next look after one that failed, a fifth more or less: those who failed at once look apart."""

MISSED_WITHIN: Final = 5.0
"""Seconds within which a connection is looked at that may not have been told of something."""


class Owner(Protocol):
    """What a watch needs of its connection."""

    def dismiss(self, result: AuthenticationResult, code: int | None = None) -> None:
        """Tell the client why, and close."""

    def failed_with(self, error: Exception) -> None:
        """Log ``error``, which is none of the client's doing, and close."""

    def close(self, code: int) -> None:
        """Close."""


class Watch:
    """The timer of one connection, and the task that it starts; neither waits for a handler."""

    __slots__ = (
        "_caller",
        "_context",
        "_has_missed",
        "_idle_after",
        "_is_stopped",
        "_leaving",
        "_membership",
        "_next",
        "_options",
        "_owner",
        "_task",
        "_timer",
        "_unverified",
    )

    def __init__(self, owner: Owner, caller: Caller, membership: Membership, options: Options) -> None:
        self._owner = owner
        self._caller = caller
        self._context = copy_context()
        self._membership = membership
        self._options = options
        self._idle_after = options.revalidate_idle_after
        if options.max_connections_per_user is not None:  # a look renews the lease of the user's place
            self._idle_after = min(self._idle_after or LEASE / 2, LEASE / 2)
        self._timer: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._next: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._is_stopped = False
        self._has_missed = False
        self._unverified = 0

    async def begin(self) -> None:
        """Watch over credentials that have just been found to be good: be told of what befalls them, set the timer."""
        self._unverified = 0
        self._has_missed = False
        if self._caller.request is not None:
            own = own_groups(self._caller.request)
            self._catch_up(await self._membership.own(own, self._caller.checked_at))
        self._arm()

    def heed(self, notice: dict[str, Any]) -> None:
        """Hear that the caller is thrown out, that a session is over, or that credentials may have changed."""
        kind, code, reason = (notice.get(name) for name in ("kind", "code", "reason"))
        if kind == "disconnect" and isinstance(code, int):
            self._owner.dismiss(_thrown_out(code), code)
        elif kind == "drain" and notice.get("host") in (None, gethostname()):
            self._leave_within(notice.get("seconds"))
        elif kind == "missed":  # a notice may be among what was lost
            self._caller.doubt()
            self._has_missed = True
            if self._task is None:
                self._arm()
        elif reason in self._options.revoke_on:
            self._caller.doubt()
            self._look(self._end if kind == "end" else self._check)

    def _catch_up(self, missed: list[Parcel] | None) -> None:
        """Heed what the connection was told between its authentication and its joining of the groups."""
        if missed is None:
            self._caller.doubt()
            self._look(self._check)
        for notice in missed or ():
            # Not within the task that enters: who is closed by it could not be cancelled.
            asyncio.get_running_loop().call_soon(self.heed, notice.payload)

    async def stop(self) -> None:
        """Look no more."""
        self._is_stopped = True
        self._disarm()
        if self._leaving is not None:
            self._leaving.cancel()
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait({task})

    def _leave_within(self, seconds: Any) -> None:
        if self._leaving is None and isinstance(seconds, (int, float)):
            # Spread, so that those who come back do not all do so at once.
            wait = random.uniform(0, seconds)  # noqa: S311
            self._leaving = asyncio.get_running_loop().call_later(wait, self._owner.close, 4503)

    def _look(self, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._is_stopped:
            return
        if self._next != self._end:  # nothing is to come after an end
            self._next = look
        if self._task is None:
            self._disarm()
            self._membership.hold()
            # As a part of this connection, and not of the hub that brought the notice.
            self._task = self._context.copy().run(asyncio.get_running_loop().create_task, self._run())

    async def _run(self) -> None:
        try:
            while self._next is not None:
                look, self._next = self._next, None
                await look()
        except Exception as error:  # whoever could not be looked at gets nothing more
            self._owner.failed_with(error)
        finally:
            self._task = None
        self._membership.open()  # a connection that was closed takes nothing more
        self._arm()

    async def _check(self) -> None:
        try:
            await within(self._options.authentication_timeout, self._caller.revalidate())
        except CredentialsLost as lost:
            self._owner.dismiss(lost.result)
        except (TimedOut, Unverified):
            self._unverified += 1
            if self._unverified >= MAX_UNVERIFIED:
                self._owner.close(4500)
        else:
            await self.begin()

    async def _end(self) -> None:
        self._owner.dismiss(await self._caller.refused(NotAuthenticated(), self._caller.request))

    def _arm(self) -> None:
        self._disarm()
        waits = [] if self._caller.seconds_left is None else [self._caller.seconds_left + MARGIN]
        if self._idle_after is not None:
            # Jitter keeps connections that came at once, after a restart, from asking the database at once for ever.
            waits.append(self._idle_after * random.uniform(0.8, 1))  # noqa: S311
        if self._unverified:
            waits.append(RETRY_AFTER * random.uniform(0.8, 1.2))  # noqa: S311
        if self._has_missed:  # spread, because all connections of the process hear of it at once
            waits.append(random.uniform(0, MISSED_WITHIN))  # noqa: S311
        if waits and not self._is_stopped:
            self._timer = asyncio.get_running_loop().call_later(min(waits), self._fire)

    def _fire(self) -> None:
        left, idle = self._caller.seconds_left, self._idle_after
        is_due = self._has_missed or self._unverified or (left is not None and left <= 0)
        if not is_due and idle is not None and self._caller.age < idle * 0.8:
            self._arm()  # a call has had them looked at meanwhile
        else:
            self._has_missed = False
            self._look(self._check)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _thrown_out(code: int) -> AuthenticationResult:
    status = code - 4000 if 4400 <= code < 4600 else 401
    return AuthenticationResult(False, status, status_text(status), {"detail": "The connection was ended."})
