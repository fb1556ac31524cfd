"""The demo, and a headless Chromium to look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from selenium import webdriver

from tests import node
from tests.browser.hall import Hall, serve_hall
from tests.browser.reader import Reader
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


@contextmanager
def window(url: str, chromium: str, chromedriver: str, folder: Path) -> Iterator[Visitor]:
    """Open ``url`` in a new Chromium with an empty profile. The last thing seen is kept as ``page.png``."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=chromedriver))
    try:
        visitor = Visitor(driver, url)
        visitor.open()
        yield visitor
        driver.save_screenshot(str(folder / "page.png"))
    finally:
        driver.quit()


@pytest.fixture
def browse(chromium: str, chromedriver: str, tmp_path: Path) -> Iterator[Callable[[str], Visitor]]:
    """Give what opens one more window on an address; all are closed in the end."""
    with ExitStack() as windows:

        def open_window(url: str) -> Visitor:
            folder = tmp_path / f"window{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return windows.enter_context(window(url, chromium, chromedriver, folder))

        yield open_window


@pytest.fixture
def visitor(demo: str, browse: Callable[[str], Visitor]) -> Visitor:
    """Open the demo's page."""
    return browse(demo)


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory, chromium: str, chromedriver: str) -> Iterator[Hall]:
    """Serve the project whose explorer is tried. Without a browser nothing is served."""
    with serve_hall(tmp_path_factory.mktemp("hall")) as hall:
        yield hall


@pytest.fixture
def reader(hall: Hall, browse: Callable[[str], Visitor]) -> Reader:
    """Open the explorer as the boss, who is staff."""
    visitor = browse(f"{hall.url}enter/boss/?next=/ws-explorer/")
    return Reader(visitor.driver, hall.url)


@pytest.fixture(scope="module")
def kept(hall: Hall, chromium: str, chromedriver: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give a window as the boss that all tests of a module share, since a browser takes longer to start than most."""
    start = f"{hall.url}enter/boss/?next=/ws-explorer/"
    with window(start, chromium, chromedriver, tmp_path_factory.mktemp("kept")) as visitor:
        yield Reader(visitor.driver, hall.url)


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]) -> Path:
    """Install what the tests of pages have from npm, and give the folder that it is in."""
    return node.install(Path(__file__).parent, tmp_path_factory.mktemp("browser-npm"), require)
