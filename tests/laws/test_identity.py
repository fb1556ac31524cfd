"""Whatever befalls somebody's credentials, in whatever order: only who may is answered, and only who may hears."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import define
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from tests.unit.access_site import MembersDesk
from wsdrf import message, on
from wsdrf.connection.hub import deliver_locally
from wsdrf.connection.parcel import NOTICE, Parcel
from wsdrf.connection.revocation import user_group
from wsdrf.testing import WebsocketCommunicator


@message("identity.news")
class News:
    number: int


@define
class World:
    """Whose each token is, and who is a member: what the connection may find out, and the model knows."""

    tokens: dict[str, int]
    members: set[int]


world = World({}, set())


class ByWorld(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        token = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Token ")
        if token not in world.tokens:
            raise AuthenticationFailed
        return User(pk=world.tokens[token], username=str(world.tokens[token])), token

    def authenticate_header(self, request: Any) -> str:
        return "Token"


class IsMember(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.user.pk in world.members


class Members(MembersDesk):
    authentication_classes = [ByWorld]
    permission_classes = [IsMember]
    revalidate_after = None
    revalidate_idle_after = None
    sends = [News]

    async def build_groups(self) -> list[str]:
        return ["news"]

    @on("act")
    async def act(self) -> str:
        return self.user.username


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["login", "renew", "renew as another", "delete", "demote", "promote", "act", "listen", "save"]),
        st.integers(0, 2),
    ),
    min_size=3,
    max_size=14,
)


@define
class Peer:
    """One client, and what the model says of it: whose it is and by which token."""

    socket: WebsocketCommunicator
    user: int
    token: str

    @property
    def may(self) -> bool:
        return world.tokens.get(self.token) == self.user and self.user in world.members


class Play:
    """Plays the steps, and holds the connections to the model."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.count = 0
        world.tokens, world.members = {}, {0, 1}

    def issue(self, user: int) -> str:
        self.count += 1
        world.tokens[f"token-{self.count}"] = user
        return f"token-{self.count}"

    async def step(self, what: str, user: int) -> None:
        own = [peer for peer in self.peers if peer.user == user]
        if what == "login":
            await self.login(user)
        elif what == "delete":
            world.tokens = {token: whose for token, whose in world.tokens.items() if whose != user}
        elif what == "demote":
            world.members.discard(user)
        elif what == "promote":
            world.members.add(user)
        if what in {"delete", "demote", "save"}:
            deliver_locally(
                Parcel((user_group(user),), "", event=NOTICE, payload={"kind": "recheck", "reason": "user"})
            )
            await self.listen()  # at once, while the credentials are being looked at
        elif what == "listen":
            await self.listen()
        for peer in own:
            if what.startswith("renew"):
                await self.renew(peer, user if what == "renew" else (user + 1) % 3)
            elif what == "act":
                assert str(user) == (await peer.socket.call("act")).payload

    async def login(self, user: int) -> None:
        token = self.issue(user)
        peer = Peer(WebsocketCommunicator(Members.as_asgi(), "/", token=token), user, token)
        await peer.socket.__aenter__()
        assert (200 if peer.may else 403) == (await peer.socket.wait_for_auth())["status_code"]
        if peer.may:
            self.peers.append(peer)
        else:
            await self.gone(peer, [4403])

    async def renew(self, peer: Peer, user: int) -> None:
        token = self.issue(user)
        await peer.socket.send_json({"action": "authenticate", "token": token, "id": "renew"})
        if user == peer.user:
            assert 200 == (await peer.socket.receive_json())["payload"]["status_code"]
            peer.token = token
        else:
            await self.ends(peer)

    async def listen(self) -> None:
        """Tell the news: who may hears exactly that, who may not hears why, and is closed."""
        self.count += 1
        await Members.apublish("news", News(number=self.count))
        for peer in list(self.peers):
            if peer.may:
                assert self.count == (await peer.socket.receive_message(News)).number
            else:
                await self.ends(peer)

    async def ends(self, peer: Peer) -> None:
        self.peers.remove(peer)
        await peer.socket.assert_closed(timeout=1)
        frames = await peer.socket.receive_all_json(0)
        assert ["authentication"] == [frame["action"] for frame in frames]
        await self.gone(peer, [4401, 4403])

    async def gone(self, peer: Peer, codes: list[int]) -> None:
        await peer.socket.assert_closed(timeout=1)
        assert peer.socket.closed is not None
        assert peer.socket.closed.code in codes
        await peer.socket.disconnect()


@given(STEPS)
@settings(max_examples=25)
def test_only_who_may(steps):
    """Logins, renewals, losses, calls and news in any order: nothing is answered or delivered that the model forbids."""

    async def play() -> None:
        playing = Play()
        try:
            for what, user in (("login", 0), ("login", 1), *steps):
                await playing.step(what, user)
        finally:
            for peer in playing.peers:
                await peer.socket.disconnect()

    asyncio.run(play())
