"""System checks: what nobody guards, and what nobody reaches, is reported."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from channels.routing import URLRouter
from django.core.checks import run_checks
from django.urls import path
from rest_framework.permissions import AllowAny, IsAuthenticated

from wsdrf import Consumer, on, requires


def reported(consumer: type[Consumer], *, deploy: bool = False) -> list[tuple[str, str]]:
    """Give id and text of what is said of ``consumer`` once it is part of an application."""
    application = consumer.as_asgi()
    messages = run_checks(include_deployment_checks=deploy)
    del application
    return sorted((message.id or "", message.msg) for message in messages if message.obj is consumer)


class Open(Consumer):
    permission_classes = [AllowAny]

    @on("chat.say")
    async def say(self) -> None: ...

    @on("chat.hear")
    @requires(IsAuthenticated)
    async def hear(self) -> None: ...


class Stated(Consumer):
    permission_classes = [AllowAny]

    @on("chat.say")
    @requires(AllowAny)
    async def say(self) -> None: ...


class Shut(Consumer):
    permission_classes = [IsAuthenticated]

    @on("chat.say")
    async def say(self) -> None: ...


@requires(AllowAny)
class StatedForAll(Consumer):
    permission_classes = [AllowAny]

    @on("chat.say")
    async def say(self) -> None: ...


class Choosing(Consumer):
    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated()]

    @on("chat.say")
    async def say(self) -> None: ...


def test_an_open_action_is_a_warning() -> None:
    """An action that nothing but AllowAny covers is reported, by its name; one with a guard is not."""
    assert [("wsdrf.W001", "Everybody may call 'chat.say' of Open.")] == reported(Open)


def test_an_open_action_is_an_error_before_deployment() -> None:
    """With --deploy the same is an error, too."""
    assert ["wsdrf.E001", "wsdrf.W001"] == [id for id, _ in reported(Open, deploy=True)]


@pytest.mark.parametrize("consumer", [Stated, Shut, StatedForAll, Choosing])
def test_what_is_guarded_or_meant_is_not_reported(consumer: type[Consumer]) -> None:
    """A guard, a guard chosen at run time, and an AllowAny that is stated, are all not reported."""
    assert [] == reported(consumer, deploy=True)


def test_a_consumer_without_a_permission_class_of_its_own_has_the_projects() -> None:
    """DRF's DEFAULT_PERMISSION_CLASSES decide where the class says nothing."""

    class Silent(Consumer):
        @on("chat.say")
        async def say(self) -> None: ...

    assert ["wsdrf.W001"] == [id for id, _ in reported(Silent)]
    gc.collect()


def test_an_application_that_cannot_be_imported_is_an_error(settings: Any) -> None:
    """A wrong ASGI_APPLICATION is named, rather than its consumers passed over."""
    settings.ASGI_APPLICATION = "tests.no_such_module.application"

    messages = [message for message in run_checks() if message.id == "wsdrf.E002"]

    (text,) = [message.msg for message in messages]
    assert text.startswith("ASGI_APPLICATION = 'tests.no_such_module.application' cannot be imported")


def test_a_consumer_that_no_connection_reaches_is_a_warning(settings: Any) -> None:
    """One behind another at the same path, or behind a path that ends before, is named with the reason."""
    settings.ASGI_APPLICATION = f"{__name__}.application"

    messages = [message for message in run_checks() if message.id == "wsdrf.W002"]

    assert [("Shut at /ws/ is never reached.", "Stated stands at the same path before it.", Shut)] == [
        (message.msg, message.hint, message.obj) for message in messages
    ]


@pytest.mark.parametrize("name", ["", "tests.asgi.application", "tests.no_such_module.application"])
def test_a_project_without_consumers_has_none_out_of_reach(name: str, settings: Any) -> None:
    """Without an application, or with one that has no consumers, there is nothing to say of reaching them."""
    settings.ASGI_APPLICATION = name

    assert [] == [message for message in run_checks() if message.id == "wsdrf.W002"]


application = URLRouter([path("ws/", Stated.as_asgi()), path("ws/", Shut.as_asgi())])
