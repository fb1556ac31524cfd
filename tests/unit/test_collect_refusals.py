"""The metaclass: what it refuses when a class is defined, and in which words."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import pytest
from attrs import frozen

from tests.unit.declared import QUERYSET, Also, Consumer, Data, May, Room, Said, Say, Typed
from wsdrf.collect import ConsumerType
from wsdrf.declare import loads, on, receives, requires, throttle
from wsdrf.exceptions import DeclarationError

# -- what is refused ---------------------------------------------------------------------------------------------------

T = TypeVar("T")
Make = Callable[[], object]
REFUSED: dict[str, tuple[Make, str]] = {}


def refused(says: str) -> Callable[[Make], Make]:
    def note(make: Make) -> Make:
        REFUSED[make.__name__] = (make, says)
        return make

    return note


def unwrapped(function):
    async def wrapper(*args):
        return await function(*args)

    return wrapper


KEPT: list[Any] = []


def kept(function):
    KEPT.append(function)
    return function


class Keeper:
    __slots__ = ("kept",)

    def __init__(self, function):
        self.kept = [function]

    def __call__(self, *args):
        return self.kept[0](*args)


PLACE = r"\S+(?:declared|test_collect_refusals)\.py:\d+"


@refused(rf'^Bad answers "a" twice: in Bad\.one\(\) and Bad\.two\(\)\. Change .*two = None\. \({PLACE}; {PLACE}\)$')
def duplicate_action():
    class Bad(Consumer):
        @on("a")
        async def one(self): ...

        @on("a")
        async def two(self): ...


@refused(rf'^Bad answers "say" twice: in Room\.say\(\) and Mixin\.speak\(\)\. .* \({PLACE}; {PLACE}\)$')
def duplicate_action_across_a_mixin():
    class Mixin:
        @on("say")
        async def speak(self): ...

    class Bad(Mixin, Room):
        pass


@refused(rf"^Bad receives Said twice: in Room\.said\(\) and Bad\.other\(\)\. .* \({PLACE}; {PLACE}\)$")
def duplicate_event():
    class Bad(Room):
        @receives(Said)
        async def other(self, event): ...


@refused(rf"^Bad\.a\(\) is defined twice in one body, .* Rename one of them\. \({PLACE}; {PLACE}\)$")
def defined_twice():
    class Bad(Consumer):
        @on("a")
        async def a(self): ...

        @on("b")
        async def a(self): ...  # noqa: F811 - the mistake


@refused(r"^Bad\.a\(\) is defined twice in one body")
def defined_twice_first_without_marks():
    class Bad(Consumer):
        async def a(self): ...

        @on("b")
        async def a(self): ...  # noqa: F811 - the mistake


@refused(r"^Bad\.say\(\) is defined twice in one body")
def override_defined_twice():
    class Bad(Room):
        async def say(self, payload): ...

        async def say(self, payload): ...  # noqa: F811 - the mistake


@refused(rf"^Bad\.a\(\) is defined twice in one body.* \({PLACE}\)$")
def defined_and_withdrawn():
    class Bad(Consumer):
        @on("a")
        async def a(self): ...

        a = None  # noqa: F811 - the mistake


@refused(r"^Bad\.a\(\) is defined twice in one body")
def defined_twice_and_kept_by_the_module():
    class Bad(Consumer):
        @on("a")
        @kept
        async def a(self): ...

        async def a(self): ...  # noqa: F811 - the mistake


@refused(r"^Bad\.Inner\.a\(\) is defined twice in one body")
def defined_twice_in_a_class_of_a_function_of_a_method():
    class Outer:
        def make(self):
            class Bad:
                class Inner(Consumer):
                    @on("a")
                    async def a(self): ...

                    async def a(self): ...  # noqa: F811 - the mistake

    Outer().make()


@refused(rf"^Bad\.a\(\) annotates payload with 'Nowhere', which cannot be resolved: .*Define or import .* \({PLACE}\)$")
def unresolvable_payload():
    class Bad(Consumer):
        @on("a")
        async def a(self, payload: Nowhere): ...  # noqa: F821 - the mistake


@refused(r"^Bad\.a\(\) annotates return with 'Nowhere \| None'")
def unresolvable_return():
    class Bad(Consumer):
        @on("a")
        async def a(self) -> Nowhere | None: ...  # noqa: F821 - the mistake


@refused(r"^Bad\.a\(\) annotates payload with '1 / 0', which cannot be resolved: division by zero")
def annotation_that_fails():
    class Bad(Consumer):
        @on("a")
        async def a(self, payload: 1 / 0): ...


@refused(
    rf'^Bad\.delete\(\) has guards but no action\. Add @on\("\.\.\."\) above it, or remove @requires\. \({PLACE}\)$'
)
def guards_without_action():
    class Bad(Consumer):
        @requires(May)
        async def delete(self): ...


@refused(r"^Bad\.delete\(\) has guards but no action")
def guards_on_a_withdrawn_action():
    class Without(Room):
        delete = None

    class Bad(Without):
        @requires(May)
        def delete(self, payload, line): ...


@refused(r"^Bad\.a\(\) has throttles but no action\. .* remove @throttle")
def throttle_without_action():
    class Bad(Consumer):
        @throttle("1/s")
        async def a(self): ...


@refused(r"^Bad\.a\(\) has loads but no action\. .* remove @loads")
def loads_without_action():
    class Mixin:
        @loads("line", QUERYSET, pk="id")
        async def a(self, payload: Say, line: Any): ...

    class Bad(Mixin, Consumer):
        pass


@refused(rf"^Bad\.a\(\) takes no self\. Add it as the first parameter\. \({PLACE}\)$")
def payload_in_place_of_self():
    class Bad(Consumer):
        @on("a")
        async def a(payload: Say): ...  # noqa: N805 - the mistake


@refused(r"^Bad\.conected\(\) is never called by wsdrf\. Write connected\(\)\. .* less alike\.$")
def misspelt_hook():
    class Bad(Consumer):
        async def conected(self): ...


@refused(rf"^Bad\.connected\(\) is awaited, and is no coroutine function\. Write async def connected\. \({PLACE}\)$")
def hook_that_is_not_async():
    class Bad(Consumer):
        def connected(self): ...


@refused(r"^Bad\.build_groups\(\) is awaited, .* Write async def build_groups\.")
def hook_of_a_mixin_that_is_not_async():
    class Mixin:
        def build_groups(self):
            return []

    class Bad(Mixin, Consumer):
        pass


@refused(r"^Bad\.build_group\(\) is never called by wsdrf\. Write build_groups\(\)\.")
def hook_without_its_plural():
    class Bad(Consumer):
        async def build_group(self): ...


@refused(r'^Bad\.receive_json\(\) is never called by wsdrf\. Write a handler with @on\("\.\.\."\)\.')
def method_of_channels():
    class Bad(Consumer):
        async def receive_json(self, content): ...


@refused(r"^Bad\.a\(\) is a sync generator, .* Write `async def` with yield")
def sync_generator():
    class Bad(Consumer):
        @on("a")
        def a(self) -> Iterator[int]:
            yield 1


@refused(r"^Bad\.a\(\) is a sync generator")
def wrapped_sync_generator():
    def timed(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    class Bad(Consumer):
        @on("a")
        @timed
        def a(self):
            yield 1


@refused(rf"^Bad\.a\(\) has lost its @requires under another decorator\. Use functools\.wraps .* \({PLACE}\)$")
def guard_lost_in_a_closure():
    class Bad(Consumer):
        @on("a")
        @unwrapped
        @requires(May)
        async def a(self): ...


@refused(r"^Mixin\.a\(\) has lost its @requires under another decorator")
def guard_of_a_mixin_lost_in_a_closure():
    class Mixin:
        @on("a")
        @unwrapped
        @requires(May)
        async def a(self): ...

    class Bad(Mixin, Consumer):
        pass


@refused(r"^Bad\.a\(\) has lost its @on under another decorator")
def action_lost():
    class Bad(Consumer):
        @unwrapped
        @on("a")
        async def a(self): ...


@refused(r"^Bad\.a\(\) has lost its @on under another decorator")
def function_thrown_away():
    def instead(function):
        async def other(self): ...

        return other

    class Bad(Consumer):
        @instead
        @on("a")
        async def a(self): ...


@refused(r"^Mixin\.a has @requires but is a Keeper")
def function_kept_by_an_object():
    class Mixin:
        @Keeper
        @requires(May)
        async def a(self): ...

    class Bad(Mixin, Consumer):
        pass


@refused(r"^Bad\.a has @on but is a staticmethod\. A handler is a plain method with self")
def static_method():
    class Bad(Consumer):
        @staticmethod
        @on("a")
        async def a(): ...


@refused(r"^Bad\.a has @on but is a classmethod")
def class_method():
    class Bad(Consumer):
        @classmethod
        @on("a")
        async def a(cls): ...


@refused(r"^Bad\.a has @requires but is a property")
def a_property():
    class Bad(Consumer):
        @property
        @requires(May)
        def a(self): ...


@refused(r"^Bad\.a has @on but is a _lru_cache_wrapper")
def a_cache():
    class Bad(Consumer):
        @functools.lru_cache  # noqa: B019 - the mistake
        @on("a")
        def a(self): ...


@refused(
    rf"^Bad\.say is of type int where Room\.say\(\) is a handler\. .*say = None to withdraw the action\. \({PLACE}\)$"
)
def other_value_over_a_handler():
    class Bad(Room):
        say = 5


@refused(r"already belongs to a consumer, which @requires would change\. Write an override")
def marking_a_base_again():
    class Bad(Room):
        say = requires(Also)(Room.say)


@refused(r'^Bad\.a\(\) has both @on\("a"\) and @on\("b"\)\. Write a method for each')
def two_actions():
    class Bad(Consumer):
        @on("a")
        @on("b")
        async def a(self): ...


@refused(r'^Bad\.a\(\) has both @on\("a"\) and @on\("b"\)\. Write a method for each')
def three_actions():
    class Bad(Consumer):
        @on("a")
        @on("b")
        @on("c")
        async def a(self): ...


@refused(r'^Bad\.a\(\) has both @receives\(Say\) and @on\("a"\)')
def action_and_event():
    class Bad(Consumer):
        @receives(Say)
        @on("a")
        async def a(self, event: Say): ...


@refused(rf"^Bad\.say\(\) is both @receives and @on\. Give one another name\. \({PLACE}; {PLACE}\)$")
def event_over_an_action():
    class Bad(Room):
        @receives(Say)
        async def say(self, event): ...


@refused(r"^Bad\.a\(\) does not say what payload is\. Annotate it with the payload's type")
def payload_without_type():
    class Bad(Consumer):
        @on("a")
        async def a(self, payload): ...


@refused(r"^Bad\.a\(\) takes line, which nothing gives\. .* @loads\(\"line\", \.\.\.\)")
def parameter_that_nothing_gives():
    class Bad(Consumer):
        @on("a")
        async def a(self, payload: Say, line: Any): ...


@refused(r"^Bad\.a\(\) takes payload, which nothing gives\. The payload comes right after self")
def payload_after_load():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, line: Any, payload: Say): ...


@refused(r'^Bad\.a\(\) has @loads\("line", \.\.\.\) but no parameter of that name')
def load_without_parameter():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, payload: Say): ...


@refused(r"^Bad\.a\(\) takes line by position")
def load_by_position():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, payload: Say, line: Any, /): ...


@refused(r"^Bad\.a\(\) has two @loads of the same name")
def two_loads_of_a_name():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, payload: Say, line: Any): ...


@refused(r"^Bad\.a\(\) has @loads but takes no payload to look up by")
def load_without_payload():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        async def a(self, line: Any): ...


@refused(r'^Bad\.a\(\) has @loads\("line", \.\.\.\) by id, which is no field .* The fields are line_id, text')
def load_by_no_field():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="id")
        async def a(self, payload: Say, line: Any): ...


@refused(r'^Bad\.a\(\) has @loads\("line", \.\.\.\) by id, which is no field .* The fields are line_id\.')
def load_by_no_field_of_a_dataclass():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="id")
        async def a(self, payload: Data, line: Any): ...


@refused(r'^Bad\.a\(\) has @loads\("line", \.\.\.\) by id, which is no field .* The fields are line_id\.')
def load_by_no_field_of_a_typed_dict():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="id")
        async def a(self, payload: Typed, line: Any): ...


@refused(r'^Bad\.a\(\) has @loads\("line", \.\.\.\) by id, which is no field .* The fields are item\.')
def load_by_no_field_of_a_generic_class():
    @frozen
    class Page(Generic[T]):
        item: T

    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="id")
        async def a(self, payload: Page[int], line: Any): ...


@refused(r'^Bad\.a\(\) has @loads\("room", \.\.\.\) but no parameter of that name')
def one_of_two_loads_without_parameter():
    class Bad(Consumer):
        @on("a")
        @loads("line", QUERYSET, pk="line_id")
        @loads("room", QUERYSET, pk="line_id")
        async def a(self, payload: Say, line: Any): ...


@refused(r"^Bad\.a\(\) takes \*args and \*\*kwargs\. Name its parameters")
def anything():
    class Bad(Consumer):
        @on("a")
        async def a(self, *args: Any, **kwargs: Any): ...


@refused(r"^Bad\.a\(\) has a signature that cannot be read: TypeError\(.*\)\. Mend its annotations")
def unreadable_signature():
    def signed(function):
        function.__signature__ = 7
        return function

    class Bad(Consumer):
        @on("a")
        @signed
        async def a(self): ...


@refused(r"^Bad\.a\(\) annotates payload with 'Scope', which cannot be resolved")
def name_that_only_wsdrf_knows():
    async def named(self, payload: Scope): ...  # noqa: F821 - the mistake

    def through_a_partial(function):
        @functools.wraps(functools.partial(named))
        async def wrapper(self, payload): ...

        return wrapper

    class Bad(Consumer):
        @on("a")
        @through_a_partial
        async def a(self, payload): ...


@refused(r"^Bad\.a\(\) takes no self")
def no_self():
    class Bad(Consumer):
        @on("a")
        async def a(): ...


@refused(r"^Bad\.a\(\) takes no self")
def bare_payload_in_place_of_self():
    class Bad(Consumer):
        @on("a")
        async def a(payload): ...  # noqa: N805 - the mistake


@refused(r"^Bad\.a\(\) takes no self")
def typed_event_in_place_of_self():
    class Bad(Consumer):
        @on("a")
        async def a(said: Say): ...  # noqa: N805 - the mistake


@refused(r"^Bad\.a\(\) is a sync generator, which would hold a thread")
def wrapped_into_a_sync_generator():
    def twice(function):
        @functools.wraps(function)
        def wrapper(self):
            yield from (function(self), function(self))

        return wrapper

    class Bad(Consumer):
        @on("a")
        @twice
        def a(self): ...


@refused(r"^Bad\.say\(\) does not take the payload of the method that it overrides")
def override_without_payload():
    class Bad(Room):
        async def say(self): ...


@refused(r"^Bad\.a\(\) is a stream but is not annotated as one")
def stream_annotated_otherwise():
    class Bad(Consumer):
        @on("a")
        async def a(self) -> Said:
            yield Said("x")


@refused(r"^Bad\.a\(\) is annotated as a stream but is no async generator")
def stream_without_yield():
    class Bad(Consumer):
        @on("a")
        async def a(self) -> AsyncIterator[Said]: ...


@refused(r"^Bad\.a\(\) receives Said but takes no event\. Add a second parameter: event: Said")
def event_without_parameter():
    class Bad(Consumer):
        @receives(Said)
        async def a(self): ...


@refused(rf"^Bad\.a\(\) receives Said but annotates its event otherwise\. .* \({PLACE}; {PLACE}\)$")
def event_of_another_class():
    class Bad(Consumer):
        @receives(Said)
        async def a(self, event: Say): ...


@refused(r"^Bad\.a\(\) receives an event and is a stream")
def event_as_a_stream():
    class Bad(Consumer):
        @receives(Said)
        async def a(self, event: Said):
            yield 1


@refused(rf"^Bad\.a\(\) has @throttle, but an event is not called by a client\. .* \({PLACE}; {PLACE}\)$")
def throttled_event():
    class Bad(Consumer):
        @receives(Said)
        @throttle("1/s")
        async def a(self, event: Said): ...


@refused(r"^Bad\.join\(\) would hide Consumer\.join\. Rename the method; its action can stay")
def hides_a_method():
    class Bad(Consumer):
        @on("join")
        async def join(self): ...


@refused(r"^Bad\.user\(\) would hide Consumer\.user")
def hides_an_attribute():
    class Bad(Room):
        @on("user")
        async def user(self): ...


@refused(r"^Bad\.denial\(\) has a name that means something else")
def hides_an_option():
    class Bad(Consumer):
        @on("denial")
        async def denial(self): ...


@refused(r"^Bad\.routes is where wsdrf keeps its table")
def hides_the_table():
    class Bad(Consumer):
        routes = ()


@refused(r"^Bad\.permission_class means nothing to wsdrf\. Did you mean permission_classes\?")
def misspelt_attribute():
    class Bad(Consumer):
        permission_class = May


@refused(r"^Bad\.max_message_sise means nothing to wsdrf\. Did you mean max_message_size\?")
def misspelt_option():
    class Bad(Consumer):
        max_message_sise = 7


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED)
def test_wrong_declaration_fails_when_the_class_is_defined(make: Make, says: str) -> None:
    """A wrong class body is refused with who, what and the cure, and with the places in the file."""
    with pytest.raises(DeclarationError, match=says):
        make()


def test_failed_class_leaves_no_trace() -> None:
    """After a refused class, one of the same name is defined as if nothing had been."""

    def define_room(*, twice: bool) -> ConsumerType:
        class Child(Consumer):
            @on("a")
            async def a(self): ...

            if twice:

                @on("b")
                async def a(self): ...

        return Child

    with pytest.raises(DeclarationError, match="defined twice"):
        define_room(twice=True)
    assert ["a"] == list(define_room(twice=False).routes)
