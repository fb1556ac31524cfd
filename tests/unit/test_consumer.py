"""The class that users subclass: what it checks, and the application that it makes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.consumer import AsyncConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.testing import WebsocketCommunicator as ChannelsCommunicator
from django.conf import settings
from django.test import override_settings
from django.urls import path
from rest_framework.permissions import AllowAny

from tests.laws.living import fresh_layer
from wsdrf import Consumer, disconnect, message, on, receives
from wsdrf.exceptions import ConfigurationError, DeclarationError, NotConnected
from wsdrf.testing import WebsocketCommunicator

PERMISSIONS = "rest_framework.permissions"
OK = {"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}


@message("pet.fed")
class Fed:
    name: str


@message("pet.slept")
class Slept:
    name: str


@message("pet.bred")
class Bred:
    name: str


@message("pet.heard")
class Heard:
    name: str


@message("pet.lost")
class Lost:
    name: str


SENDABLE: dict[str, type[Any]] = {"fed": Fed, "slept": Slept, "bred": Bred, "heard": Heard}


class PetConsumer(Consumer):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    sends = [Fed]

    async def build_groups(self) -> list[str]:
        return ["pets"]

    @on("send")
    async def send(self, payload: str) -> Slept | None:
        await self.send_message(SENDABLE[payload](name="Rex"))
        return None

    @on("broadcast")
    async def spread(self, payload: str) -> None:
        await self.broadcast(SENDABLE[payload](name="Rex"))

    @on("path")
    async def where(self) -> dict[str, str]:
        return dict(self.kwargs)

    @receives(Heard)
    async def heard(self, event: Heard) -> Bred:
        return Bred(name=event.name)


class QuietConsumer(PetConsumer):
    sends: list[type] = []


class StrictConsumer(Consumer):
    """Guarded by what the project says."""

    @on("ask")
    async def ask(self) -> str:
        return "answer"


# -- sends ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["send", "broadcast"])
@override_settings(DEBUG=True)
async def test_undeclared_messages_are_an_error_in_debug(action: str, caplog: pytest.LogCaptureFixture) -> None:
    """In DEBUG a message that is neither in ``sends`` nor any declared reply is an error that says so."""
    with fresh_layer():
        async with WebsocketCommunicator(PetConsumer.as_asgi(), "/") as client:
            for name in ("fed", "slept", "bred"):
                answer = await client.call(action, name)
                assert f"pet.{name}" == (await client.receive_json())["action"]
                assert answer.is_complete
            assert "error" == (await client.call(action, "heard")).code


@override_settings(DEBUG=True)
async def test_the_error_names_the_class_and_the_cure(caplog: pytest.LogCaptureFixture) -> None:
    """The error names who sends what, and where to add it."""
    async with WebsocketCommunicator(PetConsumer.as_asgi(), "/", headers={"x": "y"}) as client:
        await client.call("send", "heard")
    errors = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert [
        "PetConsumer sends Heard, but does not say so, and its clients cannot know. Add Heard to PetConsumer.sends."
    ] == [one for one in errors if "sends" in one]


@pytest.mark.parametrize(("debug", "consumer"), [(False, PetConsumer), (True, QuietConsumer)])
async def test_sends_is_not_checked_otherwise(debug: bool, consumer: type[Consumer]) -> None:
    """Nothing is checked in production, nor where a consumer has not begun to list what it sends."""
    with fresh_layer(), override_settings(DEBUG=debug):
        async with WebsocketCommunicator(consumer.as_asgi(), "/") as client:
            assert (await client.call("send", "heard")).is_complete


async def test_what_counts_is_debug_at_the_time_of_sending() -> None:
    """Whether a consumer's application was made before or after DEBUG was set makes no difference."""
    for before, after in [(True, False), (False, True)]:
        with fresh_layer():
            with override_settings(DEBUG=before):
                application = type("Made", (PetConsumer,), {}).as_asgi()
            with override_settings(DEBUG=after):
                async with WebsocketCommunicator(application, "/") as client:
                    assert ("error" if after else None) == (await client.call("send", "heard")).code


@pytest.mark.parametrize(("wrong", "named"), [(int, "int"), ("Fed", "'Fed'"), (Fed(name="Rex"), "Fed(name='Rex')")])
def test_what_is_sent_is_a_message(wrong: Any, named: str) -> None:
    """A class that lacks its ``@message``, or no class at all, cannot stand in ``sends``."""
    words = re.escape(f"Made.sends names {named}, which is no message. Put @message")
    with pytest.raises(ConfigurationError, match=f"^{words}"):
        type("Made", (PetConsumer,), {"sends": [Fed, wrong]}).as_asgi()


@pytest.mark.parametrize("groups", ["pets", b"pets", None, 7])
async def test_a_name_without_brackets_is_no_list_of_groups(groups: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A consumer that gives one name, whose letters would each be a group, lets nobody in, and the log says why."""

    async def build_groups(self: Any) -> Any:
        return groups

    consumer = type("Made", (PetConsumer,), {"build_groups": build_groups})
    async with WebsocketCommunicator(consumer.as_asgi(), "/", expect_authentication=False) as client:
        assert 500 == (await client.wait_for_auth())["status_code"]
        await client.assert_closed(4500)
    assert f"build_groups() returned {groups!r}. It must return a list of groups" in caplog.text


@override_settings(DEBUG=True)
async def test_what_is_published_is_checked_too() -> None:
    """In DEBUG an event may be published that a method receives or that ``sends`` lists, and no other."""
    with fresh_layer():
        await PetConsumer.apublish("pets", Heard(name="Rex"))
        await PetConsumer.apublish("pets", Fed(name="Rex"))
        with pytest.raises(TypeError, match=r"Add Lost to PetConsumer\.sends"):
            await PetConsumer.apublish("pets", Lost(name="Rex"))


# -- as_asgi() -----------------------------------------------------------------------------------------------------------


def test_the_application_is_a_channels_consumer() -> None:
    """``as_asgi`` gives an application whose ``consumer_class`` is a Channels consumer named after the class."""
    application = PetConsumer.as_asgi()

    assert issubclass(application.consumer_class, AsyncConsumer)
    assert ("PetConsumerApplication", PetConsumer.__module__) == (
        application.consumer_class.__name__,
        application.consumer_class.__module__,
    )
    assert application.consumer_class.consumer is PetConsumer


def test_a_wrong_option_fails_when_the_application_is_built() -> None:
    """``as_asgi`` raises for an option that is wrong, and says where it was set."""

    class WrongConsumer(PetConsumer):
        max_streams = "many"

    with pytest.raises(ConfigurationError, match=r"WrongConsumer\.max_streams"):
        WrongConsumer.as_asgi()


@pytest.mark.parametrize("kind", ["http", "lifespan"])
async def test_other_scopes_are_refused(kind: str) -> None:
    """An application answers websockets and nothing else, and says so."""

    async def nothing(*args: Any) -> Any:
        return {}

    with pytest.raises(ValueError, match="answers websockets"):
        await PetConsumer.as_asgi()({"type": kind}, nothing, nothing)


def routed(application: Any) -> Any:
    return URLRouter([path("pets/<slug:name>/", application)])


@pytest.mark.parametrize(
    "wrap",
    [
        routed,
        lambda application: ProtocolTypeRouter({"websocket": routed(application)}),
        lambda application: AllowedHostsOriginValidator(routed(application)),
        lambda application: AuthMiddlewareStack(routed(application)),
        lambda application: ProtocolTypeRouter(
            {"websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(routed(application)))}
        ),
    ],
    ids=["URLRouter", "ProtocolTypeRouter", "AllowedHostsOriginValidator", "AuthMiddlewareStack", "all"],
)
@pytest.mark.django_db(transaction=True)
async def test_it_stands_under_channels_own_middleware(wrap: Any) -> None:
    """A consumer works under Channels' routers, validator and authentication, and gets what the URL captured."""
    with fresh_layer():
        application = wrap(PetConsumer.as_asgi())
        headers = {"origin": "http://testserver", "host": "testserver"}
        async with WebsocketCommunicator(application, "/pets/rex/", headers=headers) as client:
            assert {"name": "rex"} == (await client.call("path")).payload


async def test_it_talks_to_channels_own_communicator() -> None:
    """Channels' own test communicator connects, talks and disconnects."""
    with fresh_layer():
        client = ChannelsCommunicator(
            PetConsumer.as_asgi(), "/pets/rex/", headers=[(b"host", b"testserver")], subprotocols=["wsdrf"]
        )
        assert (True, "wsdrf") == await client.connect()
        assert {"action": "authentication", "payload": OK} == await client.receive_json_from()
        await client.send_json_to({"action": "broadcast", "payload": "fed", "id": 1})
        assert {"action": "pet.fed", "payload": {"name": "Rex"}} == await client.receive_json_from()
        assert {"action": "complete", "payload": None, "id": 1} == await client.receive_json_from()
        await client.disconnect()


async def test_it_follows_the_settings() -> None:
    """An application that is built already follows ``override_settings`` of ``WSDRF`` and of ``REST_FRAMEWORK``."""
    application = StrictConsumer.as_asgi()

    async def verdict() -> tuple[bool, int]:
        client = WebsocketCommunicator(application, "/", headers={"host": "testserver"})
        connected, _ = await client.connect()
        status = (await client.wait_for_auth())["status_code"] if connected else client.response.status
        await client.disconnect()
        return connected, status

    no_authentication = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    with override_settings(
        REST_FRAMEWORK={**no_authentication, "DEFAULT_PERMISSION_CLASSES": [f"{PERMISSIONS}.AllowAny"]}
    ):
        assert (True, 200) == await verdict()
    with override_settings(
        REST_FRAMEWORK={**no_authentication, "DEFAULT_PERMISSION_CLASSES": [f"{PERMISSIONS}.IsAuthenticated"]}
    ):
        assert (True, 403) == await verdict()
        with override_settings(WSDRF={"DENIAL": "handshake"}):
            assert (False, 403) == await verdict()
        assert (True, 403) == await verdict()


def test_a_wrong_setting_is_an_error_of_the_application() -> None:
    """A key of ``WSDRF`` that is no option is found when an application is built."""
    with override_settings(WSDRF={"MAX_STREAM": 1}), pytest.raises(ConfigurationError, match="MAX_STREAMS"):
        StrictConsumer.as_asgi()


# -- outside of a connection -----------------------------------------------------------------------------------------------


async def test_nothing_is_sent_without_a_connection() -> None:
    """A consumer that wsdrf has not connected says so, whatever is called."""
    consumer = PetConsumer()
    calls = [
        lambda: consumer.send_message(Fed(name="x")),
        lambda: consumer.broadcast(Fed(name="x"), ["a"]),
        lambda: consumer.join("a"),
        lambda: consumer.leave("a"),
        consumer.close,
    ]
    for call in calls:
        with pytest.raises(NotConnected, match="PetConsumer is not connected"):
            await call()
    with pytest.raises(NotConnected):
        _ = consumer.groups


@pytest.mark.parametrize("code", [0, 999, 1001, 1011, 2999, 5000])
async def test_close_takes_only_codes_that_every_server_can_send(code: int) -> None:
    """``close`` refuses a code that daphne or a browser cannot send."""
    with pytest.raises(ValueError, match="use 1000, or 3000 to 4999"):
        await PetConsumer().close(code)


async def test_a_route_to_the_class_itself_is_told_of() -> None:
    """Who forgets ``.as_asgi()`` in a route is told so, and not that the class takes no arguments."""
    with pytest.raises(
        ConfigurationError, match=r"^PetConsumer is no ASGI application\. Route to PetConsumer\.as_asgi\(\)\.$"
    ):
        await PetConsumer({"type": "websocket"}, None, None)


def test_a_route_to_the_uncalled_method_is_told_of() -> None:
    """Who forgets the parentheses behind ``.as_asgi`` in a route is told so, when somebody connects."""
    with pytest.raises(
        ConfigurationError,
        match=r"^PetConsumer\.as_asgi stands in a route without its parentheses\. Route to PetConsumer\.as_asgi\(\)\.$",
    ):
        PetConsumer.as_asgi({"type": "websocket"}, None, None)


def test_an_argument_of_the_application_is_told_of() -> None:
    """What is given to ``as_asgi`` as to a view's ``as_view`` is refused when the application is built."""
    with pytest.raises(
        ConfigurationError, match=r"^PetConsumer\.as_asgi\(\) was given max_groups, and takes nothing\."
    ):
        PetConsumer.as_asgi(max_groups=3)


@pytest.mark.parametrize("on_commit", [False, True])
async def test_publishing_does_not_hold_up_a_loop(on_commit: bool) -> None:
    """``publish`` in asynchronous code is refused, with the name of what to await."""
    with pytest.raises(
        RuntimeError, match=r"^PetConsumer\.publish\(\) is for synchronous code.* Await apublish\(\) instead\.$"
    ):
        PetConsumer.publish("room.1", Fed(name="x"), on_commit)


async def test_disconnecting_does_not_hold_up_a_loop() -> None:
    """``disconnect`` in asynchronous code is refused, with the name of what to await."""
    with pytest.raises(RuntimeError, match=r"Await adisconnect\(\) instead\.$"):
        disconnect(1)


def test_an_app_that_is_not_installed_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """Without wsdrf among the apps nobody hears of logouts, and the log says so when the application is built."""
    with override_settings(INSTALLED_APPS=[app for app in settings.INSTALLED_APPS if app != "wsdrf"]):
        PetConsumer.as_asgi()

    assert [
        "wsdrf is not in INSTALLED_APPS: no logout ends a connection, its checks and commands are missing. Add it"
    ] == caplog.messages
    caplog.clear()
    PetConsumer.as_asgi()
    assert [] == caplog.messages


class SloppyConsumer(Consumer):
    authentication_classes = []
    permission_classes = [AllowAny]

    @on("pet.feed")
    async def feed(self) -> Fed:
        return {"name": "Rex"}


async def test_a_reply_that_is_not_what_was_promised_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the action whose handler returned something else than its annotation says."""
    async with WebsocketCommunicator(SloppyConsumer.as_asgi(), "/") as socket:
        answer = await socket.call("pet.feed")

    assert "error" == answer.code
    (record,) = [record for record in caplog.records if record.exc_info]
    assert str(record.exc_info[1]).startswith(
        "What 'pet.feed' returned, of class dict, is not what it is annotated with"
    )


def test_a_type_that_cannot_travel_is_told_with_its_handler() -> None:
    """Whose payload or reply it is that cannot travel as JSON is said, and of a part the path to it."""

    class Plain: ...

    with pytest.raises(DeclarationError, match=r"^What Bad\.say\(\) takes is .*Plain, which cannot travel as JSON\."):

        class Bad(Consumer):
            @on("say")
            async def say(self, payload: Plain) -> None: ...

    with pytest.raises(DeclarationError, match=r"^What Worse\.say\(\) returns is complex, which cannot travel"):

        class Worse(Consumer):
            @on("say")
            async def say(self) -> complex: ...

    with pytest.raises(DeclarationError, match=r"^list\[complex\]\[\] is complex, which cannot travel"):

        class Worst(Consumer):
            @on("say")
            async def say(self) -> list[complex]: ...
