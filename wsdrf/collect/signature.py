"""Read what one method takes and gives: its kind, its parameters, its payload's type, its replies."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Collection, Iterator, Mapping
from inspect import Parameter
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Union
from weakref import WeakKeyDictionary

from attrs import frozen

from wsdrf.declare import Place, place_of
from wsdrf.envelope import ABSENT
from wsdrf.exceptions import DeclarationError
from wsdrf.naming import class_name
from wsdrf.routing import Kind

_ASYNC_ITERATORS: Final = (AsyncIterator, AsyncIterable, AsyncGenerator)
_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)

# What was resolved once stays: a subclass in another module cannot see the names around its base.
_resolved: Final[WeakKeyDictionary[Callable[..., Any], dict[str, Any]]] = WeakKeyDictionary()


@frozen(eq=False)
class _Names(Mapping[str, Any]):
    """What the class body and the names around it call, looked up one by one: a class may have a thousand methods."""

    body: Mapping[str, Any]
    around: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        value = self.body.get(name, ABSENT)
        # A method is no type: one that is called `list` must not hide the built-in that annotations mean.
        return self.around[name] if value is ABSENT or inspect.isfunction(value) else value

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self.around, **self.body} if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@frozen(eq=False)
class Scope:
    """Names that annotations may use besides their module's: those local to the function that the class stands in."""

    module: Mapping[str, Any]
    local: Mapping[str, Any] = MappingProxyType({})


@frozen(eq=False)
class Method:
    """One function as it stands in the body of one class."""

    owner: type
    name: str
    function: Callable[..., Any]

    @property
    def place(self) -> Place:
        """Say where it is written."""
        return place_of(self.function)

    def __str__(self) -> str:
        return f"{class_name(self.owner)}.{self.name}()"

    def error(self, what: str, *others: Place) -> DeclarationError:
        """Make the error that says ``what`` of this method, with its place and the others'."""
        places = "; ".join(map(str, (self.place, *others)))
        return DeclarationError(f"{self} {what} ({places})")


@frozen(eq=False)
class Signature:
    """What a method takes and gives. ``payload`` and ``replies`` are ``ABSENT`` where nothing is annotated.

    ``replies`` has ``None`` left out, and ``may_give_none`` tells whether it was there. ``parameter`` is the one that
    takes the payload. ``variadic`` names ``*args`` and ``**kwargs``, which pass on what an inherited contract gives.
    """

    kind: Kind
    parameter: Parameter | None
    payload: Any
    replies: Any
    may_give_none: bool
    variadic: tuple[str, ...]

    @property
    def takes_payload(self) -> bool:
        """Tell whether a payload can be handed over at all."""
        return self.parameter is not None or any(name.count("*") == 1 for name in self.variadic)


def read(method: Method, loads: Collection[str], scope: Scope) -> Signature:
    """Read a method that also gets a keyword for each of ``loads``. Raises ``DeclarationError``."""
    try:
        signature = inspect.signature(method.function)
    except Exception as error:
        # Python 3.14 evaluates annotations here, which is the user's code and may raise anything.
        raise method.error(f"has a signature that cannot be read: {error!r}. Mend its annotations.") from error
    parameters = _without_self(method, list(signature.parameters.values()))
    first = parameters[0] if parameters else None
    parameter = first if first and first.kind in _POSITIONAL and first.name not in loads else None
    rest = parameters if parameter is None else parameters[1:]
    _check_rest(method, rest, loads)
    kind = kind_of(method)
    variadic = tuple(
        ("*" if one.kind is Parameter.VAR_POSITIONAL else "**") + one.name
        for one in rest
        if one.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    )
    given = _given(method, kind, resolve(method, "return", signature.return_annotation, scope))
    replies: Any = ABSENT if given is ABSENT else members(given)
    return Signature(
        kind,
        parameter,
        ABSENT if parameter is None else resolve(method, parameter.name, parameter.annotation, scope),
        replies,
        may_give_none=replies is ABSENT or Any in replies or NoneType in _flat(given),
        variadic=variadic,
    )


def kind_of(method: Method) -> Kind:
    """Say how a method is written, looking through a plain wrapper at what it hands on. Raises ``DeclarationError``."""
    function = method.function
    inner = inspect.unwrap(function)
    if inspect.iscoroutinefunction(function):
        return Kind.COROUTINE
    if inspect.isgeneratorfunction(function) or inspect.isgeneratorfunction(inner):
        raise method.error("is a sync generator, which would hold a thread. Write `async def` with yield for a stream.")
    if inspect.isasyncgenfunction(function) or inspect.isasyncgenfunction(inner):
        return Kind.STREAM
    return Kind.COROUTINE if inspect.iscoroutinefunction(inner) else Kind.FUNCTION


def resolve(method: Method, name: str, annotation: Any, scope: Scope) -> Any:
    """Give the type that one annotation means, or ``ABSENT`` for none. Raises ``DeclarationError``."""
    if annotation is inspect.Parameter.empty:
        return ABSENT
    known = _resolved.setdefault(method.function, {})
    if name not in known:
        known[name] = _resolve(method, name, annotation, scope)
    return known[name]


def _resolve(method: Method, name: str, annotation: Any, scope: Scope) -> Any:
    world = getattr(inspect.unwrap(method.function), "__globals__", {})
    around = scope.local if scope.module is world else {}

    def bearer() -> None: ...

    bearer.__annotations__ = {name: annotation}
    try:
        return typing.get_type_hints(bearer, world, _Names(vars(method.owner), around), include_extras=True)[name]
    except Exception as error:
        # An annotation is code of the user's, and may raise anything.
        raise method.error(
            f"annotates {name} with {annotation!r}, which cannot be resolved: {error}. Define or import that type "
            "above the class, outside `if TYPE_CHECKING:`."
        ) from error


def members(annotation: Any) -> tuple[Any, ...]:
    """Give the members of a union without ``None``; of any other type, itself."""
    nothing = (NoneType, typing.NoReturn, getattr(typing, "Never", NoneType))
    return tuple(member for member in _flat(annotation) if member not in nothing)


def _flat(annotation: Any) -> tuple[Any, ...]:
    if type(annotation).__name__ == "TypeAliasType":
        return _flat(annotation.__value__)
    if typing.get_origin(annotation) is Annotated:
        return _flat(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (Union, UnionType):
        return tuple(dict.fromkeys(member for one in typing.get_args(annotation) for member in _flat(one)))
    return (annotation,)


def _given(method: Method, kind: Kind, returned: Any) -> Any:
    """Give the type of what a method gives back, or of a stream's items; ``ABSENT`` where nothing says it."""
    if returned is ABSENT:
        return ABSENT
    origin = typing.get_origin(returned) or returned
    iterates = origin in _ASYNC_ITERATORS
    if kind is Kind.STREAM and not iterates:
        raise method.error("is a stream but is not annotated as one. Annotate it -> AsyncIterator[...].")
    if kind is not Kind.STREAM and iterates:
        raise method.error("is annotated as a stream but is no async generator. Write `async def` with yield.")
    return next(iter(typing.get_args(returned)), ABSENT) if iterates else returned


def _without_self(method: Method, parameters: list[Parameter]) -> list[Parameter]:
    if parameters and parameters[0].kind in _POSITIONAL and not _is_payload(parameters[0]):
        return parameters[1:]
    if parameters and parameters[0].kind is Parameter.VAR_POSITIONAL:
        return parameters
    raise method.error("takes no self. Add it as the first parameter.")


def _is_payload(first: Parameter) -> bool:
    return first.name != "self" and (first.name == "payload" or first.annotation is not Parameter.empty)


def _check_rest(method: Method, rest: list[Parameter], loads: Collection[str]) -> None:
    for one in rest:
        if one.name in loads and one.kind is Parameter.POSITIONAL_ONLY:
            raise method.error(f"takes {one.name} by position, but @loads gives it by name. Move the / before it.")
        variadic = one.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if one.name not in loads and not variadic and one.default is Parameter.empty:
            raise method.error(
                f"takes {one.name}, which nothing gives. The payload comes right after self; give anything else "
                f'a default, or add @loads("{one.name}", ...).'
            )
    names = {one.name for one in rest}
    if any(one.kind is Parameter.VAR_KEYWORD for one in rest):
        return
    for name in loads:
        if name not in names:
            raise method.error(f'has @loads("{name}", ...) but no parameter of that name. Add it after the payload.')
