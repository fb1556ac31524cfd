"""Find the ASGI application that a test talks to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from wsdrf.exceptions import ConfigurationError
from wsdrf.testing.server import Application


def find_application(given: Any = None) -> Application:
    """Give ``given``, an ASGI application or a consumer class, or else the project's ``ASGI_APPLICATION``.

    Raises ``ConfigurationError`` where the setting is missing or cannot be imported.
    """
    if given is None:
        return _application_of_project()
    as_asgi = getattr(given, "as_asgi", None)
    application: Application = given if as_asgi is None else as_asgi()
    return application


def _application_of_project() -> Application:
    path = getattr(settings, "ASGI_APPLICATION", None)
    if not path:
        raise ConfigurationError(
            "The settings name no ASGI_APPLICATION, so the test does not know what to connect to. "
            'Set ASGI_APPLICATION = "mysite.asgi.application", or pass application=... to the test tool.'
        )
    try:
        application: Application = import_string(path)
    except ImportError as error:
        raise ConfigurationError(
            f"ASGI_APPLICATION = {path!r} cannot be imported: {error}. "
            'Name a module and the application in it, as in "mysite.asgi.application".'
        ) from error
    return application
