"""``ksys audit``: the recorded actions of people and programs."""

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
app = typer.Typer()


@app.callback(invoke_without_command=True)
def audit(
    context: typer.Context,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Start; default: seven days ago.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="End; default: now.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show who logged in, failed, changed something or was refused, the oldest first.

    Times without a zone are in TZ. It changes nothing, and nobody can change what was recorded.
    prune removes what is old.

    Example: ksys audit --from 2026-08-01 --to 2026-08-15

    Example: ksys audit --json
    """
    if context.invoked_subcommand is not None:
        return
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


@app.command("prune")
def prune(
    before: Annotated[datetime, typer.Option(help="The first time that stays.")],
    apply: Annotated[bool, typer.Option("--apply", help="Remove the entries.")] = False,
) -> None:
    """Remove old entries of the audit; without --apply, only count them.

    A time without a zone is in TZ. The last 30 days always stay. The audit then says who removed
    how many entries.

    Example: ksys audit prune --before 2026-01-01

    Example: ksys audit prune --before 2026-01-01 --apply
    """
    settings, by = terminal.settings(), auditing.actor()
    first = terminal.zoned(before, settings.zone)
    assert first is not None
    count = terminal.run(auditing.prune(settings.admin_dsn(), first, by, apply=apply))
    done = "removed" if apply else "would be removed; --apply removes them"
    print(f"{count:,} entries before {local_offset(first, settings.zone)} {done}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
