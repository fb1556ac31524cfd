"""Write tables: for people at a terminal, for files and pipes, for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from attrs import field, frozen

from wsdrf.routing import aligned

HAS_RICH: Final = find_spec("rich") is not None


@frozen
class Table:
    """Rows of cells below a title and the names of the columns; ``styles`` are rich's, by the text of a cell."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    styles: Mapping[str, str] = field(factory=dict)

    def text(self) -> str:
        """Write it with spaces between the columns; an empty cell is a dash, so that each line has all columns."""
        lines = [list(self.columns), *([cell or "-" for cell in row] for row in self.rows)]
        return "\n".join([*([self.title] if self.title else []), aligned(lines)])

    def markdown(self) -> str:
        """Write it as a table of GitHub Flavored Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        return "\n".join([*([f"## {self.title}", ""] if self.title else []), *body])


def show(table: Table, output: Any) -> None:
    """Write ``table`` to ``output``, Django's: with rich where that is installed and somebody looks, else as text."""
    if HAS_RICH and output.isatty():
        _show_rich(table, output)
    else:
        output.write(table.text() + "\n")


def _show_rich(table: Table, output: Any) -> None:
    rich_table: Any = import_module("rich.table").Table(title=table.title or None, title_justify="left")
    rich_text: Any = import_module("rich.text").Text
    for column in table.columns:
        rich_table.add_column(column)
    for row in table.rows:
        rich_table.add_row(*(rich_text(cell, style=table.styles.get(cell, "")) for cell in row))
    import_module("rich.console").Console(file=output).print(rich_table)
