"""``manage.py demo``: from nothing to a served chat, on more than one server, and again."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests.browser.server import manage, serve

TABLES = ("auth_user", "rooms_room", "rooms_membership", "rooms_line")


def counts(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "chat.sqlite3")) as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def test_seeds_once(tmp_path: Path) -> None:
    """A second start changes nothing and says the same: the address, the users, the password."""
    first = manage(tmp_path, "demo", "--no-serve", "--port", "8123")
    before = counts(tmp_path)

    assert first == manage(tmp_path, "demo", "--no-serve", "--port", "8123")
    assert before == counts(tmp_path)
    for word in ("http://127.0.0.1:8123/", "alice", "bob", "carol", "mallory", "admin", "password"):
        assert word in first


def test_project_is_sound(tmp_path: Path) -> None:
    """Django's own checks find nothing, and the migrations say what the models say."""
    assert "no issues" in manage(tmp_path, "check")
    assert "No changes" in manage(tmp_path, "makemigrations", "--check", "--dry-run")


@pytest.mark.live
@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_servers(tmp_path: Path, server: str) -> None:
    """Either server gives the page, its files, the REST API and the WebSocket: a line said on one is read on the other."""
    with serve(tmp_path, "--server", server) as url:
        for path in ("", "static/rooms/page.js", "static/rooms/page.css"):
            with urllib.request.urlopen(url + path, timeout=10) as answer:
                assert 200 == answer.status
        token = ask(url + "api/token/", {"username": "bob", "password": "open-sesame"})["token"]
        headers = {"Authorization": f"Token {token}"}
        with connect(f"ws://{urlsplit(url).netloc}/ws/rooms/1/", additional_headers=headers, proxy=None) as ws:
            assert 200 == json.loads(ws.recv(timeout=10))["payload"]["status_code"]
            ws.send(json.dumps({"action": "chat.say", "payload": {"text": f"Under {server}."}, "id": "a"}))
            said = json.loads(ws.recv(timeout=10))
        lines = ask(url + "api/rooms/1/lines/", headers=headers)

    assert ("chat.said", "a") == (said["action"], said["id"])
    assert [said["payload"]] == [line for line in lines if line["text"] == f"Under {server}."]


def ask(url, data=None, headers=None, method=None):
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
        return json.loads(answer.read() or "null")
