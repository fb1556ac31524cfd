"""The servers that the live tests talk to: processes that are kept for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.live.redis import LAYERS, Site, served
from tests.live.servers import KINDS, Fleet, People, Server, started


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Give the servers of the run."""
    yield from started(tmp_path_factory.mktemp("live"))


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, fleet: Fleet) -> Server:
    """Give each server in turn; a test says which ones it is about by parametrizing ``server`` itself, indirectly."""
    return fleet.server(KINDS[request.param])


@pytest.fixture(scope="session")
def people(fleet: Fleet) -> People:
    """Give who is in every server's database."""
    return fleet.people


@pytest.fixture
def key() -> str:
    """Give a name for this test's connections: it ends their path, and stands on every trace that they leave."""
    return uuid4().hex


@pytest.fixture(scope="session", params=LAYERS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], str]
) -> Iterator[Site]:
    """Give two server processes that share a Redis, on each of its layers in turn. Without redis-server: see require."""
    with served(request.param, tmp_path_factory.mktemp(f"redis-{request.param}"), require) as one:
        yield one
