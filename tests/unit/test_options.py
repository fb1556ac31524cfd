"""The options: read off class, project and default, and refused with the place where they were set."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsdrf.exceptions import ConfigurationError
from wsdrf.options import CLASS_NAMES, OPTION_NAMES, Options, Rate, misspelt, resolve

DEFAULTS = {
    "auth_method": "GET",
    "authenticator_class": None,
    "send_authentication_message": True,
    "credential_carriers": None,
    "denial": "message",
    "allowed_origins": (),
    "revalidate_after": 5,
    "revalidate_idle_after": 60,
    "connect_timeout": 4,
    "authentication_timeout": 10,
    "max_message_size": 65536,
    "max_queued_messages": 256,
    "max_queued_bytes": 1048576,
    "message_rate": None,
    "max_concurrent_actions": 16,
    "max_streams": 16,
    "max_groups": 100,
    "send_timeout": 10,
    "drain_timeout": 5,
    "max_unsent_bytes": 1048576,
    "max_errors": Rate(100, 60),
    "max_connections_per_user": None,
    "camelize": False,
    "revoke_on": ("logout", "user", "token", "permissions"),
    "observers": (),
    "log_ignored_actions": (),
}


class Plain:
    pass


class Room(Plain):
    max_streams = 3
    message_rate = "20/s"
    revalidate_after = None
    log_ignored_actions = ["typing"]


class Quiet(Room):
    max_streams = 0


class Ticket:
    pass


TICKET = Ticket()


def test_defaults_are_those_of_the_reference() -> None:
    """Without any setting, each option has its documented default."""
    options = resolve(Plain, {})
    assert {name: getattr(options, name) for name in DEFAULTS} == DEFAULTS
    assert {*DEFAULTS, "sync_threads"} == set(OPTION_NAMES)
    assert 1 <= options.sync_threads <= 8
    assert Options() == options


def test_class_goes_before_project_and_project_before_default() -> None:
    """The nearest class attribute counts, then the project's setting, then the default; the origin is remembered."""
    options = resolve(Quiet, {"MAX_STREAMS": 9, "MAX_GROUPS": 7, "REVALIDATE_AFTER": 1})
    assert (0, "Quiet") == (options.max_streams, options.origin["max_streams"])
    assert (Rate(20, 1), "Room") == (options.message_rate, options.origin["message_rate"])
    assert (None, "Room") == (options.revalidate_after, options.origin["revalidate_after"])
    assert (7, "WSDRF") == (options.max_groups, options.origin["max_groups"])
    assert (4, "default") == (options.connect_timeout, options.origin["connect_timeout"])
    assert ("typing",) == options.log_ignored_actions


def test_where_names_the_place() -> None:
    """An option can say where it was set, as one would look for it."""
    options = resolve(Quiet, {"MAX_GROUPS": 7})
    assert "Quiet.max_streams" == options.where("max_streams")
    assert 'WSDRF["MAX_GROUPS"]' == options.where("max_groups")
    assert "the default of denial" == options.where("denial")


def test_options_are_frozen() -> None:
    """Options are a value that nobody changes."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Options().max_streams = 1  # type: ignore[misc]  # the mistake


NO_SIZE = [0, -1, 1.5, "64k", None, True]
NO_TIME = [0, -1, "4", True, float("inf"), float("nan")]
WRONG: dict[str, list[Any]] = {
    "auth_method": ["get", None, 7, ["GET"]],
    "authenticator_class": ["Ticket", "no.such.module.Ticket", f"{__name__}.Missing"],
    "send_authentication_message": [1, None, "yes"],
    "credential_carriers": ["wsdrf.Subprotocol", Ticket, 7, ["no.such.Carrier"], [Ticket]],
    "denial": ["Message", "close", None, True],
    "allowed_origins": ["https://a.example", None, [7], ["a.example"], ["null"], ["*"], ["https://a.example/path"]],
    "revalidate_after": NO_TIME[1:],
    "revalidate_idle_after": NO_TIME,
    "connect_timeout": [*NO_TIME, None],
    "authentication_timeout": [*NO_TIME, None],
    "max_message_size": NO_SIZE,
    "max_queued_messages": NO_SIZE,
    "max_queued_bytes": NO_SIZE,
    "message_rate": ["20", "20/month", "0/s", "-1/s", "2.5/s", "", 20, "20 / s"],
    "max_concurrent_actions": NO_SIZE,
    "max_streams": [-1, 1.5, None],
    "max_groups": [-1, "7", None],
    "send_timeout": [*NO_TIME, None],
    "drain_timeout": [*NO_TIME, "5"],
    "max_unsent_bytes": NO_SIZE,
    "max_errors": ["many", 100],
    "max_connections_per_user": [0, -1, "7", True],
    "camelize": [1, "true", None],
    "sync_threads": [0, 2.0, None],
    "revoke_on": ["logout", ["password"], None],
    "observers": ["wsdrf.telemetry.Observer", Ticket, 7, None, ["no.such.Observer"]],
    "log_ignored_actions": ["typing", [7], None],
}


def test_every_option_is_tried() -> None:
    """The table of wrong values has a line for each option."""
    assert set(OPTION_NAMES) == set(WRONG)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong_value_is_refused_with_its_place(name: str, value: Any) -> None:
    """A wrong value is an error that names where it was set, on the class as in the project."""
    with pytest.raises(ConfigurationError, match=rf"^Room\.{name} is .+\. It must be .+\.$"):
        resolve(type("Room", (), {name: value}), {})
    with pytest.raises(ConfigurationError, match=rf'^WSDRF\["{name.upper()}"\] is .+\. It must be .+\.$'):
        resolve(Plain, {name.upper(): value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("revalidate_after", 0, 0.0),
        ("revalidate_after", None, None),
        ("revalidate_idle_after", None, None),
        ("message_rate", None, None),
        ("max_errors", None, None),
        ("max_connections_per_user", None, None),
        ("max_connections_per_user", 20, 20),
        ("max_streams", 0, 0),
        ("send_timeout", 0.5, 0.5),
        ("authenticator_class", f"{__name__}.Ticket", Ticket),
        ("authenticator_class", Ticket, Ticket),
        ("credential_carriers", [TICKET, f"{__name__}.TICKET"], (TICKET, TICKET)),
        ("credential_carriers", [], ()),
        ("allowed_origins", {"https://*.example.com:8443"}, ("https://*.example.com:8443",)),
    ],
)
def test_value_is_read(name: str, value: Any, expected: Any) -> None:
    """A right value is read alike from a class and from the project."""
    assert expected == getattr(resolve(type("Room", (), {name: value}), {}), name)
    assert expected == getattr(resolve(Plain, {name.upper(): value}), name)


def test_queue_holds_a_message() -> None:
    """A queue that cannot hold one message of the permitted size is refused, with both places."""
    with pytest.raises(ConfigurationError, match=r'Room\.max_queued_bytes is 10, .*WSDRF\["MAX_MESSAGE_SIZE"\] is 11'):
        resolve(type("Room", (), {"max_queued_bytes": 10}), {"MAX_MESSAGE_SIZE": 11})


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("MAX_MESSAGE_SISE", 'Did you mean "MAX_MESSAGE_SIZE"'),
        ("max_groups", 'Did you mean "MAX_GROUPS"'),
        ("CAMELISE", 'Did you mean "CAMELIZE"'),
        ("PERMISSION_CLASSES", r'Set REST_FRAMEWORK\["DEFAULT_PERMISSION_CLASSES"\]'),
        ("QUERYSET", "Set queryset on the consumer"),
        (7, r'Did you mean ".+"\? The options are AUTH_METHOD, '),
    ],
)
def test_unknown_key_names_its_cure(key: Any, cure: str) -> None:
    """A key of WSDRF that is no option is an error that names the nearest option or where the name belongs."""
    with pytest.raises(ConfigurationError, match=rf"^WSDRF\[{key!r}\] is no option\. {cure}"):
        resolve(Plain, {key: 1})


def test_project_is_a_dict() -> None:
    """WSDRF that is no mapping is an error."""
    with pytest.raises(ConfigurationError, match="WSDRF is 7, which is no dict"):
        resolve(Plain, 7)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/s", Rate(1, 1)),
        ("20/sec", Rate(20, 1)),
        ("100/m", Rate(100, 60)),
        ("100/minute", Rate(100, 60)),
        ("5/hour", Rate(5, 3600)),
        ("5/d", Rate(5, 86400)),
    ],
)
def test_rate_is_read(text: str, expected: Rate) -> None:
    """A rate is a number in a period, in seconds."""
    assert expected == Rate.parse(text)


def reading(text: str) -> Rate | str:
    try:
        return Rate.parse(text)
    except ValueError as error:
        return str(error)


@given(st.from_regex(r"[0-9]{1,3}/(s|m|h|d|sec|minute|month|hours?|S)", fullmatch=True) | st.text())
def test_text_is_a_rate_or_an_error(text: str) -> None:
    """Whatever the text, reading a rate gives what it says, or the words for what a rate is."""
    count, _, period = text.partition("/")
    seconds = {"s": 1, "sec": 1, "m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400}.get(period)
    good = count.isascii() and count.isdigit() and int(count) > 0 and seconds is not None
    expected = Rate(int(count), seconds or 0) if good else 'a rate such as "20/s", "100/m", "1000/hour" or "5/day"'
    assert expected == reading(text)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("max_message_sise", "max_message_size"),
        ("MAX_GROUPS", "max_groups"),
        ("max_group", "max_groups"),
        ("maxgroups", "max_groups"),
        ("denail", "denial"),
        ("permission_class", "permission_classes"),
        ("authentication_class", "authentication_classes"),
        ("query_set", "queryset"),
    ],
)
def test_misspelt_name_is_found(name: str, meant: str) -> None:
    """A name that misses an attribute of wsdrf's by a letter, its case or its plural is taken for it."""
    assert meant == misspelt(name)


@pytest.mark.parametrize(
    "name", [*CLASS_NAMES, "max_rooms", "_denial", "room", "message", "title", "send", "ends", "q", ""]
)
def test_other_names_are_left_alone(name: str) -> None:
    """Names that wsdrf knows, private ones and all others are nobody's business."""
    assert None is misspelt(name)


@given(st.sampled_from([name for name in CLASS_NAMES if len(name) > 6]), st.data())
def test_one_edit_is_found(name: str, data: st.DataObject) -> None:
    """One letter lost, changed, added or swapped anywhere in a name of wsdrf's is noticed."""
    at = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    edited = data.draw(
        st.sampled_from(
            [
                name[:at] + name[at + 1 :],
                name[:at] + letter + name[at + 1 :],
                name[:at] + letter + name[at:],
                name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
            ]
        ).filter(lambda edited: edited not in CLASS_NAMES and len(edited) >= 6)
    )
    assert misspelt(edited) is not None
