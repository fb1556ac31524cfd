"""The connections of the law of identity: what each may receive, what it is owed, and how it has to end."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import define, field

from tests.laws.identity_site import SITES, looks
from tests.laws.identity_world import Credential, World
from wsdrf.exceptions import NotConnected
from wsdrf.testing import WebsocketCommunicator
from wsdrf.testing.scope import set_cookie

EVENTS = ("identity.news", "identity.secret")
PATIENCE = 10.0
"""Seconds after which what must come is missing; nothing that passes waits so long."""


@define(eq=False)
class Peer:
    """One client. Whatever arrives must be among ``allowed``, once; all that is ``owed`` must arrive."""

    name: str
    world: World
    credential: Credential
    attention: str
    socket: WebsocketCommunicator = field(init=False)
    allowed: set[Any] = field(factory=set)
    owed: set[Any] = field(factory=set)
    may_have_seen_loss: bool = False
    """Whether there was a time when it could find out by itself that it may not be here."""
    statuses: set[int] = field(factory=set)
    """With what it may have been refused since."""
    reason: int | None = None
    """The status that it was told at its end."""
    is_dim: bool = False
    """Whether rights have changed without its hearing of it, so that it may go by what it saw last."""

    @property
    def person(self) -> Any:
        return self.credential.person

    @property
    def may_be_here(self) -> bool:
        return self.credential.holds and self.world.has(self.person, "members")

    @property
    def may_speak(self) -> bool:
        return self.may_be_here and self.world.has(self.person, "speakers")

    @property
    def is_certain(self) -> bool:
        """Tell whether nothing but a loss from now on can close it."""
        return not self.may_have_seen_loss

    @property
    def looks_each_time(self) -> bool:
        return self.attention in {"each call", "deaf"}

    @property
    def status(self) -> int:
        """Give the status of a refusal at this moment."""
        return 403 if self.credential.holds or self.credential.kind == "session" else 401

    def note(self) -> None:
        """Look at the world after a change: from now on, it may find out that it may not be here."""
        if not self.may_be_here:
            self.may_have_seen_loss = True
            self.statuses.add(self.status)

    def clear(self) -> None:
        """Note that it has looked at its credentials, and they were good."""
        self.may_have_seen_loss = self.is_dim = False
        self.statuses.clear()

    def is_told(self, told: Any) -> bool:
        return told is not None and self.attention != "deaf" and told in (self.world, self.person, self.credential)

    # -- coming ------------------------------------------------------------------------------------------------------

    async def connect(self, *, by_message: bool) -> bool:
        """Connect, by a frame if asked to; tell whether it was let in. It must be if and only if it may."""
        application = SITES[self.credential.kind, self.attention].as_asgi()
        is_session = self.credential.kind == "session"
        token = None if is_session or by_message else self.credential.text
        self.socket = WebsocketCommunicator(application, f"/{self.name}", token=token, timeout=PATIENCE)
        if is_session:
            set_cookie(self.socket.scope, "sessionid", self.credential.text)
        await self.socket.connect()
        if by_message and not is_session:
            await self.socket.send_json({"action": "authenticate", "token": self.credential.text})
        status = (await self.socket.wait_for_auth())["status_code"]
        assert (200 if self.may_be_here else self.status) == status, f"{self} was answered {status} at connect"
        if status != 200:
            await self.socket.assert_closed(4000 + status)
            await self.socket.disconnect()
        return bool(status == 200)

    # -- receiving ---------------------------------------------------------------------------------------------------

    def expect(self, key: Any, *, is_owed: bool) -> None:
        """Note that a frame may come, and whether it must."""
        self.allowed.add(key)
        if is_owed:
            self.owed.add(key)

    async def receive(self) -> Any:
        """Give the next frame, which must be one that may come; ``None`` at the end."""
        try:
            frame = await self.socket.receive_json()
        except (AssertionError, NotConnected):
            if self.socket.closed is None:
                raise
            return None
        assert self.reason is None, f"{self} received {frame} after the reason for its end"
        if frame["action"] == "authentication" and ("id" not in frame or frame["payload"]["status_code"] != 200):
            self.reason = frame["payload"]["status_code"]
            return frame
        key = _key_of(frame)
        assert key in self.allowed, f"{self} received {frame}, which it may not"
        if frame["action"] not in {*EVENTS, "error", "complete", "authentication"}:
            assert f"user-{self.person.pk}" == frame["payload"], f"{self} was answered as somebody else: {frame}"
        if frame["action"] in EVENTS:
            self.allowed.discard(key)  # once
        self.owed.discard(key)
        return frame

    async def receive_owed(self) -> bool:
        """Wait for everything that must come; tell whether the connection is still there."""
        while self.owed and await self.receive() is not None:
            pass
        return self.socket.closed is None

    async def ends(self, *statuses: int) -> None:
        """Wait for the end: nothing but what may come, then the reason, then the close that goes with it."""
        await self.socket.assert_closed(timeout=PATIENCE)
        while await self.receive() is not None:
            pass
        assert self.socket.closed is not None
        assert self.reason in {*statuses, *self.statuses}, f"{self} ended with {self.reason}"
        assert 4000 + self.reason == self.socket.closed.code
        await self.socket.disconnect()

    # -- asking ------------------------------------------------------------------------------------------------------

    async def say(self, frame: Any) -> None:
        """Send a frame, whose answer may not come; for one who is closed meanwhile, nothing happens."""
        if self.socket.closed is None:
            await self.socket.send_json(frame)

    async def send(self, action: str, call_id: str, **frame: Any) -> None:
        """Call; the answer may come."""
        self.allowed.add(call_id)
        payload = {"payload": {"user": self.sought(action)}} if action.startswith("find") else {}
        action = action.partition(" ")[0]
        await self.say({"action": action, "id": call_id, **payload, **frame})

    def sought(self, action: str) -> int:
        """Give the key of the user that ``find`` is about: oneself, or another."""
        others = [one.pk for one in self.world.people if one is not self.person and one.exists]
        return int(others[0] if action == "find another" and others else self.person.pk)

    async def answer(self, call_id: str) -> Any:
        """Wait for the answer of a call, and give it; ``None`` where the connection has ended instead."""
        while (frame := await self.receive()) is not None:
            if frame.get("id") == call_id:
                return frame
        return None

    async def looked(self) -> None:
        """Wait until it has looked at its credentials by itself, or is closed."""
        path = f"/{self.name}"
        before, clock = looks[path], asyncio.get_running_loop().time
        end = clock() + PATIENCE
        while looks[path] < before + 2 and self.socket.closed is None:
            assert clock() < end, f"{self} has not looked at its credentials"
            await asyncio.sleep(0.002)

    def __str__(self) -> str:
        return f"{self.name} ({self.credential.kind} of user-{self.person.pk}, {self.attention})"


def _key_of(frame: Any) -> Any:
    if frame["action"] in EVENTS:
        return frame["action"], frame["payload"]["number"]
    return frame.get("id")
