"""The one strict codec: frames to calls, data to messages, answers to text. Nothing else parses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from wsdrf.codec import frames
from wsdrf.codec.careful import Careful
from wsdrf.codec.frames import InvalidFrame
from wsdrf.codec.quick import Quick
from wsdrf.codec.strict import quick_reader
from wsdrf.codec.write import Writing
from wsdrf.codec.wrong import Wrong, bounded, missing
from wsdrf.envelope import ABSENT, Call, CallId, Failure
from wsdrf.exceptions import InvalidCall
from wsdrf.schema import Record, Shape, describe

__all__ = ["Codec", "InvalidFrame"]

MAX_DEPTH: Final = 32
"""How deep the arrays and objects of a frame may nest, the frame itself counted."""

Decode = Callable[[str | bytes], Call]
Structure = Callable[[Any], Any]
Unstructure = Callable[[Any], Any]


class Codec:
    """Reads and writes frames and payloads; one for each application.

    ``camelize`` puts field names in camelCase on the wire.
    """

    def __init__(self, camelize: bool = False) -> None:
        self.camelize = camelize
        #: Read a frame. Raises ``ParseError`` for what is not strict JSON, and ``InvalidFrame`` (an ``InvalidCall``
        #: with the ``id`` to answer to) for what is no call.
        self.decode: Decode = quick_reader(MAX_DEPTH, partial(frames.decode, max_depth=MAX_DEPTH))
        self._quick = Quick()
        self._careful = Careful()
        self._writing = Writing(camelize)
        self._shapes: dict[type[Any], Shape] = {}  # a class that is both taken and given is described once

    def structurer(self, tp: Any) -> Structure:
        """Make the function that turns a payload into a ``tp``. Make it once for each type: it is not cheap.

        It takes plain JSON data, or ``ABSENT``, which is ``{}`` to a record. It never converts: what it accepts,
        ``unstructurer(tp)`` turns into JSON equal to what came, defaults added and the order of sets aside. It raises
        ``InvalidCall`` with at most 10 field errors; an exception of a user's validator that is none of ``ValueError``,
        ``TypeError``, ``KeyError`` and ``AssertionError`` goes up as it is.

        Raises ``DeclarationError`` for a type that cannot travel.
        """
        shape = self._describe(tp)
        quick = self._quick.make(shape)
        careful = self._careful.make(shape)
        nothing: Any = {} if isinstance(shape, Record) else ABSENT

        def structure(payload: Any) -> Any:
            if payload is ABSENT:  # a type that takes anything would take it
                return explain(payload)
            try:
                return quick(payload, None)
            except Exception:  # noqa: BLE001, S110 - the careful pass meets it again, and knows what it means
                pass
            return explain(payload)

        def explain(payload: Any) -> Any:
            payload = nothing if payload is ABSENT else payload
            if payload is ABSENT:
                raise InvalidCall(bounded((missing(),), "payload"))
            try:
                return careful(payload, None)
            except Wrong as error:
                raise InvalidCall(bounded(error.errors, "payload")) from None

        return structure

    def unstructurer(self, tp: Any = None) -> Unstructure:
        """Make the function that turns a ``tp`` into plain JSON data; without ``tp``, it goes by the value's class.

        All fields are written, defaults too. What is no JSON (a naive ``datetime``, NaN, an ``int`` beyond 64 bits, a
        value that the annotation does not allow) raises ``ValueError`` or ``TypeError``.
        """
        return self._writing.value if tp is None else self._writing.make(self._describe(tp))

    def unstructure(self, value: Any) -> Any:
        """Turn a value into plain JSON data, going by its class."""
        return self._writing.value(value)

    def encode_frame(self, action: str, payload: Any, id: CallId = None) -> str:
        """Write a frame of plain JSON data as compact text; ``None`` for ``id`` leaves it out.

        Raises ``ValueError`` or ``TypeError`` for what is no JSON.
        """
        return frames.encode_frame(action, payload, id)

    def _describe(self, tp: Any) -> Shape:
        if not issubclass(type(tp), type):  # Python 3.10 takes Annotated[list[int], ...] for an instance of type
            return describe(tp, camelize=self.camelize)
        if tp not in self._shapes:
            self._shapes[tp] = describe(tp, camelize=self.camelize)
        return self._shapes[tp]

    encode_reply: Final = staticmethod(frames.encode_reply)

    def encode_failure(self, failure: Failure, id: CallId = None) -> str:
        """Write the ``error`` frame that answers a call."""
        return frames.encode_failure(failure, id)
