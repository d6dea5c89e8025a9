"""The consoles of commands, and how a command runs and fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ksys_app import log
from ksys_app.settings import Settings, load_settings
from ksys_app.utils.printable import printable, printable_json

T = TypeVar("T")
WIDEST: Final = 1000

_LINES: Final = "\n\t"


class _Console(Console):
    """A console that escapes control characters: other people wrote the names and comments."""

    def render_str(self, text: str, **options: Any) -> Text:
        """The text for the terminal, with characters escaped that cannot be printed."""
        return super().render_str(printable(text, _LINES), **options)


out = _Console(highlight=False, soft_wrap=True)
err = _Console(stderr=True, highlight=False, soft_wrap=True)
_wide = _Console(highlight=False, soft_wrap=True, width=WIDEST)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(work)


def settings() -> Settings:
    """The settings, validated."""
    return load_settings()


def fail(message: str) -> None:
    """Print an error in one line on standard error, in the format of the log."""
    if log.writes_json():
        log.logger.error("%s", message)
        return
    err.print(f"[bold red]error:[/] {plain(message)}")


def note(message: str, console: Console = err) -> None:
    """Print a note on standard error, so that standard output has only the result."""
    if log.writes_json():
        log.logger.info("%s", message)
        return
    console.print(plain(message))


def line(ok: bool, name: str, detail: str, *, fatal: bool = True) -> None:
    """Print the line of a check: ``ok``, ``warn`` or ``FAIL``, its name and its result."""
    mark = "[green]ok  [/]" if ok else "[bold red]FAIL[/]" if fatal else "[yellow]warn[/]"
    out.print(f"{mark}  {plain(name)}  [dim]{plain(detail)}[/]")


def as_json(value: object) -> None:
    """Print ``value`` as JSON on standard output, and nothing else."""
    print(printable_json(json.dumps(value, indent=2, default=str, ensure_ascii=False), "\n"))


def table(rows: Table) -> None:
    """Print a table with each row in one line of any width, so that programs can search it."""
    _wide.print(rows)


def zoned(ts: datetime | None, zone: ZoneInfo) -> datetime | None:
    """``ts`` unchanged if it has a zone, otherwise in the display zone."""
    return ts if ts is None or ts.tzinfo is not None else ts.replace(tzinfo=zone)


def plain(text: str) -> str:
    """``text`` with its markup escaped."""
    return text.replace("[", r"\[")
