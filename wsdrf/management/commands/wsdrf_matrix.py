"""Tell who may call what, by asking the guards; and tell when that has changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsdrf.access.plan import open_actions
from wsdrf.connection.blueprint import blueprint_of
from wsdrf.connection.mounts import Mount, Survey, built
from wsdrf.exceptions import ConfigurationError
from wsdrf.management.asking import confirm
from wsdrf.management.probe import probe
from wsdrf.management.roles import HELP, read_roles
from wsdrf.management.survey import fits, mount_at, survey_project
from wsdrf.management.tables import Table, show
from wsdrf.naming import class_name
from wsdrf.testing.matrix import Matrix, draw
from wsdrf.testing.snapshot import BY_OBJECT, YES, Rights, compare, explain, read, write

WIDER: Final = 1
DIFFERENT: Final = 2
QUESTION: Final = (
    "--probe runs every handler, as everybody that --as names. What that does to the databases is rolled back, mail is "
    "dropped, caches and channel layers are ones in memory; but anything else that a handler does is done."
)
STYLES: Final = {YES: "green", BY_OBJECT: "yellow"}


class Command(BaseCommand):
    """Print a row an action, and one for connecting; a column a role. Without ``--probe``, no handler runs.

    Exits with 1 where the ``--snapshot`` has widened, ``--fail-on-unguarded`` finds something or a ``--probe`` passes
    by a guard; with 2 where the snapshot is different in other ways.
    """

    help = "Show who may call which action, by running the guards as somebody."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take as whom to ask, what, and what to do about it."""
        parser.add_argument("--as", action="append", dest="roles", metavar="WHO", help=HELP)
        parser.add_argument("--path", action="append", help="where to connect: /ws/rooms/1/. May be repeated")
        parser.add_argument("--consumer", help="a consumer's name, or a pattern for names (Room*)")
        parser.add_argument("--format", choices=["text", "markdown", "json"], default="text", help="text (default)")
        parser.add_argument(
            "--snapshot", type=Path, metavar="FILE", help="hold FILE to be the same; write it if missing"
        )
        parser.add_argument("--update", action="store_true", help="write the snapshot anew")
        parser.add_argument(
            "--fail-on-unguarded", action="store_true", help="exit with 1 if everybody may call something"
        )

        parser.add_argument("--probe", action="store_true", help="really call, in transactions that are rolled back")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the matrix. Raises ``CommandError`` with what is wrong, and the exit code."""
        if options["update"] and options["snapshot"] is None:
            raise CommandError("--update is for a --snapshot.")
        seen = survey_project()
        roles = read_roles(options["roles"] or ["anonymous"])
        try:
            places = self._places(seen, options)
            matrices = [async_to_sync(draw)(mount.consumer_class, roles, path) for mount, path in places]
            shown, passed_by = matrices, list[tuple[str, int]]()
            if options["probe"]:
                if options["interactive"]:
                    confirm(QUESTION, self.stderr)
                shown, passed_by = self._probe([mount.consumer_class for mount, _ in places], matrices, roles)
            self._print(shown, options["format"])
            faults = [*passed_by, *self._unguarded(options), *self._changes(matrices, options)]
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        if faults:
            raise CommandError(
                "\n".join(text for text, _ in faults), returncode=min(returncode for _, returncode in faults)
            )

    def _places(self, seen: Survey, options: dict[str, Any]) -> list[tuple[Mount, str]]:
        mounts = [mount for mount in seen.mounts if not mount.obstacle and fits(mount, None, options["consumer"])]
        if options["path"]:
            return [(mount_at(mounts, path), path) for path in options["path"]]
        for mount in mounts:
            if mount.parameters:
                self.stderr.write(f"{mount.name} is left out: say where at {mount.path} to connect, with --path.")
        places = [(mount, mount.path) for mount in mounts if not mount.parameters]
        if not places and not options["fail_on_unguarded"]:
            raise CommandError("There is no consumer to ask.")
        return places

    def _probe(
        self, consumers: Iterable[type[Any]], matrices: Iterable[Matrix], roles: dict[str, Any]
    ) -> tuple[list[Matrix], list[tuple[str, int]]]:
        findings = [probe(consumer, matrix, roles) for consumer, matrix in zip(consumers, matrices, strict=True)]
        for found in findings:
            for action in found.uncalled:
                self.stderr.write(f"{action} of {found.matrix.name} was not called: there was no payload for it.")
        return [found.matrix for found in findings], [(fault, WIDER) for found in findings for fault in found.faults]

    def _print(self, matrices: Iterable[Matrix], chosen: str) -> None:
        if chosen == "json":
            self.stdout.write(json.dumps([_plain(matrix) for matrix in matrices], indent=2, ensure_ascii=False))
            return
        for number, matrix in enumerate(matrices):
            self.stdout.write("\n" * (number > 0), ending="")
            rows = [[action, *row.values()] for action, row in matrix.rights().items()]
            table = Table(f"{matrix.name}  {matrix.path}", ["action", *matrix.roles], rows, STYLES)
            if chosen == "markdown":
                self.stdout.write(table.markdown())
            else:
                show(table, self.stdout)

    def _unguarded(self, options: dict[str, Any]) -> Iterator[tuple[str, int]]:
        if not options["fail_on_unguarded"]:
            return
        for consumer, root in built().items():
            for action in open_actions(blueprint_of(consumer, root).access, consumer.routes.values()):
                fault = f"Everybody may call {action!r} of {class_name(consumer)}, and nothing says that it is meant."
                yield fault, WIDER

    def _changes(self, matrices: Iterable[Matrix], options: dict[str, Any]) -> Iterator[tuple[str, int]]:
        file: Path | None = options["snapshot"]
        if file is None:
            return
        rights: Rights = {f"{matrix.name} {matrix.path}": matrix.rights() for matrix in matrices}
        if options["update"] or not file.exists():
            _save(file, rights)
            self.stderr.write(f"{file} has been written.")
            return
        changes = compare(read(file), rights)
        if changes:
            returncode = WIDER if any(change.widens for change in changes) else DIFFERENT
            advice = "If that is meant, run the command again with --update, and commit the file."
            yield f"{file} says otherwise.\n{explain(changes)}\n{advice}", returncode


def _save(file: Path, rights: Rights) -> None:
    try:
        write(file, rights)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}.") from None


def _plain(matrix: Matrix) -> dict[str, Any]:
    return {
        "consumer": matrix.name,
        "path": matrix.path,
        "roles": list(matrix.roles),
        "by_object": sorted(matrix.by_object),
        "actions": {
            action: {
                role: {
                    "is_allowed": verdict.is_allowed,
                    "status_code": verdict.status_code,
                    "code": verdict.code,
                    "detail": verdict.detail,
                }
                for role, verdict in row.items()
            }
            for action, row in matrix.verdicts.items()
        },
    }
