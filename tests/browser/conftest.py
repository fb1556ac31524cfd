"""The demo, and a headless Chromium to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser.server import serve
from tests.browser.visitor import Visitor

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
    """Serve the demo and give its address. Without a browser nothing is served."""
    with serve(tmp_path_factory.mktemp("demo")) as url:
        yield url


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
