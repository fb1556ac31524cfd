"""Names of groups: injective, readable where plain, and accepted by every channel layer."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, Final

MAX_LENGTH: Final = 99
"""Characters that a channel layer takes in a name. Source: ``channels.layers.BaseChannelLayer.MAX_NAME_LENGTH``."""

OWN: Final = "wsdrf."
"""What wsdrf's own groups start with; no user's does."""

_VALID: Final = re.compile(r"[a-zA-Z0-9\-_.]+\Z")
_PLAIN: Final = re.compile(r"[a-zA-Z0-9\-]+\Z")


def group_name(*parts: Any) -> str:
    """Make the name of a group out of ``parts``: ``group_name("room", 7) == "room.7"``.

    Different parts never share a name, whatever text a client put into them: characters other than ASCII letters,
    digits and ``-`` are escaped, and a name that would be too long ends in a digest of the whole. A part counts as
    its ``str()``. Raises ``ValueError`` without any part.
    """
    if not parts:
        raise ValueError("A group needs a name: group_name() takes at least one part.")
    name = ".".join(_escaped(str(part)) for part in parts)
    if name.startswith(OWN):  # a part that is a user's word, say a slug, is to be no exception
        name = f"_{ord(name[0]):x}_{name[1:]}"
    if len(name) <= MAX_LENGTH - 1:
        return name
    digest = blake2b(name.encode(), digest_size=20).hexdigest()
    # A double dot cannot come out of escaping, so no short name is equal to a long one's.
    return f"{name[: MAX_LENGTH - len(digest) - 2]}..{digest}"


def check_group(name: Any) -> str:
    """Give ``name`` back. Raises ``ValueError`` for one that a channel layer does not take, or that is wsdrf's own."""
    if not isinstance(name, str) or not _VALID.match(name) or len(name) > MAX_LENGTH:
        raise ValueError(
            f"{name!r} is no name of a group: it takes up to {MAX_LENGTH} ASCII letters, digits, '-', '_' and '.'. "
            f"Make it with group_name(...)."
        )
    if name.startswith(OWN):
        raise ValueError(f"{name!r} belongs to wsdrf: name the group otherwise.")
    return name


def _escaped(part: str) -> str:
    if _PLAIN.match(part):
        return part
    return "".join(char if _PLAIN.match(char) else f"_{ord(char):x}_" for char in part) or "_"
