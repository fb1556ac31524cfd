"""Find the ASGI application that a test talks to."""

from __future__ import annotations

from typing import Any

from wsdrf.connection.mounts import application_of_project
from wsdrf.testing.server import Application


def find_application(given: Any = None) -> Application:
    """Give ``given``, an ASGI application or a consumer class, or else the project's ``ASGI_APPLICATION``.

    Raises ``ConfigurationError`` where the setting is missing or cannot be imported.
    """
    as_asgi = getattr(given, "as_asgi", None)
    application: Application = application_of_project() if given is None else given if as_asgi is None else as_asgi()
    return application
