"""List every action of every consumer: where it is, what it takes and gives, and what guards it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from wsdrf.asyncapi.facts import connection_guards
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.mounts import Mount
from wsdrf.management.survey import fits, notes, survey_project
from wsdrf.management.tables import Table, show
from wsdrf.routing import Kind, Route, describe_guard, describe_type

COLUMNS: Final = ("path", "consumer", "action", "payload", "reply", "guards", "throttles")


class Command(BaseCommand):
    """Print a table, a line an action, in the order of routing; a consumer without actions has one line too."""

    help = "List every websocket path, action, payload, guard and throttle."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the format, and what to list."""
        parser.add_argument("--format", choices=["text", "json"], default="text", help="text (default) or json")
        parser.add_argument("--path", help="a path (/ws/rooms/1/), or a pattern for paths as they are listed (/ws/*)")
        parser.add_argument("--consumer", help="a consumer's name, or a pattern for names (Room*)")
        parser.add_argument("--action", help="an action, or a pattern for actions (chat.*)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what fits. Raises ``CommandError`` where the project has no ASGI application."""
        seen = survey_project()
        for note in notes(seen):
            self.stderr.write(note)
        entries = [
            entry
            for mount in seen.mounts
            if not mount.obstacle and fits(mount, options["path"], options["consumer"])
            for entry in _entries(mount)
            if options["action"] is None or fnmatchcase(entry["action"], options["action"])
        ]
        if options["format"] == "json":
            self.stdout.write(json.dumps(entries, indent=2, ensure_ascii=False))
        elif entries:
            show(Table("", COLUMNS, [_row(entry) for entry in entries]), self.stdout)
        else:
            self.stderr.write("There is no such action.")


def _entries(mount: Mount) -> Iterator[dict[str, Any]]:
    guards = connection_guards(blueprint_of(mount.consumer_class, mount.root).access)
    routes: dict[str, Route] = getattr(mount.consumer_class, "routes", {})
    place = {"path": mount.path, "consumer": mount.name}
    for route in routes.values():
        yield place | _entry(route, guards)
    if not routes:
        nothing = dict.fromkeys(("action", "method", "handler", "payload"), "")
        yield place | nothing | {"reply": [], "stream": False, "guards": guards, "throttles": [], "loads": []}


def _entry(route: Route, guards: list[str]) -> dict[str, Any]:
    return {
        "action": route.action,
        "method": route.method,
        "handler": f"{route.declared_by}.{route.handler}",
        "payload": "" if route.payload is None else describe_type(route.payload),
        "reply": list(map(describe_type, route.replies)),
        "stream": route.kind is Kind.STREAM,
        "guards": [*guards, *map(describe_guard, route.guards)],
        "throttles": [rate if isinstance(rate, str) else describe_type(rate) for rate in route.throttles],
        "loads": [load.name for load in route.loads],
    }


def _row(entry: dict[str, Any]) -> list[str]:
    reply = [f"{kind}*" if entry["stream"] else kind for kind in entry["reply"]]
    cells = {**entry, "reply": reply}
    return [cell if isinstance(cell, str) else ", ".join(cell) for cell in (cells[column] for column in COLUMNS)]
