"""``manage.py wsdrf_asyncapi`` and the view: the same document, for a file and for who may see it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from tests.unit.rights_site import Desk
from wsdrf.asyncapi import describe_project, write_json, writing
from wsdrf.asyncapi.views import AsyncAPIView

application = URLRouter([path("desk/", Desk.as_asgi())])
crowded = URLRouter([path("desk/", Desk.as_asgi()), path("desk/", Desk.as_asgi())])
urlpatterns = [
    path("asyncapi/", include("wsdrf.asyncapi.urls")),
    path("open/", AsyncAPIView.as_view(permission_classes=[AllowAny])),
]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ASGI_APPLICATION = f"{__name__}.application"
    settings.ROOT_URLCONF = __name__


def printed(*arguments: str, errors: StringIO | None = None) -> str:
    output = StringIO()
    call_command("wsdrf_asyncapi", *arguments, stdout=output, stderr=errors or StringIO())
    return output.getvalue()


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_document_is_printed_as_json() -> None:
    """Without options the document of the project goes to standard output, as JSON and nothing else."""
    assert write_json(describe_project()) == printed()


def test_the_document_is_printed_as_yaml() -> None:
    """--format yaml says the same in YAML."""
    assert describe_project() == yaml.safe_load(printed("--format", "yaml"))


@pytest.mark.parametrize(
    ("name", "arguments", "load"),
    [
        ("a.json", [], json.loads),
        ("a.yaml", [], yaml.safe_load),
        ("a.yml", [], yaml.safe_load),
        ("a.txt", ["--format", "json"], json.loads),
        ("a.yaml", ["--format", "json"], json.loads),
    ],
)
def test_the_document_is_written_to_a_file(name: str, arguments: list[str], load: Any, tmp_path: Path) -> None:
    """--file writes it there, in the format that is asked for, or that the name says; nothing is printed."""
    file = tmp_path / name

    assert "" == printed("--file", str(file), *arguments)
    assert describe_project() == load(file.read_text("utf-8"))


def test_what_is_out_of_reach_is_no_channel(settings: Any) -> None:
    """A consumer that no connection reaches is named on standard error, and is not described."""
    settings.ASGI_APPLICATION = f"{__name__}.crowded"
    errors = StringIO()

    document = json.loads(printed(errors=errors))

    assert ["Desk"] == list(document["channels"])
    assert "Desk at /desk/ is never reached" in errors.getvalue()


def test_what_cannot_be_done_is_told(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No PyYAML, no such folder, wrong settings, no application: an error of the command, without a traceback."""
    with pytest.raises(CommandError, match="No such file"):
        printed("--file", str(tmp_path / "no" / "a.json"))
    monkeypatch.setattr(writing, "HAS_YAML", False)
    with pytest.raises(CommandError, match="pip install"):
        printed("--format", "yaml")
    settings.WSDRF_ASYNCAPI = {"TITEL": "x"}
    with pytest.raises(CommandError, match="TITEL"):
        printed()
    settings.ASGI_APPLICATION = None
    with pytest.raises(CommandError, match="ASGI_APPLICATION"):
        printed()


# -- the view ----------------------------------------------------------------------------------------------------------


def client(**facts: Any) -> APIClient:
    client = APIClient()
    if facts:
        client.force_authenticate(User(username="somebody", **facts))
    return client


def test_staff_get_the_document() -> None:
    """Staff get it as JSON."""
    response = client(is_staff=True).get("/asyncapi/")

    assert (200, "application/json") == (response.status_code, response["Content-Type"])
    assert describe_project() == json.loads(response.content)


@pytest.mark.parametrize(("query", "headers"), [("?format=yaml", {}), ("", {"accept": "application/yaml"})])
def test_the_document_is_served_as_yaml(query: str, headers: dict[str, str]) -> None:
    """Whoever asks for YAML, in the address or by the Accept header, gets YAML."""
    response = client(is_staff=True).get(f"/asyncapi/{query}", headers=headers)

    assert (200, "application/yaml") == (response.status_code, response["Content-Type"])
    assert describe_project() == yaml.safe_load(response.content)


@pytest.mark.parametrize("facts", [{}, {"is_staff": False}])
def test_others_are_refused(facts: dict[str, Any]) -> None:
    """Who is no staff is refused, and learns of no consumer."""
    response = client(**facts).get("/asyncapi/")

    assert response.status_code in {401, 403}
    assert b"Desk" not in response.content


def test_everybody_gets_the_document_in_debug(settings: Any) -> None:
    """While a project is developed nobody needs to log in."""
    settings.DEBUG = True

    assert 200 == client().get("/asyncapi/").status_code


def test_permissions_are_those_of_the_view() -> None:
    """permission_classes of one's own decide, as on any view of DRF."""
    assert 200 == client().get("/open/").status_code
