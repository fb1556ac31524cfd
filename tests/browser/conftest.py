"""The demo on a free port, and a headless Chromium to look at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

import wsdrf
from tests.browser.visitor import Visitor

CHAT = Path(__file__).resolve().parents[2] / "examples" / "chat"
START_SECONDS = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--window-size=1360,860",
)


@pytest.fixture(scope="session")
def chromium(require: Callable[[str, str], str]) -> str:
    """Give the path of Chromium."""
    return require("chromium", "apt-get install chromium")


@pytest.fixture(scope="session")
def chromedriver(require: Callable[[str, str], str]) -> str:
    """Give the path of the program that drives Chromium."""
    return require("chromedriver", "apt-get install chromium-driver")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, chromium: str, chromedriver: str) -> Iterator[str]:
    """Serve the demo with a database of its own, and give its address. Without a browser nothing is served."""
    room = tmp_path_factory.mktemp("demo")
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    env = os.environ | {
        "CHAT_DATABASE": str(room / "chat.sqlite3"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(Path(wsdrf.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = room / "server.log"
    with log.open("wb") as sink:
        command = [sys.executable, "manage.py", "demo", "--port", str(port)]
        server = subprocess.Popen(command, cwd=CHAT, env=env, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for(url, server, log)
            yield url
        finally:
            end(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when ``url`` answers; fail with what the server printed when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The demo does not answer at {url}:\n{log.read_text()}", pytrace=False)
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, TimeoutError):
        return False
    return True


def end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture
def visitor(demo: str, chromium: str, chromedriver: str, tmp_path: Path) -> Iterator[Visitor]:
    """Open the demo's page in a new Chromium with an empty profile. The last thing seen is kept as ``page.png``."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=chromedriver))
    try:
        visitor = Visitor(driver, demo)
        visitor.open()
        yield visitor
        driver.save_screenshot(str(tmp_path / "page.png"))
    finally:
        driver.quit()
