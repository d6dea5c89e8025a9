"""``ksys audit``: what people and programs did."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.table import Table

from ksys_app.commands import terminal
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops.access import audit as auditing

DAYS: Final = 7


def audit(
    start: Annotated[
        datetime | None, typer.Option("--from", help="Start; default: seven days ago.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="End; default: now.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show who logged in, failed, changed something or was refused, the oldest first.

    Times without a zone are in TZ. It changes nothing, and nobody can change what was recorded.

    Example: ksys audit --from 2026-08-01 --to 2026-08-15

    Example: ksys audit --json
    """
    settings = terminal.settings()
    since = terminal.zoned(start, settings.zone)
    if since is None:
        since = datetime.now(UTC) - timedelta(days=DAYS)
    until = terminal.zoned(end, settings.zone)
    found = terminal.run(auditing.rows(settings.admin_dsn(), since, until))
    if json_:
        terminal.as_json([asdict(row) for row in found])
        return
    table = Table("time", "who", "via", "did", "to", "address", "more", box=None)
    for row in found:
        more = ", ".join(f"{key} {_text(value)}" for key, value in row.detail.items())
        cells = (
            row.actor or "-",
            row.via,
            row.action,
            row.subject or "-",
            row.address or "-",
            more,
        )
        table.add_row(local_offset(row.at, settings.zone), *map(terminal.plain, cells))
    terminal.table(table)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
