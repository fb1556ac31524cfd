"""Write a conversation that failed to a file, and read it again."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from attrs import asdict, field, frozen

from wsdrf.strategies.invalid import InvalidCall
from wsdrf.strategies.machine.plan import Utterance

STEPS: Final = frozenset({
    "begin_and_cancel_one", "cancel_one", "come_back", "connect_as", "hang_up_after", "leave_from", "lose", "say",
})  # fmt: skip
"""What a machine can be told to do."""


@frozen
class Step:
    """One thing that a machine did: the name of its method, and with what."""

    do: str
    arguments: Mapping[str, Any]


@frozen
class Place:
    """What is tried: a consumer, at a path of the project's application or, with a ``url``, of a server."""

    consumer: str
    path: str
    url: str | None = None


@frozen
class Record:
    """A conversation that failed, shrunk, and everything that it takes to hold it again.

    ``roles`` has each role as it stood on the command line, and ``None`` for those that are secrets.
    """

    place: Place
    finding: str
    problem: str
    test: str
    seed: int
    steps: Sequence[Step]
    roles: Mapping[str, str | None]
    options: Mapping[str, Any] = field(factory=dict[str, Any])

    def save(self, folder: Path) -> Path:
        """Write it into ``folder``, and give the file: the same conversation has the same name."""
        data = asdict(self, recurse=False) | {"place": asdict(self.place), "steps": [_dump(one) for one in self.steps]}
        text = json.dumps(data, indent=2)
        told = json.dumps([data["place"], self.finding, data["steps"]])
        digest = sha256(told.encode()).hexdigest()[:8]
        file = folder / f"{self.place.consumer.rpartition('.')[2]}-{self.finding}-{digest}.json"
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", "utf-8")
        return file


def read_record(file: Path) -> Record:
    """Read what ``save()`` wrote. Raises ``ValueError`` for anything else, ``OSError`` where nothing can be read."""
    try:
        data = json.loads(file.read_text("utf-8"))
        steps = [_load(one) for one in data.pop("steps")]
        return Record(place=Place(**data.pop("place")), steps=steps, **data)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f"{file} holds no conversation that wsdrf_fuzz has saved.") from None


def _dump(step: Step) -> dict[str, Any]:
    return {"do": step.do, **{name: _WRITERS.get(name, _same)(value) for name, value in step.arguments.items()}}


def _load(data: dict[str, Any]) -> Step:
    if data["do"] not in STEPS:
        raise ValueError(data["do"])
    given = {name: value for name, value in data.items() if name != "do"}
    return Step(data["do"], {name: _READERS.get(name, _same)(value) for name, value in given.items()})


def _same(value: Any) -> Any:
    return value


def _write(one: Utterance) -> dict[str, Any]:
    if isinstance(one.frame, bytes):
        said: dict[str, Any] = {"base64": b64encode(one.frame).decode()}
    else:
        said = {"text": one.frame} if isinstance(one.frame, str) else {"json": one.frame}
    if one.wrong is not None:
        said["wrong"] = {"violation": one.wrong.violation, "loc": list(one.wrong.loc), "code": one.wrong.code}
    return said if one.cancels is None else said | {"cancels": one.cancels}


def _read(said: dict[str, Any]) -> Utterance:
    frame = b64decode(said["base64"]) if "base64" in said else said["text"] if "text" in said else said["json"]
    wrong = said.get("wrong")
    found = None if wrong is None else InvalidCall(said["json"], wrong["violation"], tuple(wrong["loc"]), wrong["code"])
    return Utterance(frame, found, said.get("cancels"))


_WRITERS: Final[dict[str, Callable[[Any], Any]]] = {
    "early": lambda said: [_write(one) for one in said],
    "batch": lambda batch: [[seat, _write(one)] for seat, one in batch],
}
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "early": lambda said: [_read(one) for one in said],
    "batch": lambda batch: [(seat, _read(one)) for seat, one in batch],
}
