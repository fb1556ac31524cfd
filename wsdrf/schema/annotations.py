"""Read annotations: resolve strings, bind type variables, strip what says nothing about JSON."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Final, Generic, TypeVar, get_args, get_origin

import typing_extensions
from typing_extensions import Doc, NotRequired, ReadOnly, Required, TypeAliasType

from wsdrf.exceptions import DeclarationError

Bindings = Mapping[Any, Any]

_QUALIFIERS: Final = frozenset(
    {
        typing.Final,
        Required,
        NotRequired,
        ReadOnly,
        *(getattr(typing, name) for name in ("Required", "NotRequired", "ReadOnly") if hasattr(typing, name)),
    }
)
_ALIASES: Final = tuple({TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType)})


def name_of(tp: Any) -> str:
    """Write a type as its author did, as far as it goes."""
    if isinstance(tp, type) and get_origin(tp) is None:
        return tp.__qualname__
    return str(tp).replace("typing.", "").replace("typing_extensions.", "")


def is_alias(tp: Any) -> bool:
    """Tell whether ``tp`` is a named alias (``type X = ...``), plain or with its type variables bound."""
    return isinstance(tp, _ALIASES) or isinstance(get_origin(tp), _ALIASES)


def open_alias(tp: Any) -> Any:
    """Give what a named alias stands for."""
    alias = get_origin(tp) or tp
    value = _resolve_names(alias.__value__, alias)
    return bind(value, dict(zip(alias.__type_params__, get_args(tp), strict=False)))


def plain(tp: Any) -> Any:
    """Strip ``Annotated``, ``NewType``, ``Final``, ``Required`` and the like off ``tp``."""
    while True:
        origin = get_origin(tp)
        if origin is Annotated or origin in _QUALIFIERS:
            tp = get_args(tp)[0]
        elif isinstance(tp, typing.NewType):
            tp = tp.__supertype__
        else:
            return tp


def qualifiers(tp: Any) -> set[Any]:
    """Name the qualifiers around ``tp``, such as ``NotRequired``."""
    found = set()
    while (origin := get_origin(tp)) is Annotated or origin in _QUALIFIERS:
        found.add(origin)
        tp = get_args(tp)[0]
    return found


def documentation(tp: Any) -> str:
    """Give what ``Annotated[..., Doc("...")]`` says of a field; empty without."""
    while (origin := get_origin(tp)) is Annotated or origin in _QUALIFIERS:
        said = next((each for each in getattr(tp, "__metadata__", ()) if isinstance(each, Doc)), None)
        if said is not None:
            return inspect.cleandoc(said.documentation)
        tp = get_args(tp)[0]
    return ""


def bind(tp: Any, bindings: Bindings) -> Any:
    """Put types in the place of the type variables of ``tp``; unknown ones stay."""
    if isinstance(tp, TypeVar):
        return bindings.get(tp, tp)
    parameters = getattr(tp, "__parameters__", ())
    if not parameters or not bindings or get_origin(tp) is None:
        return tp
    return tp[tuple(bindings.get(parameter, parameter) for parameter in parameters)]


def hints_of(tp: Any) -> dict[str, Any]:
    """Resolve the annotations of a class, or of a parametrised generic class, with its type variables bound.

    Raises ``DeclarationError`` where a name cannot be found.
    """
    cls = get_origin(tp) or tp
    bindings = _bindings(tp)
    merged = {variable: bound for each in bindings.values() for variable, bound in each.items()}
    hints = {}
    for name, hint in _resolve(cls).items():
        owner = next((base for base in cls.__mro__ if name in inspect.get_annotations(base)), cls)
        # A TypedDict's bases are gone from its MRO, so all that is known of its variables counts.
        hints[name] = bind(hint, merged if typing_extensions.is_typeddict(cls) else bindings.get(owner, {}))
    return hints


def _resolve_names(value: Any, alias: Any) -> Any:
    """Resolve the names that the value of an alias may hold as strings, for lack of ``type X = ...``."""
    names = vars(sys.modules[alias.__module__]) if alias.__module__ in sys.modules else {}
    holder = type(alias.__name__, (), {"__annotations__": {"value": value}})
    try:
        return typing_extensions.get_type_hints(holder, globalns=names, include_extras=True)["value"]
    except NameError as error:
        raise _unknown_name(alias.__name__, error, alias.__module__) from error


def _unknown_name(owner: str, error: NameError, module: str) -> DeclarationError:
    return DeclarationError(
        f"{owner} has an annotation that names {error.name!r}, which is not found. "
        f"Define or import {error.name} at the top level of {module}, where annotations are looked up."
    )


def _resolve(cls: type[Any]) -> dict[str, Any]:
    try:
        try:
            return typing_extensions.get_type_hints(cls, include_extras=True)
        except NameError:
            # A class made in a function is in no module; it can at least name itself.
            return typing_extensions.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
    except NameError as error:
        raise _unknown_name(cls.__qualname__, error, cls.__module__) from error
    except (TypeError, SyntaxError, AttributeError) as error:
        raise DeclarationError(
            f"{cls.__qualname__} has an annotation that is no type: {error}. Annotate each field with a type."
        ) from error


def _bindings(tp: Any) -> dict[type[Any], dict[Any, Any]]:
    """Map each generic class that ``tp`` is or inherits from to what its type variables stand for."""
    cls = get_origin(tp) or tp
    own = dict(zip(getattr(cls, "__parameters__", ()), get_args(tp), strict=False))
    found = {}
    for base in getattr(cls, "__orig_bases__", ()):
        if isinstance(get_origin(base), type) and get_origin(base) is not Generic:
            found.update(_bindings(bind(base, own)))
    for base in getattr(cls, "__bases__", ()):
        if base not in found and base is not object:
            found.update(_bindings(base))
    found[cls] = own
    return found
