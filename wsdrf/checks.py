"""What ``manage.py check`` says of a project's consumers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from rest_framework.permissions import AllowAny

from wsdrf.access.permissions import leaves
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.mounts import application_of_project, built, survey
from wsdrf.exceptions import ConfigurationError
from wsdrf.routing import Route

HINT = "Guard it with @requires(...) or permission_classes; @requires(AllowAny) states that everybody may."


def register_checks() -> None:
    """Have Django run the checks, those for deployment included."""
    register(Tags.security)(warn_of_open_actions)
    register(Tags.security, deploy=True)(refuse_open_actions)
    register(Tags.urls)(warn_of_unreachable_consumers)


def warn_of_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each action that nothing but ``AllowAny`` covers (``wsdrf.W001``), or that there is no telling."""
    try:
        if getattr(settings, "ASGI_APPLICATION", None):
            application_of_project()  # the consumers that it routes to are made when it is imported
    except ConfigurationError as error:
        return [Error(str(error), id="wsdrf.E002")]
    return [checks.Warning(text, hint=HINT, obj=consumer, id="wsdrf.W001") for consumer, text in _open_actions()]


def refuse_open_actions(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report the same as errors (``wsdrf.E001``), before a project is deployed."""
    return [Error(text, hint=HINT, obj=consumer, id="wsdrf.E001") for consumer, text in _open_actions()]


def warn_of_unreachable_consumers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each consumer that the project routes to, but that no connection ever gets to (``wsdrf.W002``)."""
    try:
        found = survey(application_of_project()).mounts
    except ConfigurationError:
        return []  # reported as E002, or a project without websockets
    return [
        checks.Warning(
            f"{mount.name} at {mount.path} is never reached.",
            hint=mount.obstacle,
            obj=mount.consumer_class,
            id="wsdrf.W002",
        )
        for mount in found
        if mount.obstacle
    ]


def _open_actions() -> Iterator[tuple[type, str]]:
    for consumer, root in built().items():
        for action in open_actions(consumer, root):
            yield consumer, f"Everybody may call {action!r} of {consumer.__qualname__}."


def open_actions(consumer: type[Any], root: type[Any]) -> list[str]:
    """Name the actions of ``consumer`` that nothing but ``AllowAny`` covers, without it being stated."""
    access = blueprint_of(consumer, root).access
    if access.chooses_permissions or _closes(access.permission_classes) or access.class_guards:
        return []
    routes: list[Route] = list(getattr(consumer, "routes", {}).values())
    return [route.action for route in routes if not route.guards]


def _closes(guards: tuple[Any, ...]) -> bool:
    return any(leaf is not AllowAny for guard in guards for leaf in leaves(guard))
