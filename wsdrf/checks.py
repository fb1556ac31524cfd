"""What ``manage.py check`` says of a project's consumers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string
from rest_framework.permissions import AllowAny

from wsdrf.access.permissions import leaves
from wsdrf.connection.application import WebsocketApplication
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.routing import Route

HINT = "Guard it with @requires(...) or permission_classes; @requires(AllowAny) states that everybody may."


def register_checks() -> None:
    """Have Django run the checks, those for deployment included."""
    register(Tags.security)(warn_of_open_actions)
    register(Tags.security, deploy=True)(refuse_open_actions)


def warn_of_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each action that nothing but ``AllowAny`` covers (``wsdrf.W001``), or that there is no telling."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    try:
        if path:
            import_string(path)  # the consumers that it routes to are made when it is imported
    except ImportError as error:
        return [Error(f"ASGI_APPLICATION = {path!r} cannot be imported: {error}.", id="wsdrf.E002")]
    return [checks.Warning(text, hint=HINT, obj=consumer, id="wsdrf.W001") for consumer, text in _open_actions()]


def refuse_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report the same as errors (``wsdrf.E001``), before a project is deployed."""
    return [Error(text, hint=HINT, obj=consumer, id="wsdrf.E001") for consumer, text in _open_actions()]


def _open_actions() -> Iterator[tuple[type, str]]:
    applications = {application.consumer: application for application in WebsocketApplication.__subclasses__()}
    for consumer, application in applications.items():
        access = blueprint_of(consumer, application.root).access
        if access.chooses_permissions or _closes(access.permission_classes) or access.class_guards:
            continue
        routes: list[Route] = list(getattr(consumer, "routes", {}).values())
        for route in routes:
            if not route.guards:
                yield consumer, f"Everybody may call {route.action!r} of {consumer.__qualname__}."


def _closes(guards: tuple[Any, ...]) -> bool:
    return any(leaf is not AllowAny for guard in guards for leaf in leaves(guard))
