"""Write the AsyncAPI document of the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wsdrf.asyncapi import describe_project, write_json, write_yaml
from wsdrf.exceptions import ConfigurationError
from wsdrf.management.survey import notes, survey_project

WRITERS: Final = {"json": write_json, "yaml": write_yaml}


class Command(BaseCommand):
    """Print the document, or write it to a file; to standard error goes what no connection reaches."""

    help = "Describe every consumer of the project as an AsyncAPI 3.0 document."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the format, and where to write."""
        parser.add_argument(
            "--format", choices=list(WRITERS), help="json (default), or yaml; else as the file's name says"
        )
        parser.add_argument("--file", type=Path, metavar="F", help="write to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it. Raises ``CommandError`` without an ASGI application, PyYAML where it is needed, or a folder."""
        file: Path | None = options["file"]
        chosen = options["format"] or ("yaml" if file and file.suffix in {".yaml", ".yml"} else "json")
        for note in notes(survey_project()):
            self.stderr.write(note)
        try:
            text = WRITERS[chosen](describe_project())
            if file is None:
                self.stdout.write(text, ending="")
            else:
                file.write_text(text, "utf-8")
        except (ConfigurationError, OSError) as error:
            raise CommandError(str(error)) from None
