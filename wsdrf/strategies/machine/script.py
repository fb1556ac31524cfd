"""The conversation so far, and how it reads as a test that can be pasted."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any, Final

from attrs import field, frozen

from wsdrf.strategies.machine.findings import Finding

WIDTH: Final = 300
"""Characters of a received frame that are shown."""


@frozen
class Setting:
    """What a script has to name: the consumer, the application in Python, the path, the URL's captures."""

    consumer: str
    module: str
    application: str
    path: str
    kwargs: dict[str, Any] = field(factory=dict[str, Any])


@frozen
class Line:
    """One thing that happened: ``client`` is whose it is, ``code`` the Python that does it again.

    A frame that was sent is kept as it is, and written as Python only when somebody reads it.
    """

    client: str
    code: str = ""
    sent: str | bytes | None = None
    is_answer: bool = False

    def write(self) -> str:
        """Give the line of Python."""
        return self.code if self.sent is None else _sending(self.client, self.sent)


class Conversation:
    """Everything that was said in one example, in order."""

    def __init__(self, callables: Iterable[str] = ()) -> None:
        self._callables = frozenset(callables)
        self._lines: list[Line] = []
        self._known: set[str] = set()

    def meet(self, role: str) -> str:
        """Give the variable that stands for the user or token of ``role``, made where it was not needed before."""
        name = identifier(role)
        if name not in self._known:
            self._known.add(name)
            given = f"roles[{role!r}]"
            self.add("", f"{name} = {f'await sync_to_async({given})()' if role in self._callables else given}")
        return name

    def add(self, client: str, *code: str) -> None:
        """Write down what was done, a line of Python each."""
        self._lines.extend(Line(client, one) for one in code)

    def send(self, client: str, frame: str | bytes) -> None:
        """Write down a frame that was sent."""
        self._lines.append(Line(client, sent=frame))

    def receive(self, client: str, raw: str | bytes) -> None:
        """Write down a frame that came."""
        text = raw if isinstance(raw, str) else repr(raw)
        self._lines.append(Line(client, text if len(text) <= WIDTH else f"{text[:WIDTH]}...", is_answer=True))

    def write(self, finding: Finding | None, client: str, setting: Setting) -> str:
        """Write it all as a test, which fails for the same reason as ``finding`` did with ``client``."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", setting.consumer).lower()
        body = [*self._body(client if finding and finding.check else ""), *_ending(finding, client)]
        head = [
            "import pytest",
            "from asgiref.sync import sync_to_async",
            "",
            *_losses(body),
            "from wsdrf.testing import WebsocketCommunicator, find_application",
            f"from {setting.module} import {setting.consumer}",
            "",
            "# `roles` are those that state_machine() was given.",
            "@pytest.mark.django_db(transaction=True)",
            f"async def test_{name}():",
        ]
        return "\n".join([*head, *textwrap.indent("\n".join(body), "    ").splitlines()])

    def _body(self, last: str) -> Iterable[str]:
        """Give the lines; the last answers of the client ``last`` are left to be looked at."""
        kept = len(self._lines)
        while last and kept and (self._lines[kept - 1].is_answer or self._lines[kept - 1].client != last):
            kept -= 1
        for index, line in enumerate(self._lines):
            if not line.is_answer:
                yield line.write()
            elif index < kept or line.client != last:
                yield f"await {line.client}.receive_json()  # {line.code}"
            else:
                yield f"# {line.client} gets {line.code}"


def identifier(role: str) -> str:
    """Make a name of Python of a role's."""
    name = re.sub(r"\W", "_", role)
    return name if name.isidentifier() else f"role_{name}"


def _sending(client: str, frame: str | bytes) -> str:
    if isinstance(frame, bytes):
        return f"await {client}.send_bytes({frame!r})"
    try:
        data = json.loads(frame)
    except (ValueError, RecursionError):
        return f"await {client}.send_text({frame!r})"
    if json.dumps(data) != frame:
        return f"await {client}.send_text({frame!r})"
    return f"await {client}.send_json({data!r})"


def _losses(body: list[str]) -> list[str]:
    used = [name for name in ("age", "deactivate", "demote", "log_out") if any(f"({name})" in line for line in body)]
    return [f"from wsdrf.strategies.machine.losses import {', '.join(used)}"] if used else []


def _ending(finding: Finding | None, client: str) -> list[str]:
    if finding is None:
        return ["# That is where it failed."]
    told = textwrap.wrap(finding.problem.splitlines()[0], 100, initial_indent="# ", subsequent_indent="# ")
    if not finding.check or not client:
        return told
    return [f"frames = await {client}.receive_all_json()", *told, finding.check.replace("CLIENT", client)]
