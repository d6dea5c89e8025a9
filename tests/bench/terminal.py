"""Tables of text on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.tables import Grid

# A narrower terminal would break every figure into three lines; it wraps or scrolls instead.
NARROWEST = 120


def show(title: str, lines: Sequence[str], grids: Iterable[Grid]) -> None:
    """Print a report."""
    console = Console(highlight=False)
    console = Console(highlight=False, width=max(NARROWEST, console.width))
    console.rule(Text(title))
    for line in lines:
        console.print(Text(line))
    for grid in grids:
        table = Table(title=Text(grid.title), title_justify="left", box=None, pad_edge=False)
        for place, name in enumerate(grid.header):
            table.add_column(Text(name), justify="right" if place else "left")
        for row in grid.rows:
            table.add_row(*map(Text, row))
        console.print(table, "")
