"""Keep rights in a file, and say what has become of them since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from attrs import frozen

from wsdrf.exceptions import ConfigurationError

Rights: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By consumer, action and role: ``yes``, ``by object``, or status and code of the refusal."""

YES: Final = "yes"
BY_OBJECT: Final = "by object"
"""The guards let in, and are asked again about the object that the action loads."""


@frozen
class Change:
    """One right, ``before`` and ``after``: in words, or ``None`` where there was no such thing."""

    consumer: str
    action: str
    role: str
    before: str | None
    after: str | None

    @property
    def widens(self) -> bool:
        """Tell whether somebody may more than they might."""
        return breadth(self.after) > breadth(self.before)

    @property
    def narrows(self) -> bool:
        """Tell whether somebody may less than they might."""
        return breadth(self.after) < breadth(self.before)


def breadth(word: str | None) -> int:
    """Give 2 for a right, 1 for one that depends on an object, 0 for a refusal."""
    return {YES: 2, BY_OBJECT: 1}.get(word or "", 0)


def read(path: Path) -> Rights:
    """Give the rights that a snapshot holds. Raises ``ConfigurationError`` for a file that is none."""
    try:
        rights: Rights = json.loads(path.read_text("utf-8"))
        return {
            consumer: {action: {role: str(word) for role, word in row.items()} for action, row in actions.items()}
            for consumer, actions in rights.items()
        }
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"{path} is no snapshot of rights. Delete it, and it will be written again."
        ) from error


def write(path: Path, rights: Rights) -> None:
    """Write a snapshot as JSON, a line an action, so that a diff of the file can be read."""
    consumers = [
        f"  {_json(consumer)}: {{\n"
        + ",\n".join(f"    {_json(action)}: {_json(row)}" for action, row in actions.items())
        + "\n  }"
        for consumer, actions in rights.items()
    ]
    path.write_text("{\n" + ",\n".join(consumers) + "\n}\n", "utf-8")


def compare(before: Rights, after: Rights) -> list[Change]:
    """Give every right that is not what it was, those that are new or gone included."""
    old, new = dict(_flatten(before)), dict(_flatten(after))
    return [
        Change(*key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old]) if old.get(key) != new.get(key)
    ]


def explain(changes: Iterable[Change]) -> str:
    """Write changes as a diff for people: what is wider first, what is narrower next, and then the rest."""
    changes = list(changes)
    parts = {
        ("Wider:", "+"): [change for change in changes if change.widens],
        ("Narrower:", "-"): [change for change in changes if change.narrows],
        ("Otherwise different:", "~"): [change for change in changes if not change.widens and not change.narrows],
    }
    width = max((len(_subject(change)) for change in changes), default=0)
    lines: list[str] = []
    for (title, sign), part in parts.items():
        lines += [title] * bool(part)
        for change in part:
            words = f"{change.before or 'unlisted'} -> {change.after or 'gone'}"
            lines.append(f"  {sign} {_subject(change).ljust(width)}  {words}")
    return "\n".join(lines)


def _subject(change: Change) -> str:
    return f"{change.consumer} {change.action} {change.role}"


def _flatten(rights: Rights) -> Iterable[tuple[tuple[str, str, str], str]]:
    return (
        ((consumer, action, role), word)
        for consumer, actions in rights.items()
        for action, row in actions.items()
        for role, word in row.items()
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
