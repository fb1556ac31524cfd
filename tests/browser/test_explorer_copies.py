"""What the explorer copies as a program is one: it runs as it is, once the placeholders are filled in."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from tests.browser.hall import Hall
from tests.browser.reader import CARD, Reader
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
Browse = Callable[[str], Visitor]

ODD = 'it\'s "odd" \\ $HOME `id` \u2028 \U0001f600 café'
WAYS = ["session", "subprotocol", "message", "query"]


@pytest.fixture
def reader(kept: Reader) -> Reader:
    """Open the page anew, in the window of this module."""
    return kept.again()


def copied(reader: Reader, label: str) -> str:
    """Give what is copied, which is what is shown."""
    if not reader.all(".copy[open]"):
        reader.one(".copy summary").click()
    reader.press(label, ".copy")
    reader.wait_for_text(".copy [role=status]", label)
    text = reader.one(".copy pre").get_attribute("textContent")
    assert text is not None
    return text


def prepared(reader: Reader, way: str, place: str = "HallConsumer/hall.deny", payload: object = ODD) -> None:
    """Fill in the path, the way and a payload, without connecting."""
    reader.look_at(place)
    reader.fill("name", "east", CARD)
    reader.one(f'{CARD} input[value="{way}"]').click()
    if payload is None:
        return
    if not reader.json_box().is_displayed():
        reader.labelled("Send a payload").click()
    reader.driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
        reader.json_box(),
        json.dumps(payload, indent=2, ensure_ascii=False),
    )


def filled(text: str, hall: Hall, reader: Reader) -> str:
    """Put credentials where the placeholders are."""
    assert hall.tokens["boss"] not in text
    cookie = reader.driver.get_cookie("sessionid")
    assert cookie
    assert cookie["value"] not in text
    return text.replace("YOUR-TOKEN", hall.tokens["boss"]).replace("YOUR-SESSION-ID", cookie["value"])


def run(command: list[str], folder: Path, hall: Hall, **variables: str) -> str:
    """Give what a program prints, whose standard input stays open as a terminal's does."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**hall.environment, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        try:
            printed = process.stdout.read()
            assert 0 == process.wait(60), printed
        finally:
            process.kill()
    return printed


def check(frames: list[Any]) -> None:
    """Hold what came back to what the action answers to a payload that it could read."""
    said, answer = frames
    assert ("authentication", 200) == (said["action"], said["payload"]["status_code"])
    assert ("error", "not_today", 1) == (answer["action"], answer["payload"]["code"], answer["id"])


@pytest.mark.parametrize("way", WAYS)
def test_python(hall: Hall, reader: Reader, tmp_path: Path, way: str) -> None:
    """The Python program connects in the way that was chosen, sends the payload as it is, and prints the answer."""
    prepared(reader, way)
    program = filled(copied(reader, "Python"), hall, reader)

    frames = run([sys.executable, "-W", "error", "-c", program], tmp_path, hall).splitlines()

    check([json.loads(one) for one in frames])


@pytest.mark.parametrize("way", WAYS)
def test_javascript(hall: Hall, reader: Reader, way: str) -> None:
    """The JavaScript program does the same in a page of the site."""
    prepared(reader, way)
    program = filled(copied(reader, "JavaScript"), hall, reader)
    with reader.elsewhere("leave/"):
        reader.driver.execute_script(f"window.seen = []; console.log = (one) => seen.push(one); {program}")
        # The session goes along in a cookie, and lets in before a first message comes, which then renews.
        count = 3 if way == "message" else 2
        seen = reader.wait_until(
            lambda: (found := reader.driver.execute_script("return window.seen")) and len(found) == count and found,
            f"{count} frames",
        )

    check([seen[0], *(one for one in seen[1:] if one["action"] != "authentication")])


@pytest.mark.parametrize("way", WAYS)
def test_wscat(hall: Hall, reader: Reader, modules: Path, tmp_path: Path, way: str) -> None:
    """The line for wscat does the same in a shell, which finds nothing in it to expand."""
    prepared(reader, way)
    line = filled(copied(reader, "wscat"), hall, reader)
    program = f'wscat() {{ node {shlex.quote(str(modules / "wscat" / "bin" / "wscat"))} "$@"; }}\n'

    frames = run(["bash", "-c", program + line.replace("-w 5", "-w 2")], tmp_path, hall).splitlines()

    check([json.loads(one) for one in frames])


@pytest.mark.parametrize(
    "call",
    [
        (
            "HallConsumer/hall.book",
            "session",
            {"table": 1, "guests": [{"name": "it's"}], "payment": {"by": "cash", "given": 1}},
        ),
        ("HallConsumer/hall.count", "subprotocol", None),
        ("HallConsumer/hall.ring", "message", None),
        ("StreetConsumer/street.pass", "session", None),
    ],
)
def test_wsdrf_test(hall: Hall, reader: Reader, tmp_path: Path, call: tuple[str, str, object]) -> None:
    """The test passes where the call does, as somebody who is in the test's database."""
    place, way, payload = call
    if place.startswith("Hall"):
        prepared(reader, way, place, payload)
    else:
        reader.look_at(place)
    program = copied(reader, "wsdrf test")
    if place.endswith("count"):
        program = program.replace("in socket.stream", "in first(socket.stream").replace(")]", "))]") + FIRST
    (tmp_path / "test_copied.py").write_text(program)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")  # a project of its own, whatever is above
    is_installed = any(one.name == "wsdrf" for one in entry_points(group="pytest11"))
    plugin = [] if is_installed else ["-p", "wsdrf.testing.plugin"]  # as in tests/conftest.py

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "test_copied.py"]
    assert "1 passed" in run(command, tmp_path, hall, WSDRF_TEST_DATABASE=str(tmp_path / "test.sqlite3"))


FIRST = """

async def first(items):
    async for item in items:
        yield item
        return
"""


def test_a_stream_in_python(hall: Hall, reader: Reader) -> None:
    """The program of a stream prints item after item."""
    prepared(reader, "session", "HallConsumer/hall.count", None)
    program = filled(copied(reader, "Python"), hall, reader)
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program], env=hall.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = [json.loads(process.stdout.readline()) for _ in range(4)]
        process.kill()

    assert [1, 2, 3] == [one["payload"]["n"] for one in lines[1:]]
