"""``ksys db backfill``, ``backup`` and ``restore``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ksys_app.commands import terminal
from ksys_app.commands.progress import refresh_reporter, stages
from ksys_app.commands.reading import DecimalSign, Encoding, reading
from ksys_app.commands.status_view import bytes_label
from ksys_app.domain.timefmt import local_offset
from ksys_app.ops.recovery import (
    backfill as backfilling,
    backup as backing,
    dated,
    restore as restoring,
)
from ksys_app.ops.recovery.aside import dropping
from ksys_app.ops.recovery.backfill import BackfillResult, Listener, Source
from ksys_app.ops.recovery.manifest import beside
from ksys_app.ops.stopping import as_by_ctrl_c, stop_signal

INTERRUPTED = 130


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``ksys db``."""
    app.command()(backfill)
    app.command()(backup)
    app.command()(restore)


def backfill(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV with ts,tag_name,value[,qc,meta], plain or gzip; - reads standard input."
        ),
    ],
    reject: Annotated[
        Path | None,
        typer.Option(help="File for bad lines; default: NAME.rejected.csv in this folder."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every line; do not connect to the database.")
    ] = False,
    encoding: Encoding = None,
    decimal: DecimalSign = None,
) -> None:
    """Load samples from a file, then refresh the aggregates of their days. Safe to repeat.

    Use it to load a history, to fill a gap or to correct samples: a sample of the file replaces the
    stored sample of the same tag and time. No other sample changes.

    A bad line goes to the reject file, below its line number and the reason. Correct the lines
    there, then load that file. Ctrl-C stops after the current batch; the same command continues.

    Example: ksys db backfill samples.csv.gz --dry-run
    """
    settings = terminal.settings()
    path = None if file == "-" else Path(file)
    rejects = reject or Path(f"{path.name if path else 'stdin'}.rejected.csv")
    source = Source(path, rejects, settings.max_ahead_s, reading(encoding, decimal))
    dsn = None if dry_run else settings.admin_dsn()
    done = terminal.run(_backfill(dsn, settings.zone, source))
    for text in _report(done, rejects, settings.zone, dry_run=dry_run):
        terminal.out.print(text, markup=False)
    if done.stopped:
        raise typer.Exit(INTERRUPTED)


async def _backfill(dsn: str | None, zone: ZoneInfo, source: Source) -> BackfillResult:
    with stages() as progress:

        def loaded(done: BackfillResult) -> None:
            detail = f"{done.samples:,} read, {done.rate:,.0f}/s, {done.rejected:,} rejected"
            progress.report("samples", detail, done.position, done.size)

        listener = Listener(loaded, refresh_reporter(progress, zone), stop_signal())
        if dsn is None:
            return await backfilling.check(source, listener)
        return await backfilling.backfill(dsn, zone, source, listener)


def _report(done: BackfillResult, rejects: Path, zone: ZoneInfo, *, dry_run: bool) -> Iterator[str]:
    yield f"lines     {done.lines:,} read in {done.seconds:.1f} s ({done.rate:,.0f} samples/s)"
    if dry_run:
        yield f"samples   {done.samples:,} good, nothing written"
    else:
        equal = done.samples - done.written
        yield f"samples   {done.written:,} written, {equal:,} already stored or repeated"
    if done.rejected:
        yield f"rejected  {done.rejected:,}, each below its reason in {rejects}; correct it there"
    if done.first is not None and done.last is not None:
        bounds = f"{local_offset(done.first, zone)} to {local_offset(done.last, zone)}"
        yield f"range     {bounds}, {len(done.days)} days, {len(done.tags)} tags"
    if done.beyond_retention:
        yield (
            f"old       {done.beyond_retention:,} samples are older than the retention; "
            "its job drops them, and their aggregates stay"
        )
    if done.skipped_days:
        first, last = min(done.skipped_days), max(done.skipped_days)
        yield (
            f"skipped   the aggregates of {len(done.skipped_days)} days from {first} to {last}, "
            "because most samples of these days were dropped"
        )
    if done.refreshed:
        yield f"refreshed {', '.join(f'{r.view} {r.seconds:.1f} s' for r in done.refreshed)}"
    if done.stopped:
        left = "some lines were not read" if dry_run else "the aggregates are not refreshed yet"
        yield f"stopped   {left}; run the same command again to continue"


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The dump, or a folder for a dated dump; default: the folder ksys-backups in your "
            "home folder. The manifest is FILE.manifest.json."
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Then keep only this many dated dumps, the newest."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written and removed.")
    ] = False,
) -> None:
    """Dump the database with pg_dump, and write row counts and checksums to a manifest.

    Samples may arrive meanwhile: dump and manifest show one moment. It changes nothing in the
    database. A dated dump has the database and the time in UTC in its name. --keep removes older
    dated dumps and their manifests after the new dump is complete, and no other file.

    Example: ksys db backup plant.dump

    Example: ksys db backup /var/backups/ksys --keep 7
    """
    settings = terminal.settings()
    dsn = settings.admin_dsn()
    target = terminal.run(dated.target(dsn, file, keep, datetime.now(UTC)))
    if dry_run:
        terminal.out.print(f"would write   {target.file}", markup=False)
        for path in target.outdated:
            terminal.out.print(f"would remove  {path}", markup=False)
        return
    if file is None:
        dated.make(target.file.parent)
    with stages() as progress:

        def report(stage: str, size: int) -> None:
            progress.report(stage, bytes_label(size) if size else "", size, None)

        work = backing.backup(dsn, target.file, zone=settings.tz, on_stage=report)
        manifest = terminal.run(as_by_ctrl_c(work))
    samples = sum(day[2] for day in manifest.content.days)
    terminal.out.print(f"dump      {target.file}, {bytes_label(manifest.dump.bytes)}", markup=False)
    terminal.out.print(f"manifest  {beside(target.file)}", markup=False)
    terminal.out.print(f"samples   {samples:,} on {len(manifest.content.days):,} days of tags")
    terminal.out.print(
        f"versions  PostgreSQL {manifest.postgres}, TimescaleDB {manifest.timescaledb}"
    )
    dated.remove(target.outdated)
    for path in target.outdated:
        terminal.out.print(f"removed   {path}", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A dump that ksys db backup wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Rename a database that is not empty, then restore."),
    ] = False,
) -> None:
    """Restore a dump into an empty database, compare it with its manifest and verify it.

    It never overwrites data: it refuses a database that is not empty, or renames it with
    --replace. The exit code is 1 if a row count, a checksum or an object differs. The roles get
    their passwords as with ksys db init. Users and tokens come back as they were at the time of the
    dump, sessions do not: everybody logs in again.

    Example: ksys db restore plant.dump

    Example: ksys db restore plant.dump --replace
    """
    settings = terminal.settings()
    plan = restoring.Plan(
        settings.admin_dsn(), file, settings.tz, settings.role_passwords(), replace
    )
    with stages() as progress:
        work = restoring.restore(plan, lambda stage: progress.report(stage, "", 0, None))
        done = terminal.run(as_by_ctrl_c(work))
    failed = [check for check in done.checks if not check.ok]
    for check in failed:
        terminal.line(False, check.name, f"{check.detail}; {check.runbook}")
    found = done.comparison
    for text in found.differences if found else []:
        terminal.line(False, "content", text)
    for text in found.additional if found else []:
        terminal.line(True, "content", f"{text}: late samples were aggregated since the dump")
    if done.aside:
        terminal.out.print(
            f"the old database is now {done.aside}: it accepts no connections and runs no jobs",
            markup=False,
        )
        terminal.out.print(f"  drop it: {dropping(done.aside)}", markup=False)
        terminal.out.print("  read it, or take it back: docs/runbooks/RECOVERY.md")
    if found is None:
        terminal.out.print("the dump has no manifest, so no rows were compared")
    elif not found.differences:
        terminal.out.print("the database has every sample and every row of the dump")
    terminal.out.print(f"{len(done.checks) - len(failed)} of {len(done.checks)} checks ok")
    raise typer.Exit(1 if failed or (found and found.differences) else 0)
