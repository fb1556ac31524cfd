"""Write typed clients of the project's consumers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsdrf.clients.files import outdated, write
from wsdrf.clients.plan import Portal, plan_clients
from wsdrf.clients.python import python_client
from wsdrf.clients.typescript import typescript_client
from wsdrf.exceptions import ConfigurationError
from wsdrf.management.survey import fits, notes, survey_project

LANGUAGES: Final[dict[str, Callable[[Collection[Portal]], dict[str, str]]]] = {
    "python": python_client,
    "typescript": typescript_client,
}


class Command(BaseCommand):
    """Write the files of a client, or say that they are not what they would be."""

    help = "Write typed clients of the project's WebSocket consumers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the language, where to write, and which consumers."""
        parser.add_argument("language", choices=sorted(LANGUAGES), help="the language of the client")
        parser.add_argument("--output", required=True, metavar="DIR", help="the directory to write to")
        parser.add_argument("--path", help="a path (/ws/rooms/1/), or a pattern for paths as they are listed (/ws/*)")
        parser.add_argument("--consumer", help="a consumer's name, or a pattern for names (Room*)")
        parser.add_argument("--check", action="store_true", help="write nothing; fail where the files are out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or check. Raises ``CommandError`` where there is no consumer, or the directory is of no use."""
        seen = survey_project()
        for note in notes(seen):
            self.stderr.write(note)
        mounts = [
            mount for mount in seen.mounts if not mount.obstacle and fits(mount, options["path"], options["consumer"])
        ]
        if not mounts:
            raise CommandError("There is no such consumer.")
        language, folder = options["language"], Path(options["output"])
        try:
            files = LANGUAGES[language](plan_clients(mounts))
            if options["check"]:
                _check(files, folder, language)
            else:
                write(files, folder)
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            place = error.filename or folder
            raise CommandError(f"{place} cannot be used: {error.strerror}. Name another --output.") from None


def _check(files: Mapping[str, str], folder: Path, language: str) -> None:
    if old := outdated(files, folder):
        raise CommandError(
            f"{', '.join(old)} in {folder} would be written otherwise. "
            f"Run manage.py wsdrf_client {language} --output {folder}"
        )
