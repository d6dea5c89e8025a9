"""``ksys db backfill``, ``backup`` and ``restore``: a database's data in and out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ksys_app.commands import terminal
from ksys_app.commands.status_view import bytes_label
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops import backfill as backfilling
from ksys_app.ops import backup as backing
from ksys_app.ops import restore as restoring
from ksys_app.ops.backfill import Filled, Listener
from ksys_app.ops.manifest import beside
from ksys_app.ops.refresh import Progress
from ksys_app.ops.stopping import stop_signal

BROKEN_OFF = 130


def add_to(app: typer.Typer) -> None:
    """Give ``ksys db`` these commands."""
    app.command()(backfill)
    app.command()(backup)
    app.command()(restore)


def backfill(
    file: Annotated[
        str,
        typer.Argument(
            help="ts,tag_name,value[,qc,meta] as CSV, plain or gzip; - reads standard input."
        ),
    ],
    reject: Annotated[
        Path | None,
        typer.Option(help="Where bad lines go; default: NAME.rejected.csv in this folder."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every line, leave the database alone.")
    ] = False,
) -> None:
    """Load samples from a file, then refresh every aggregate over their days. Safe to repeat.

    Bad lines go to the reject file with line number and reason. Rows that are there already are
    left alone. Ctrl-C ends it after the batch in hand; the same command goes on.
    """
    settings = terminal.settings()
    path = None if file == "-" else Path(file)
    rejects = reject or Path(f"{path.name if path else 'stdin'}.rejected.csv")
    dsn = None if dry_run else settings.admin_dsn()
    done = terminal.run(_backfill(dsn, path, rejects))
    for text in _report(done, rejects, settings.zone, dry_run=dry_run):
        terminal.out.print(text, markup=False)
    if done.stopped:
        raise typer.Exit(BROKEN_OFF)


async def _backfill(dsn: str | None, path: Path | None, rejects: Path) -> Filled:
    with terminal.stages() as tell:

        def loaded(done: Filled) -> None:
            words = f"{done.samples:,} samples, {done.rate:,.0f}/s, {done.rejected:,} rejected"
            tell("samples", words, done.position, done.size)

        def refreshed(state: Progress) -> None:
            tell("refresh", f"{state.view}, slice {state.done}", state.done, state.total)

        listener = Listener(loaded, refreshed, stop_signal())
        if dsn is None:
            return await backfilling.check(path, rejects, listener)
        return await backfilling.backfill(dsn, path, rejects, listener)


def _report(done: Filled, rejects: Path, zone: ZoneInfo, *, dry_run: bool) -> Iterator[str]:
    yield f"lines     {done.lines:,} read in {done.seconds:.1f} s ({done.rate:,.0f} samples/s)"
    if dry_run:
        yield f"samples   {done.samples:,} good, nothing written"
    else:
        there = done.samples - done.written
        yield f"samples   {done.written:,} written, {there:,} already there or given twice"
    if done.rejected:
        yield f"rejected  {done.rejected:,}, each with its reason in {rejects}"
    if done.first is not None and done.last is not None:
        bounds = f"{local_offset(done.first, zone)} to {local_offset(done.last, zone)}"
        yield f"range     {bounds}, {len(done.days)} days, {len(done.tags)} tags"
    if done.old:
        yield (
            f"old       {done.old:,} samples are older than raw samples are kept; the retention "
            "job drops them, their aggregates stay"
        )
    if done.gone:
        yield (
            f"kept      {len(done.gone)} days from {min(done.gone)} to {max(done.gone)} as the "
            "aggregates have them: most of their samples are gone"
        )
    if done.refreshed:
        yield f"refreshed {', '.join(f'{r.view} {r.seconds:.1f} s' for r in done.refreshed)}"
    if done.stopped:
        left = "not every line was read" if dry_run else "the aggregates are not refreshed yet"
        yield f"stopped   {left}; run the same command again to go on"


def backup(
    file: Annotated[Path, typer.Argument(help="The dump; FILE.manifest.json goes beside it.")],
) -> None:
    """Dump the database with pg_dump, and note its rows and checksums beside the dump.

    Samples may go on arriving: dump and manifest are of one moment.
    """
    settings = terminal.settings()
    _end_tidily()
    with terminal.stages() as tell:
        made = terminal.run(
            backing.backup(
                settings.admin_dsn(),
                file,
                zone=settings.tz,
                on_size=lambda size: tell("dump", bytes_label(size), size, None),
            )
        )
    samples = sum(day[2] for day in made.content.days)
    terminal.out.print(f"dump      {file}, {bytes_label(made.dump.bytes)}", markup=False)
    terminal.out.print(f"manifest  {beside(file)}", markup=False)
    terminal.out.print(f"samples   {samples:,} on {len(made.content.days):,} days of tags")
    terminal.out.print(f"versions  PostgreSQL {made.postgres}, TimescaleDB {made.timescaledb}")


def restore(
    file: Annotated[Path, typer.Argument(help="A dump of ksys db backup.")],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Put a database that is not empty aside under another name."
        ),
    ] = False,
) -> None:
    """Restore a dump into an empty database, compare it with its manifest and verify it.

    Exit 1 if a row count, a checksum or an object differs. eco_ro and eco_rw get the passwords in
    KSYS_RO_PASSWORD and KSYS_RW_PASSWORD.
    """
    settings = terminal.settings()
    plan = restoring.Plan(
        settings.admin_dsn(), file, settings.tz, settings.role_passwords(), replace
    )
    _end_tidily()
    done = terminal.run(restoring.restore(plan, lambda step: terminal.out.print(step)))
    failed = [check for check in done.checks if not check.ok]
    for check in failed:
        terminal.line(False, check.name, f"{check.detail}; {check.runbook}")
    for difference in done.differences or []:
        terminal.line(False, "content", difference)
    if done.aside:
        terminal.out.print(f"the database that was there is now {done.aside}", markup=False)
    if done.differences is None:
        terminal.out.print("there is no manifest beside the dump: rows were not compared")
    elif not done.differences:
        terminal.out.print("every row count and checksum is that of the dump")
    terminal.out.print(f"{len(done.checks) - len(failed)} of {len(done.checks)} checks ok")
    raise typer.Exit(1 if failed or done.differences else 0)


def _end_tidily() -> None:
    """Let SIGTERM end it as Ctrl-C does: with what it started, and no half file left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
