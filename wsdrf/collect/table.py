"""Put together what a class, its bases and its mixins declare of each method, along the MRO.

For one name, the classes are read from the furthest base to the class itself. An undecorated override keeps the
contract; ``@requires`` and ``@throttle`` add to it; ``@loads`` replaces the load of the same name; ``@on`` replaces the
action, its method, timeout and concurrency; ``None`` withdraws it. What was ever required of a name stays required,
even by an action that is declared anew after a withdrawal: a subclass can tighten and never loosen.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from typing import Any, TypeVar

import attrs
from attrs import evolve, frozen

from wsdrf.collect.signature import Method, Scope, Signature, read
from wsdrf.declare import SIGN, Action, Guards, Load, Mark, Receipt, Throttles, marks_of, seal
from wsdrf.envelope import ABSENT
from wsdrf.exceptions import DeclarationError
from wsdrf.naming import class_name
from wsdrf.options import CLASS_NAMES
from wsdrf.routing import Kind, Reception, Receptions, Route, Routes

M = TypeVar("M", Guards, Throttles)


@frozen(eq=False)
class Contract:
    """What one name stands for, as far as the classes have been read.

    ``deed`` is what the method does, ``declared_by`` the class that says so; without a deed, ``strays`` are the marks
    that wait for one. ``method`` is the function that would run. ``replies`` are ``ABSENT`` where nothing says them.
    """

    deed: Action | Receipt | None = None
    declared_by: str = ""
    guards: tuple[Guards, ...] = ()
    throttles: tuple[Throttles, ...] = ()
    loads: tuple[Load, ...] = ()
    strays: tuple[Mark, ...] = ()
    method: Method | None = None
    kind: Kind = Kind.COROUTINE
    payload: Any = None
    payload_required: bool = True
    replies: Any = ABSENT
    may_give_none: bool = True


def gather(cls: type, scope: Scope) -> tuple[Routes, Receptions]:
    """Read the tables of ``cls``. Raises ``DeclarationError``."""
    routes: dict[str, Route] = {}
    receptions: dict[type, Reception] = {}
    for name in _marked_names(cls):
        contract = _follow(cls, name, scope)
        if contract.deed is None or contract.method is None:
            _check_strays(cls, name, contract)
            continue
        _check_name(cls, contract.method)
        if isinstance(contract.deed, Action):
            route = _route(contract, contract.deed, contract.method)
            _check_unique(cls, f'"{route.action}"', "answers", route, routes.get(route.action))
            routes[route.action] = route
        else:
            reception = _reception(contract, contract.deed, contract.method)
            event = reception.message
            _check_unique(cls, event.__qualname__, "receives", reception, receptions.get(event))
            receptions[event] = reception
    return Routes(routes), Receptions(receptions)


def _marked_names(cls: type) -> Iterator[str]:
    owners = reversed(cls.__mro__)
    marked = (name for owner in owners for name, value in vars(owner).items() if marks_of(value))
    return iter(dict.fromkeys(marked))


def _follow(cls: type, name: str, scope: Scope) -> Contract:
    contract = Contract()
    for owner in reversed(cls.__mro__):
        if name not in vars(owner):
            continue
        value = vars(owner)[name]
        if value is None:
            contract = Contract(guards=contract.guards, throttles=contract.throttles)
        elif inspect.isfunction(value):
            contract = _extend(contract, Method(owner, name, value), scope)
        elif contract.deed is not None:
            raise DeclarationError(
                f"{class_name(owner)}.{name} is of type {type(value).__name__} where {contract.method} is a handler. "
                f"Write a method, or {name} = None to withdraw the action. ({contract.deed.place})"
            )
    return contract


def _extend(contract: Contract, method: Method, scope: Scope) -> Contract:
    marks = marks_of(method.function)
    if contract.deed is None and not marks:
        return contract
    seal(method.function)
    own = _own_deed(method, marks)
    deed = None if own is contract.deed else own
    if deed is not None and contract.deed is not None and type(deed) is not type(contract.deed):
        other = SIGN[type(contract.deed)]
        raise method.error(f"is both {SIGN[type(deed)]} and {other}. Give one another name.", contract.deed.place)
    declared = contract if deed is None else evolve(contract, deed=deed, declared_by=class_name(method.owner))
    merged = evolve(
        declared,
        guards=_added(contract.guards, marks, Guards),
        throttles=_added(contract.throttles, marks, Throttles),
        loads=_nearest(method, contract.loads, marks),
        method=method,
    )
    if merged.deed is None:
        return evolve(merged, strays=(*contract.strays, *marks))
    signature = read(method, [load.name for load in merged.loads], scope)
    if isinstance(merged.deed, Receipt):
        return _with_event(merged, merged.deed, method, signature)
    return _with_payload(merged, method, signature, inherits=contract.deed is not None, anew=deed is not None)


def _own_deed(method: Method, marks: tuple[Mark, ...]) -> Action | Receipt | None:
    deeds = [mark for mark in marks if isinstance(mark, (Action, Receipt))]
    if len(deeds) > 1:
        first, second = (_written(deed) for deed in deeds[:2])
        raise method.error(f"has both {first} and {second}. Write a method for each; they may call a third.")
    return deeds[0] if deeds else None


def _written(deed: Action | Receipt) -> str:
    return f'@on("{deed.name}")' if isinstance(deed, Action) else f"@receives({deed.message.__qualname__})"


def _added(before: tuple[M, ...], marks: tuple[Mark, ...], kind: type[M]) -> tuple[M, ...]:
    # By identity: functools.wraps copies a base's marks to its override, where they count once.
    return before + tuple(mark for mark in marks if isinstance(mark, kind) and not any(mark is one for one in before))


def _nearest(method: Method, before: tuple[Load, ...], marks: tuple[Mark, ...]) -> tuple[Load, ...]:
    own = [mark for mark in marks if isinstance(mark, Load)]
    loads = {load.name: load for load in own}
    if len(loads) < len(own):
        raise method.error("has two @loads of the same name. Rename one, and the parameter with it.")
    return tuple({**{load.name: load for load in before}, **loads}.values())


def _with_event(contract: Contract, receipt: Receipt, method: Method, signature: Signature) -> Contract:
    event = receipt.message.__qualname__
    extras = [mark for mark in (*contract.strays, *marks_of(method.function)) if isinstance(mark, (Throttles, Load))]
    for extra in extras:
        sign = SIGN[type(extra)]
        raise method.error(f"has {sign}, but an event is not called by a client. Take {sign} away.", extra.place)
    if signature.kind is Kind.STREAM:
        raise method.error(
            "receives an event and is a stream. Return one message, and send others with send_message()."
        )
    if not signature.takes_payload:
        raise method.error(f"receives {event} but takes no event. Add a second parameter: event: {event}.")
    if signature.payload is not ABSENT and signature.payload is not receipt.message:
        raise method.error(
            f"receives {event} but annotates its event otherwise. Make them the same class.", receipt.place
        )
    return evolve(_with_replies(contract, signature), kind=signature.kind)


def _with_payload(contract: Contract, method: Method, signature: Signature, *, inherits: bool, anew: bool) -> Contract:
    parameter, payload = signature.parameter, signature.payload
    if signature.variadic and not inherits:
        raise method.error(
            f"takes {' and '.join(signature.variadic)}. Name its parameters, so that a payload has a type."
        )
    if payload is ABSENT:
        payload = contract.payload if signature.takes_payload else None
        if parameter is not None and payload is None:
            raise method.error(f"does not say what {parameter.name} is. Annotate it with the payload's type.")
        if payload is None and contract.payload is not None and not anew:
            raise method.error("does not take the payload of the method that it overrides. Add a second parameter.")
    if contract.loads:
        _check_loads(method, contract.loads, payload)
    required = contract.payload_required if parameter is None else parameter.default is inspect.Parameter.empty
    return evolve(
        _with_replies(contract, signature),
        kind=signature.kind,
        payload=payload,
        payload_required=required or payload is None,
    )


def _with_replies(contract: Contract, signature: Signature) -> Contract:
    if signature.replies is ABSENT:
        return contract
    return evolve(contract, replies=signature.replies, may_give_none=signature.may_give_none)


def _check_loads(method: Method, loads: tuple[Load, ...], payload: Any) -> None:
    if payload is None:
        raise method.error("has @loads but takes no payload to look up by. Add one as its second parameter.")
    fields = _field_names(typing.get_origin(payload) or payload)
    for load in loads:
        for source in load.lookup.values():
            if fields is not None and source not in fields:
                raise method.error(
                    f'has @loads("{load.name}", ...) by {source}, which is no field of its payload. '
                    f"The fields are {', '.join(sorted(fields))}."
                )


def _field_names(payload: Any) -> frozenset[str] | None:
    """Give the names of a record's fields, or ``None`` for a type that names none here, such as a union."""
    if isinstance(payload, type) and attrs.has(payload):
        return frozenset(one.name for one in attrs.fields(payload))
    if isinstance(payload, type) and dataclasses.is_dataclass(payload):
        return frozenset(one.name for one in dataclasses.fields(payload))
    return frozenset(payload.__annotations__) if typing.is_typeddict(payload) else None


def _check_strays(cls: type, name: str, contract: Contract) -> None:
    for mark in contract.strays:
        what = {"@requires": "guards", "@throttle": "throttles", "@loads": "loads"}[SIGN[type(mark)]]
        raise DeclarationError(
            f"{class_name(cls)}.{name}() has {what} but no action. "
            f'Add @on("...") above it, or remove {SIGN[type(mark)]}. ({mark.place})'
        )


def _check_name(cls: type, method: Method) -> None:
    name = method.name
    gathered = [owner for owner in cls.__mro__ if isinstance(vars(owner).get("routes"), Routes)]
    for owner in gathered[-1].__mro__ if gathered else ():
        taken = name in vars(owner) and not marks_of(vars(owner)[name])
        if taken or name in vars(owner).get("__annotations__", ()):
            raise method.error(f"would hide {class_name(owner)}.{name}. Rename the method; its action can stay.")
    if name in CLASS_NAMES or hasattr(object, name):
        raise method.error("has a name that means something else on a consumer. Rename it; its action can stay.")


def _check_unique(cls: type, what: str, verb: str, entry: Route | Reception, other: Route | Reception | None) -> None:
    if other is not None:
        first, second = (f"{one.declared_by}.{one.handler}()" for one in (other, entry))
        raise DeclarationError(
            f"{class_name(cls)} {verb} {what} twice: in {first} and {second}. Change one of them, or withdraw it with "
            f"{entry.handler} = None. ({other.place}; {entry.place})"
        )


def _route(contract: Contract, action: Action, method: Method) -> Route:
    return Route(
        action=action.name,
        handler=method.name,
        kind=contract.kind,
        payload=contract.payload,
        replies=_replies(contract),
        guards=_permissions(contract),
        throttles=tuple(rate for mark in contract.throttles for rate in mark.rates),
        loads=contract.loads,
        method=action.method,
        timeout=action.timeout,
        concurrent=action.concurrent,
        declared_by=contract.declared_by,
        place=action.place,
        payload_required=contract.payload_required,
        is_annotated=contract.replies is not ABSENT,
        may_give_none=contract.may_give_none,
    )


def _reception(contract: Contract, receipt: Receipt, method: Method) -> Reception:
    return Reception(
        message=receipt.message,
        handler=method.name,
        guards=_permissions(contract),
        declared_by=contract.declared_by,
        place=receipt.place,
        kind=contract.kind,
        replies=_replies(contract),
        is_annotated=contract.replies is not ABSENT,
    )


def _replies(contract: Contract) -> tuple[Any, ...]:
    return () if contract.replies is ABSENT else tuple(contract.replies)


def _permissions(contract: Contract) -> tuple[Any, ...]:
    return tuple(permission for mark in contract.guards for permission in mark.permissions)
