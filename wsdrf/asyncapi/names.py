"""Choose keys for a document: of the letters that AsyncAPI allows, none twice, the same in every run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wsdrf.connection.mounts import Mount


def unique(names: Iterable[str]) -> list[str]:
    """Give a key for each name, in order: other characters become ``_``, and what is there already gets a number."""
    taken: set[str] = set()
    keys = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        key, number = plain, 1
        while key in taken:
            number += 1
            key = f"{plain}.{number}"
        taken.add(key)
        keys.append(key)
    return keys


def channel_keys(mounts: Iterable[Mount]) -> list[str]:
    """Give the key of each mount: its consumer's name, with its module where two consumers have the same."""
    known = list(mounts)
    return unique(_name(mount, known) for mount in known)


def _name(mount: Mount, known: list[Mount]) -> str:
    namesakes = {other.consumer_class for other in known if other.name == mount.name}
    return f"{mount.consumer_class.__module__}.{mount.name}" if len(namesakes) > 1 else mount.name
