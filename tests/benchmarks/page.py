"""Write what was measured into the page of the documentation, between its marks: ``<!-- measured: message -->``.

``python page.py FIGURES.json PAGE.md``. What was not measured stays as it is.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import report
import targets
from results import Results

SECTION = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
SHOWN = {"sockets": ("rate", "cpu", "median50", "p9950")}
"""Of a suite with more columns than a page is wide, how those begin that are shown."""


def where(results: Results) -> str:
    """Say on what machine, and with what."""
    machine = results.machine
    versions = ", ".join(f"{name} {text}" for name, text in results.versions.items())
    kind = "with `--quick`" if results.quick else "in full"
    load = f"{machine['load before']:.1f}" if machine.get("load before") is not None else "unknown"
    return (
        f"Measured {kind} on {machine['cores']} cores of an {machine['processor']} ({machine['system']}), "
        f"Python {machine['python']}, with a load of {load} when it began:\n{versions}.\n"
    )


def text_of(name: str, results: Results) -> str | None:
    """Give the text for one mark, or nothing where there are no figures for it."""
    if name == "machine":
        return where(results)
    if name == "targets":
        return "\n" + targets.table(results).partition("\n\n")[2] + "\n"
    figures = results.suites.get(name)
    if figures is None:
        return None
    shown = SHOWN.get(name, ("",))
    kept = {
        row: {column: rounds for column, rounds in columns.items() if column.startswith(shown)}
        for row, columns in figures.items()
    }
    return "\n" + report.table(name, kept) + "\n"


def fill(page: str, results: Results) -> str:
    """Give ``page`` with what was measured."""

    def section(match: re.Match[str]) -> str:
        text = text_of(match[2], results)
        return match[0] if text is None else match[1] + text + match[3]

    return SECTION.sub(section, page)


def main() -> None:
    """Fill a page."""
    figures, page = map(Path, sys.argv[1:])
    results = Results(**json.loads(figures.read_text()))
    page.write_text(fill(page.read_text(), results))


if __name__ == "__main__":
    main()
