"""Introduce wsdrf to Django: ``INSTALLED_APPS = [..., "wsdrf"]``."""

from django.apps import AppConfig


class WsdrfConfig(AppConfig):
    """Be the app."""

    name = "wsdrf"
    verbose_name = "WebSockets with Django REST framework"
