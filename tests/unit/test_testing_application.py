"""Finding the application: the project's own, or the one that was given."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import override_settings

from tests.asgi import application as project
from wsdrf.exceptions import ConfigurationError
from wsdrf.testing import find_application


def test_project_names_its_application():
    """Without anything given, it is what ``ASGI_APPLICATION`` names."""
    assert project is find_application()


def test_given_application_is_taken():
    """An application that was given needs no setting."""

    async def given(scope, receive, send): ...

    assert given is find_application(given)


def test_consumer_class_becomes_its_application():
    """A class with ``as_asgi()`` stands for the application that it gives."""

    class Room:
        @classmethod
        def as_asgi(cls):
            return project

    assert project is find_application(Room)


def test_missing_setting_names_the_cure():
    """A project without ``ASGI_APPLICATION`` is told to set it."""
    with override_settings():
        del settings.ASGI_APPLICATION
        with pytest.raises(ConfigurationError, match="Set ASGI_APPLICATION = "):
            find_application()


@pytest.mark.parametrize("path", ["nowhere", "no.such.module", "tests.asgi.no_such_name"])
def test_unimportable_application_is_named(path):
    """A setting that leads nowhere is shown with what importing it said."""
    with override_settings(ASGI_APPLICATION=path), pytest.raises(ConfigurationError, match=f"'{path}' cannot be imp"):
        find_application()
