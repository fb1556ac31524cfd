"""The pytest plugin: the ``websocket`` fixture, in pytest runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import wsdrf

ROOT = Path(wsdrf.__path__[0]).parent

SITE = '''
import json

import pytest

ended = []


async def site(scope, receive, send):
    """Tell who came, and how."""
    await receive()
    if scope["path"] == "/refuse/":
        await send({"type": "websocket.close", "code": 4403})
        return
    await send({"type": "websocket.accept"})
    who, _ = scope.get("wsdrf.testing.force_authenticate", ("nobody", None))
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    data = {"who": who, "headers": headers, "subprotocols": scope["subprotocols"]}
    payload = {"status_code": 200, "status_text": "OK", "data": data}
    await send({"type": "websocket.send", "text": json.dumps({"action": "authentication", "payload": payload})})
    while (event := await receive())["type"] != "websocket.disconnect":
        raise ZeroDivisionError(event["text"])
    ended.append(scope["path"])
'''

OPTIONS = """
async def test_who_connects(websocket):
    communicator = await websocket("/", user="ann", token="t", headers={"X-Tenant": "7"}, subprotocols=["a"])
    data = (await communicator.wait_for_auth())["data"]
    assert ("ann", "7") == (data["who"], data["headers"]["x-tenant"])
    assert ["wsdrf", "a", "wsdrf.token.dA"] == data["subprotocols"]


async def test_unconnected(websocket):
    communicator = await websocket("/", connect=False)
    assert communicator.response is None
    communicator.force_authenticate("bob")
    assert (True, None) == await communicator.connect()
    assert "bob" == (await communicator.wait_for_auth())["data"]["who"]


async def test_refused(websocket):
    communicator = await websocket("/refuse/")
    await communicator.assert_closed(4403)


async def test_other_application(websocket):
    async def refuse(scope, receive, send):
        await receive()
        await send({"type": "websocket.close", "code": 4404})

    await (await websocket("/", application=refuse)).assert_closed(4404)


class TestMethods:
    @pytest.mark.parametrize("path", ["/1/", "/2/"])
    async def test_method(self, websocket, path):
        assert path == (await websocket(path)).path


@pytest.fixture
async def ann(websocket):
    return await websocket("/ann/", user="ann")


async def test_fixtures_may_connect(ann):
    await ann.assert_authenticated_status_ok()


def test_ended():
    assert ["/", "/", "/1/", "/2/", "/ann/"] == ended
"""

CRASH = """
async def test_crash(websocket):
    communicator = await websocket("/crash/")
    await websocket("/other/")
    await communicator.send_text("nobody waits for this")


async def test_fail(websocket):
    await websocket("/fail/")
    raise LookupError("own")


def test_ended():
    assert ["/other/", "/fail/"] == ended
"""


def run_pytest(path: Path, tests: str, *options: str) -> str:
    """Run ``tests`` against the site above in a pytest with wsdrf's plugin, and give the output."""
    (path / "test_site.py").write_text(SITE + textwrap.dedent(tests))
    (path / "pytest.ini").write_text("[pytest]\n")
    (path / "site_settings.py").write_text('ASGI_APPLICATION = "test_site.site"\n')
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "wsdrf.testing.plugin", "-p", "no:cacheprovider", "-q", *options],
        cwd=path,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)]),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "PYTEST_ADDOPTS": "",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return finished.stdout + finished.stderr


def asyncio_options(scope: str) -> list[str]:
    """Give the options by which tests and fixtures of one ``scope`` share an event loop."""
    loops = [f"asyncio_default_{kind}_loop_scope={scope}" for kind in ("test", "fixture")]
    return ["-p", "pytest_asyncio.plugin", *(word for loop in [*loops, "asyncio_mode=auto"] for word in ("-o", loop))]


@pytest.mark.parametrize("scope", ["function", "module"])
def test_fixture_connects(tmp_path, scope):
    """The fixture connects as whom and with what it is told; each connection has ended before the next test."""
    output = run_pytest(tmp_path, OPTIONS, *asyncio_options(scope))

    assert output.splitlines()[-1].startswith("8 passed"), output


def test_crash_fails_the_test(tmp_path):
    """A crash that no wait has seen fails the test that opened the connection; a failing test ends its own."""
    output = run_pytest(tmp_path, CRASH, *asyncio_options("function"))

    assert "2 failed, 1 passed" in output
    assert "ZeroDivisionError: nobody waits for this" in output
    assert "LookupError: own" in output


def test_strict_mode_is_enough(tmp_path):
    """The fixture needs no ``asyncio_mode``: a marked test in strict mode has it too."""
    marked = "@pytest.mark.asyncio\nasync def test_marked(websocket):\n    await websocket('/')\n"

    assert "1 passed" in run_pytest(tmp_path, marked, "-p", "pytest_asyncio.plugin")


def run_python(statement: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", statement],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return finished.returncode, finished.stderr


def test_plugin_is_light():
    """Loading the plugin, as pytest does in every project, imports neither Django, DRF, Channels nor asyncio's tools."""
    heavy = ["django", "rest_framework", "channels", "asgiref", "hypothesis"]
    statement = f"import sys, wsdrf.testing.plugin; print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"

    assert (0, "[]\n") == run_python(statement)


def test_tools_need_no_daphne():
    """Every name of ``wsdrf.testing`` can be imported where daphne is not installed, and before settings are known."""
    statement = (
        "import sys; sys.modules['daphne'] = None; import wsdrf.testing as t; [getattr(t, n) for n in t.__all__]"
    )

    assert (0, "") == run_python(statement)


def test_exports_are_the_promised_ones():
    """``wsdrf.testing`` lists its names, and what it does not have is an ``AttributeError``."""
    from wsdrf import testing

    assert {"WebsocketTestCase", "WebsocketCommunicator"} < set(testing.__all__) <= set(dir(testing))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = testing.no_such_name
