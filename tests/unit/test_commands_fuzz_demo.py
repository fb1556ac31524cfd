"""``wsdrf_fuzz`` on the demo: nothing is found in its rooms, and they are as before."""

from __future__ import annotations

from pathlib import Path

from tests.browser.server import manage

EVERYBODY = ("alice", "bob", "carol", "mallory", "admin", "anonymous")
WHO = [word for name in EVERYBODY for word in ("--as", name)]


def test_nothing_is_found_in_the_rooms(tmp_path: Path) -> None:
    """Everybody talks at once in the public room and in a closed one; lines and members are rolled back."""
    manage(tmp_path, "demo", "--no-serve")
    count = "from rooms.models import Line, Membership; print(Line.objects.count(), Membership.objects.count())"
    before = manage(tmp_path, "shell", "-v", "0", "-c", count)

    # Who is thrown out of a room is told by 4403, and may come back to the public one.
    output = manage(
        tmp_path,
        "wsdrf_fuzz",
        "/ws/rooms/1/",
        "/ws/rooms/2/",
        *WHO,
        "--closes",
        "4403",
        "--time",  # a number ends it, and the time only where a machine is slow
        "40",
        "--examples",
        "20",
        "--save",
        str(tmp_path),
    )

    rows = [line.split() for line in output.splitlines() if line.startswith("chat.say")]
    assert 2 * len(EVERYBODY) == len(rows)
    assert any(row[1] == "alice" and row[2] != "-" for row in rows)
    assert ["-"] == list({row[2] for row in rows if row[1] == "anonymous"})
    assert before == manage(tmp_path, "shell", "-v", "0", "-c", count)
