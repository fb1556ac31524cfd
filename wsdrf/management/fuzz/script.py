"""Write the test that shows what failed: whom it is about, and how a server is talked to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from typing_extensions import override

from wsdrf.strategies.machine.findings import Finding
from wsdrf.strategies.machine.script import Conversation, Setting

MARK: Final = "# `roles` are those that state_machine() was given."
DOTS: Final = "..."
"""Stands for a token, or a header: neither is printed, or written to a file."""

_TRANSLATIONS: Final = (
    (re.compile(r"^(\s*await \w+)\.send_json\((.*)\)$", re.DOTALL), r"\1.send(json.dumps(\2))"),
    (re.compile(r"^(\s*await \w+)\.send_(?:text|bytes)\("), r"\1.send("),
    (re.compile(r"^(\s*await \w+)\.receive_json\(\)"), r"\1.recv()"),
    (re.compile(r"^(\s*await \w+)\.disconnect\(\)"), r"\1.close()"),
    (re.compile(r"^(\s*frames = await) (\w+)\.receive_all_json\(\)"), r"\1 rest(\2)"),
)
_HEAD: Final = """\
import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL = {url!r}
# What each role shows: {{"additional_headers": {{"Authorization": "Token ..."}}}}, or "subprotocols".
CREDENTIALS = {{{roles}}}


async def rest(client):
    frames = []
    try:
        while True:
            frames.append(json.loads(await asyncio.wait_for(client.recv(), 1)))
    except (asyncio.TimeoutError, ConnectionClosed):
        return frames

"""


class RemoteConversation(Conversation):
    """What was said to a server at ``url``, written as a test that says it again."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url.partition("?")[0]
        self._roles: dict[str, None] = {}

    def connect(self, client: str, role: str, *, is_nobody: bool) -> None:
        """Write down that somebody connects."""
        if not is_nobody:
            self._roles[role] = None
        self.add(client, f"{client} = await connect(URL{'' if is_nobody else f', **CREDENTIALS[{role!r}]'})")

    @override
    def write(self, finding: Finding | None, client: str, setting: Setting) -> str:
        lines = super().write(finding, client, setting).splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("async def test_"))
        head = _HEAD.format(url=self._url, roles=", ".join(f"{role!r}: {{}}" for role in self._roles))
        return "\n".join([head, *map(_translated, lines[start:])])


def with_roles(test: str, words: Mapping[str, str | None]) -> str:
    """Say in ``test`` who its roles are, as ``words`` of the command line name them."""
    who = [f"    {role!r}: {_maker(word)}," for role, word in words.items() if word != "anonymous"]
    if MARK not in test or not any(f"roles[{role!r}]" in test for role in words):
        return test.replace(f"{MARK}\n", "")
    roles = ["# Make these in the test's database first, and what is at the path.", "roles = {", *who, "}", "", ""]
    last = "from asgiref.sync import sync_to_async\n"
    imported = f"{last}from django.contrib.auth import get_user_model\n"
    return test.replace(last, imported, 1).replace(MARK, "\n".join(roles))


def conceal(text: str, secrets: Mapping[str, str]) -> str:
    """Write each of the secrets, by role, as dots; of a header, what follows the scheme is one too."""
    for secret in secrets.values():
        for part in (secret, secret.partition(" ")[2]):
            text = text.replace(part, DOTS) if part.strip() else text
    return text


def _maker(word: str | None) -> str:
    if word is None:
        return f"{DOTS!r}"
    if word.startswith("user:"):
        return f"lambda: get_user_model().objects.get(pk={word.removeprefix('user:')!r})"
    return f"lambda: get_user_model().objects.get_by_natural_key({word!r})"


def _translated(line: str) -> str:
    for pattern, replacement in _TRANSLATIONS:
        line = pattern.sub(replacement, line)
    return line
