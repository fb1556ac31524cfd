"""The demo's rights: who may do what in its rooms is what ``examples/chat/rights.json`` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.server import CHAT, manage

EVERYBODY = ("anonymous", "alice", "bob", "carol", "mallory", "admin")
ROOMS = {"Lobby": "/ws/rooms/1/", "Workshop": "/ws/rooms/2/", "Studio": "/ws/rooms/3/"}
WHO = [word for name in EVERYBODY for word in ("--as", name)]
WHERE = [word for path in ROOMS.values() for word in ("--path", path)]
SNAPSHOT = CHAT / "rights.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the demo's database as it is after seeding."""
    folder = tmp_path_factory.mktemp("demo")
    manage(folder, "demo", "--no-serve")
    return folder


def test_rights_are_those_of_the_snapshot(folder: Path) -> None:
    """A right that widens fails here, and is to be looked at in a diff of the file."""
    manage(folder, "wsdrf_matrix", *WHO, *WHERE, "--snapshot", str(SNAPSHOT), "--fail-on-unguarded")


def test_a_right_that_widens_would_be_noticed(folder: Path, tmp_path: Path) -> None:
    """Were it so that mallory, a stranger, could not enter the public room: the matrix would fail, saying so."""
    stricter = tmp_path / "rights.json"
    line = (
        '"(connect)": {"anonymous": "401 not_authenticated", "alice": "yes", "bob": "yes", "carol": "yes", "mallory": '
    )
    text = SNAPSHOT.read_text("utf-8")
    stricter.write_text(text.replace(line + '"yes"', line + '"403 not_a_member"', 1), "utf-8")

    with pytest.raises(
        AssertionError, match=r"\+ RoomConsumer /ws/rooms/1/ \(connect\) mallory +403 not_a_member -> yes"
    ):
        manage(folder, "wsdrf_matrix", *WHO, *WHERE, "--snapshot", str(stricter))


def test_routes_are_listed(folder: Path) -> None:
    """Each action of the room has its line, and nothing is said to be out of reach."""
    header, *lines = manage(folder, "wsdrf_routes").splitlines()

    assert ["path", "consumer", "action", "payload", "reply", "guards", "throttles"] == header.split()
    assert {"/ws/rooms/<int:pk>/"} == {line.split()[0] for line in lines}
    assert {"chat.say", "room.kick"} < {line.split()[2] for line in lines}
    assert "Said*" in manage(folder, "wsdrf_routes", "--action", "chat.history")
