"""``ksys alarms run`` and ``ksys alarms status``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from ksys_app import log
from ksys_app.commands import terminal
from ksys_app.domain.alarms.times import microseconds
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops.alarms.status import AlarmStatus, status as read_status
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import secrets
from ksys_app.workers.alarms.outbox import Notifying
from ksys_app.workers.alarms.worker import AlarmWorker
from ksys_app.workers.notify.routes_file import read_routes


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``ksys alarms``."""
    app.command()(run)
    app.command()(status)


def run(
    begin: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            help="Where a tag begins that was never judged. Default: 24 hours ago, or later where "
            "that would be more than two million samples.",
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when all samples that are there are judged.")
    ] = False,
) -> None:
    """Judge new samples once a second, and keep the alarms of all tags, until Ctrl-C.

    Of several of these programs, one evaluates. The others wait, and one of them takes over within
    ten seconds if it dies, at once if it is stopped. It goes on where the last one ended, and
    judges what came meanwhile with its own time. If the database is away, it says so once and
    waits.

    If KSYS_ROUTES names a file, it also notes which messages the alarms need; ksys notify run sends
    them.

    It connects with TS_ALARM_DSN, the role eco_alarm, or else with TS_ADMIN_DSN.

    Example: ksys alarms run

    Example: ksys alarms run --once --from 2026-08-15T00:00:00Z
    """
    settings = terminal.settings()
    log.setup(settings.log_form, secrets())
    since = terminal.zoned(begin, settings.zone)
    since_us = None if since is None else microseconds(since)
    routes = read_routes(settings.routes)
    notifying = None if routes is None else Notifying(routes, settings.zone)
    worker = AlarmWorker(settings.alarm_dsn(), since_us, once, notifying=notifying)
    terminal.run(_run(worker))


async def _run(worker: AlarmWorker) -> None:
    await worker.run(stop_signal())


def status(
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show who evaluates alarms, how far, and how many stand; exit 1 if nobody evaluates.

    It changes nothing. It connects with TS_ALARM_DSN, else with TS_ADMIN_DSN or TS_DSN.

    Example: ksys alarms status --json
    """
    settings = terminal.settings()
    dsn = settings.ts_alarm_dsn or settings.ts_admin_dsn or settings.app_dsn()
    found = terminal.run(read_status(dsn))
    if json_:
        terminal.as_json(asdict(found))
    else:
        _print(found)
    raise typer.Exit(0 if found.evaluating else 1)


def _print(found: AlarmStatus) -> None:
    zone = terminal.settings().zone
    if found.evaluated_to is None or found.age_s is None:
        terminal.line(False, "evaluation", "nobody has evaluated yet; run ksys alarms run")
    else:
        to = local_offset(found.evaluated_to, zone)
        text = f"to {to}, {found.age_s:.1f} s ago, by {found.holder}, epoch {found.epoch}"
        terminal.line(found.evaluating, "evaluation", text)
    behind = ", ".join(found.behind)
    more = f": {behind}{', …' if found.behind_count > len(found.behind) else ''}" if behind else ""
    text = f"{found.tags:,}, {found.behind_count:,} behind, at most {found.lag_s:.0f} s{more}"
    terminal.line(found.behind_count == 0, "tags", text, fatal=False)
    text = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in found.counts.items())
    terminal.line(True, "alarms", f"{text}; raised in the last hour {found.raised_last_hour:,}")
    terminal.line(True, "late samples", f"{found.late:,}")
