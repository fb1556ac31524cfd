"""System checks: what nobody guards, and what nobody reaches, is reported."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db.models import F, Manager, QuerySet
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import AllowAny, BasePermission, DjangoModelPermissions, IsAuthenticated
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from wsdrf import Consumer, QueryParameter, checks, loads, message, on, receives, requires, throttle


def reported(consumer: type[Consumer], *, deploy: bool = False) -> list[tuple[str, str]]:
    """Give id and text of what is said of ``consumer`` once it is part of an application."""
    application = consumer.as_asgi()
    messages = run_checks(include_deployment_checks=deploy)
    del application
    return sorted((one.id or "", one.msg) for one in messages if one.obj is consumer)


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


bare_routes = URLRouter([path("class/", Stated), path("method/", Stated.as_asgi), path("right/", Stated.as_asgi())])


def test_a_route_to_a_class_is_an_error(settings: Any) -> None:
    """A route without as_asgi(), or without its parentheses, is told before anybody connects, with what to write."""
    settings.ASGI_APPLICATION = f"{__name__}.bare_routes"

    messages = [message for message in run_checks() if message.id in {"wsdrf.E004", "wsdrf.W002"}]

    assert [(f"Stated at {place} is no ASGI application.", "Route to Stated.as_asgi().") for place in
            ("/class/", "/method/")] == [(message.msg, message.hint) for message in messages]  # fmt: skip


def test_a_project_that_names_no_application_is_a_warning(settings: Any) -> None:
    """Without ASGI_APPLICATION the checks cannot see what there is, and say so, rather than nothing."""
    settings.ASGI_APPLICATION = None

    (text,) = [message.msg for message in run_checks() if message.id == "wsdrf.W010"]

    assert text.startswith("The settings name no ASGI_APPLICATION")


FAULTY = """
from channels.routing import URLRouter
from django.urls import path
from rest_framework.permissions import AllowAny, DjangoModelPermissions
from rest_framework.throttling import AnonRateThrottle
from wsdrf import Consumer, QueryParameter, loads, on
from django.contrib.auth.models import User

class Faulty(Consumer):
    permission_classes = [AllowAny]
    throttle_classes = [AnonRateThrottle]
    credential_carriers = [QueryParameter("token")]

    async def build_groups(self):
        return ["a"]

    @on("open")
    @loads("one", User, pkk="name")
    async def open(self, payload: dict[str, str], one): ...

class Modelless(Consumer):
    permission_classes = [DjangoModelPermissions]

    @on("open")
    async def open(self): ...

application = URLRouter([path("ws/", Faulty.as_asgi()), path("ws/", Modelless.as_asgi())])
"""


@pytest.mark.parametrize(
    "check",
    [
        checks.refuse_open_actions,
        checks.refuse_unknown_lookups,
        checks.warn_of_any_host,
        checks.warn_of_groups_without_layer,
        checks.warn_of_guards_without_object,
        checks.warn_of_invented_addresses,
        checks.warn_of_open_actions,
        checks.warn_of_small_layers,
        checks.warn_of_tokens_in_addresses,
        checks.warn_of_unreachable_consumers,
    ],
)
def test_each_check_may_be_the_first(
    check: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django runs checks in any order, and each finds the consumers of an application that nobody has imported yet."""
    name = f"faulty_for_{check.__name__}"
    (tmp_path / f"{name}.py").write_text(FAULTY)
    monkeypatch.syspath_prepend(tmp_path)
    settings.ASGI_APPLICATION = f"{name}.application"
    settings.ALLOWED_HOSTS = ["*"]
    alias = "default" if check is checks.warn_of_small_layers else "other"
    settings.CHANNEL_LAYERS = {alias: {"BACKEND": "channels_redis.core.RedisChannelLayer"}}

    found = [one.obj if isinstance(one.obj, str) else one.obj.__module__ for one in check(None)]
    vars(sys.modules.pop(name)).clear()
    gc.collect()  # or the checks of other tests would find them

    assert {name, "CHANNEL_LAYERS['default']"} & set(found)


class IsSelf(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj == request.user)


class Own(Consumer):
    permission_classes = [IsAuthenticated, IsSelf]
    queryset = User.objects.all()


class Named(Own):
    lookup_field = "username"
    lookup_url_kwarg = "name"


class Finding(Own):
    async def get_object(self) -> Any:
        return self.user


class Unasked(Consumer):
    permission_classes = [IsAuthenticated]
    queryset = User.objects.all()


ROUTES = [
    path("id/<int:id>/", Own.as_asgi()),
    path("none/", Own.as_asgi()),
    path("pk/<int:pk>/", Own.as_asgi()),
    path("given/", Own.as_asgi(), {"pk": 1}),
    path("name/<str:username>/", Named.as_asgi()),
    path("names/<str:name>/", Named.as_asgi()),
    path("finding/<int:id>/", Finding.as_asgi()),
    path("unasked/<int:id>/", Unasked.as_asgi()),
]
object_routes = URLRouter(ROUTES)


def test_a_path_that_lacks_the_lookup_is_a_warning(settings: Any) -> None:
    """Where the object could not be looked up, each path is named; where it can, or nobody asks for it, none is."""
    settings.ASGI_APPLICATION = f"{__name__}.object_routes"

    messages = [message for message in run_checks() if message.id == "wsdrf.W009"]

    assert [
        "Own looks its object up by 'pk', which /id/<int:id>/ does not capture",
        "Own looks its object up by 'pk', which /none/ does not capture",
        "Named looks its object up by 'name', which /name/<str:username>/ does not capture",
    ] == [message.msg.rpartition(": ")[0] for message in messages]


@attrs.frozen
class Which:
    name: str


class Searching(Consumer):
    queryset = User.objects.all()
    lookup_field = "nickname"

    @on("find")
    @requires(IsAuthenticated)
    @loads("one", User, pkk="name", username__nearly="name", groups__name="name")
    @loads("other", User.objects, username="name", date_joined__year="name", is_staff__isnull="name")
    @loads("third", User, pk__in="name", groups="name", pk__range="name", auth_token__key__istartswith="name")
    async def find(self, payload: Which, one: User, other: User, third: User) -> None: ...


class Lost(Manager[User]):
    def get_queryset(self) -> QuerySet[User]:
        raise RuntimeError("No tenant here.")


class Unasking(Consumer):
    permission_classes = [IsAuthenticated]
    queryset = Lost()


class Annotating(Searching):
    def get_queryset(self) -> QuerySet[Any]:
        return User.objects.annotate(nickname=F("username"))


class Fetching(Searching):
    async def get_object(self) -> Any:
        return self.user


LOADED = [
    ("wsdrf.E003", f'{{}}.find() looks @loads("one") up by {key!r}: {problem}')
    for key, problem in {
        "pkk": "Cannot resolve keyword 'pkk' into field.",
        "username__nearly": "Unsupported lookup 'nearly' for CharField or join on the field not permitted.",
    }.items()
]
OWN = ("wsdrf.E003", "{} looks its object up by 'nickname': Cannot resolve keyword 'nickname' into field.")


@pytest.mark.parametrize(
    ("consumer", "expected"),
    [(Searching, [OWN, *LOADED]), (Annotating, LOADED), (Fetching, LOADED), (Unasking, [])],
    ids=["lookup_field", "get_queryset", "get_object", "manager that fails"],
)
def test_a_lookup_that_the_model_does_not_have_is_an_error(
    consumer: type[Consumer], expected: list[tuple[str, str]]
) -> None:
    """What could never be found is named, in Django's words; what only a value could tell is left alone."""
    found = sorted((id, text.partition(" Choices are")[0]) for id, text in reported(consumer))

    assert sorted((id, text.format(consumer.__name__)) for id, text in expected) == found


@pytest.mark.parametrize("name", ["", "tests.asgi.application", "tests.no_such_module.application"])
def test_a_project_without_consumers_has_none_out_of_reach(name: str, settings: Any) -> None:
    """Without an application, or with one that has no consumers, there is nothing to say of reaching them."""
    settings.ASGI_APPLICATION = name

    assert [] == [message for message in run_checks() if message.id == "wsdrf.W002"]


# -- credentials, throttles and layers ---------------------------------------------------------------------------------


@requires(AllowAny)
class Cautious(Consumer):
    authentication_classes = [TokenAuthentication]


class QueryReader(Cautious):
    credential_carriers = [QueryParameter("key")]


class SessionReader(Cautious):
    authentication_classes = [TokenAuthentication, SessionAuthentication]


class Grouped(Cautious):
    async def build_groups(self) -> list[str]:
        return ["all"]


@message("checks.news")
class News:
    text: str


@attrs.frozen
class Numbered:
    n: int


class Receiver(Cautious):
    @receives(News)
    async def news(self, event: News) -> None: ...


class ByPerson(UserRateThrottle):
    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return f"person {request.user.pk}"


class Throttled(Cautious):
    throttle_classes = [ByPerson, AnonRateThrottle]

    @on("act")
    @throttle("5/m", UserRateThrottle, AnonRateThrottle)
    async def act(self) -> None: ...


class ThrottledByPerson(Cautious):
    throttle_classes = [ByPerson]

    @on("act")
    @throttle("5/m")
    async def act(self) -> None: ...


def test_a_token_in_the_address_is_a_warning() -> None:
    """A consumer that opts in to QueryParameter is reported, and no other."""
    (found,) = reported(QueryReader)

    assert "wsdrf.W003" == found[0]
    assert found[1].startswith("QueryReader reads tokens from the address")
    assert [] == reported(Cautious, deploy=True)


def test_any_host_beside_sessions_is_a_warning(settings: Any) -> None:
    """With ALLOWED_HOSTS "*", who trusts session cookies is reported; who reads tokens alone is not."""
    assert [] == reported(SessionReader)
    settings.ALLOWED_HOSTS = ["example.com", "*"]

    assert ["wsdrf.W004"] == [id for id, _ in reported(SessionReader)]
    assert [] == reported(Cautious)


def test_throttles_by_address_without_proxies_are_a_warning_before_deployment(settings: Any) -> None:
    """With --deploy, and while NUM_PROXIES is unset: each throttle of connects and actions that goes by address."""
    (found,) = reported(Throttled, deploy=True)

    assert "wsdrf.W005" == found[0]
    assert found[1].startswith("Throttled is throttled by AnonRateThrottle, UserRateThrottle, but")
    assert [] == reported(Throttled)
    assert [] == reported(ThrottledByPerson, deploy=True)
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 0}
    assert [] == reported(Throttled, deploy=True)


@pytest.mark.parametrize("consumer", [Grouped, Receiver])
def test_groups_without_a_layer_are_a_warning(consumer: type[Consumer], settings: Any) -> None:
    """Who builds groups or receives events needs the layer that it names; who does neither needs none."""
    assert [] == reported(consumer)
    settings.CHANNEL_LAYERS = {"other": settings.CHANNEL_LAYERS["default"]}

    assert ["wsdrf.W006"] == [id for id, _ in reported(consumer)]
    assert [] == reported(Cautious)


class Owner(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(request.user == obj)


class Objectless(Consumer):
    permission_classes = [IsAuthenticated | Owner]

    @on("act")
    @requires(Owner)
    async def act(self) -> None: ...


class ByModel(Consumer):
    permission_classes = [DjangoModelPermissions]


class WithQueryset(Objectless):
    queryset = User.objects.all()


class WithObject(Objectless):
    def get_object(self) -> Any:
        return self.user


class WithLoads(Objectless):
    @loads("owner", User.objects.all(), pk="n")
    async def act(self, payload: Numbered, owner: User) -> None: ...


class ByHand(Objectless):
    async def act(self) -> None:
        await self.check_object_permissions(self.user)


class ChoosingObjects(Objectless):
    def get_permissions(self) -> list[Any]:
        return [Owner()]


class ModelWithQueryset(ByModel):
    def get_queryset(self) -> Any:
        return User.objects.all()


def test_a_guard_without_its_object_is_a_warning() -> None:
    """Guards that ask about objects are reported where there is none: on the connection, and on each action."""
    action, connection = reported(Objectless)

    assert ("wsdrf.W008", "wsdrf.W008") == (action[0], connection[0])
    assert action[1].startswith("Objectless has no object that Owner could be asked about")
    assert connection[1].startswith("Objectless.act() has no object that Owner could be asked about")


def test_a_guard_without_its_model_is_a_warning() -> None:
    """DRF's guards that ask for the permissions of a model fail where no queryset says which."""
    (found,) = reported(ByModel)

    assert "wsdrf.W008" == found[0]
    assert found[1].startswith("ByModel has no queryset, by which DjangoModelPermissions knows the model")


@pytest.mark.parametrize(
    "consumer", [WithQueryset, WithObject, WithLoads, ByHand, ChoosingObjects, ModelWithQueryset, Shut]
)
def test_a_guard_with_its_object_is_not_reported(consumer: type[Consumer]) -> None:
    """A queryset, an object of one's own, one that is loaded, one asked about by hand, guards chosen at run time."""
    assert [] == [id for id, _ in reported(consumer) if id == "wsdrf.W008"]


CORE = "channels_redis.core.RedisChannelLayer"
PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"


@pytest.mark.parametrize(
    ("layer", "is_reported"),
    [
        ({"BACKEND": CORE}, True),
        ({"BACKEND": CORE, "CONFIG": {"capacity": 999}}, True),
        ({"BACKEND": CORE, "CONFIG": {"capacity": 1000}}, False),
        ({"BACKEND": PUBSUB}, False),
        ({"BACKEND": "channels.layers.InMemoryChannelLayer"}, False),
        ({"BACKEND": "no.such.Layer"}, False),
        ({}, False),
    ],
)
def test_a_core_layer_that_holds_little_is_a_warning(layer: dict[str, Any], is_reported: bool, settings: Any) -> None:
    """The core layer of channels_redis holds 100 messages for a process where nobody says more."""
    settings.CHANNEL_LAYERS = {"default": layer}
    application = Cautious.as_asgi()

    found = [message for message in run_checks() if message.id == "wsdrf.W007"]

    assert is_reported == bool(found)
    assert all("CHANNEL_LAYERS['default']" == message.obj for message in found)
    del application


application = URLRouter([path("ws/", Stated.as_asgi()), path("ws/", Shut.as_asgi())])
