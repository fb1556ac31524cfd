"""The demo's people and rooms, made once and left alone afterwards."""

from __future__ import annotations

from attrs import frozen
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from rooms.models import Line, Membership, Room

PASSWORD = "open-sesame"
"""Of every demo user. Public, as the demo's settings say."""


@frozen
class DemoUser:
    """Somebody to sign in as; ``about`` says what to expect."""

    username: str
    about: str
    is_admin: bool = False


@frozen
class DemoRoom:
    """A room, its members (moderators apart) and its first lines as pairs of author and text."""

    name: str
    is_public: bool
    moderators: tuple[str, ...]
    members: tuple[str, ...]
    muted: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]


USERS = (
    DemoUser("alice", "moderates Lobby and Workshop"),
    DemoUser("bob", "is a member of Lobby and Workshop"),
    DemoUser("carol", "is a member of Studio, and muted in Lobby"),
    DemoUser("mallory", "is a stranger everywhere"),
    DemoUser("admin", "is staff and belongs to no room", is_admin=True),
)

ROOMS = (
    DemoRoom(
        "Lobby",
        is_public=True,
        moderators=("alice",),
        members=("bob",),
        muted=("carol",),
        lines=(("alice", "Welcome. Everybody may listen here; members may speak."), ("bob", "Good morning!")),
    ),
    DemoRoom(
        "Workshop",
        is_public=False,
        moderators=("alice",),
        members=("bob",),
        muted=(),
        lines=(("alice", "The glue on the oak table needs another hour."), ("bob", "I will turn the clamps at ten.")),
    ),
    DemoRoom(
        "Studio",
        is_public=False,
        moderators=(),
        members=("carol",),
        muted=(),
        lines=(("carol", "North light until three. Please close the door softly."),),
    ),
)


@transaction.atomic
def seed() -> None:
    """Make the users and rooms that are missing. What exists already stays as it is."""
    _make_users()
    for room in ROOMS:
        _make_room(room)


def _make_users() -> None:
    users = get_user_model().objects
    known = set(users.values_list("username", flat=True))
    if missing := [user for user in USERS if user.username not in known]:
        password = make_password(PASSWORD)  # slow, and once is enough for a password that everybody knows
        for user in missing:
            is_admin = user.is_admin
            users.create(username=user.username, password=password, is_staff=is_admin, is_superuser=is_admin)


def _make_room(demo: DemoRoom) -> None:
    room, is_new = Room.objects.get_or_create(name=demo.name, defaults={"is_public": demo.is_public})
    if not is_new:
        return
    users = {user.get_username(): user for user in get_user_model().objects.all()}
    for username in demo.moderators:
        Membership.objects.create(room=room, user=users[username], role=Membership.Role.MODERATOR)
    for username in demo.members + demo.muted:
        Membership.objects.create(room=room, user=users[username], is_muted=username in demo.muted)
    for author, text in demo.lines:
        Line.objects.create(room=room, author=users[author], text=text)
