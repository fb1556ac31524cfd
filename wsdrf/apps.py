"""Introduce wsdrf to Django: ``INSTALLED_APPS = [..., "wsdrf"]``."""

from __future__ import annotations

from django.apps import AppConfig

from wsdrf.checks import register_checks
from wsdrf.connection.signals import connect_signals


class WsdrfConfig(AppConfig):
    """Have Django's signals end what was let in: a logout, a changed password, a deleted token."""

    name = "wsdrf"
    verbose_name: str = "WebSockets with Django REST framework"  # pyright: ignore[reportIncompatibleVariableOverride]  # not lazy

    def ready(self) -> None:
        """Listen to the signals, and register the system checks."""
        register_checks()
        connect_signals()
