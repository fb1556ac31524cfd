"""A server that is told to end, while clients are connected and handlers run."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

import wsdrf
from tests.live.client import by_cookie, entered, until
from tests.live.servers import People, Server

pytestmark = pytest.mark.live


async def test_a_server_ends_in_order(server: Server, people: People, key: str) -> None:
    """On SIGTERM clients are disconnected, handlers are cancelled, and the process ends soon, without a fault of ours."""
    before = server.mark()
    path = f"/ws/door/{key}/"
    async with (
        entered(server, path, by_cookie(people.alice)) as idle,
        entered(server, path, by_cookie(people.bob)) as busy,
    ):
        await busy.send("wait")
        await until(lambda: server.events(key, "waiting"))
        started = monotonic()
        server.process.terminate()
        codes = [await idle.close_code(), await busy.close_code()]
        await until(lambda: server.process.poll() is not None)

    assert monotonic() - started < 8
    assert codes == [END_CODES[server.kind.name]] * 2
    # daphne and hypercorn print tracebacks of their own here.
    output = server.output(before)
    assert "'name': 'wsdrf" not in "".join(line for line in output.splitlines() if "'levelname': 'DEBUG'" not in line)
    assert str(Path(wsdrf.__file__).parent) not in output
    assert "Traceback" not in output or not server.kind.name.startswith("uvicorn")
    if server.kind.ends_applications:
        assert 1 == len(server.events(key, "cancelled"))
        assert [[], []] == [one["groups"] for one in server.events(key, "disconnected")]


END_CODES = {
    "uvicorn": 1012,
    "uvicorn-wsproto": 1012,
    "uvicorn-websockets": 1012,
    "daphne": 1006,
    "hypercorn": 4503,
}
"""What clients are told: uvicorn says itself that it restarts, hypercorn lets wsdrf say so, daphne just hangs up."""
