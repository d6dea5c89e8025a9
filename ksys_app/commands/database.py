"""``ksys db``: build, check and look after a TimescaleDB."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ksys_app.commands import status_view, terminal
from ksys_app.errors import BadParameter
from ksys_app.ops import jobs as job_list
from ksys_app.ops import refresh as refreshing
from ksys_app.ops import schema
from ksys_app.ops import status as statuses
from ksys_app.ops import verify as verifying
from ksys_app.ops.owner import owner
from ksys_app.ops.runner import Runner
from ksys_app.ops.stopping import stop_signal
from ksys_app.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Build, check and look after the database at TS_ADMIN_DSN.",
)


@app.command()
def init(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the SQL, change nothing.")
    ] = False,
) -> None:
    """Apply the whole schema: tables, aggregates, policies, roles. Safe to repeat.

    A database with an older schema gets the migrations first. Aggregates made anew over samples
    that are there are filled afterwards.

    eco_ro and eco_rw get the passwords in KSYS_RO_PASSWORD and KSYS_RW_PASSWORD.
    """
    settings = terminal.settings()
    if dry_run:
        print(schema.script(settings.tz))
        return
    results = terminal.run(
        schema.apply(
            settings.admin_dsn(),
            zone=settings.tz,
            passwords=settings.role_passwords(),
            on_step=_step_done,
        )
    )
    seconds = sum(result.seconds for result in results)
    if terminal.run(refreshing.unfilled(settings.admin_dsn())):
        terminal.out.print("samples are there before their aggregates, which are filled now")
        _refresh(settings, None, None)
    terminal.out.print(f"{len(results)} steps in {seconds:.1f} s; check with: ksys db verify")


def _step_done(result: schema.StepResult) -> None:
    terminal.line(True, result.name, f"{result.seconds:.2f} s")
    for note in result.notes:
        terminal.out.print(f"      {note}")


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of lines.")] = False,
) -> None:
    """Check every object by name; exit 1 if one is missing or differs."""
    settings = terminal.settings()
    checks = terminal.run(verifying.verify(settings.admin_dsn(), zone=settings.tz))
    failed = [check for check in checks if not check.ok]
    if as_json:
        terminal.as_json([asdict(check) | {"runbook": check.runbook} for check in checks])
    else:
        for check in checks:
            terminal.line(check.ok, check.name, check.detail)
        terminal.out.print(f"{len(checks) - len(failed)} of {len(checks)} checks ok")
        for page in sorted({check.runbook for check in failed}):
            terminal.out.print(f"what to do: {page}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def status() -> None:
    """Sizes, chunks, compression, jobs, newest sample and lag of each aggregate."""
    settings = terminal.settings()
    state = terminal.run(statuses.status(settings.admin_dsn()))
    for text in status_view.lines(state, settings.zone):
        terminal.out.print(text, markup=False)


@app.command()
def jobs(
    run: Annotated[bool, typer.Option("--run", help="Run those that are due from here.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
) -> None:
    """The database's jobs with their last result.

    With --run it does the work of background workers for a database that has none, or whose
    workers fail; --watch goes on until Ctrl-C.
    """
    if watch and not run:
        raise BadParameter("--watch goes with --run")
    dsn = terminal.settings().admin_dsn()
    if watch:
        terminal.run(_watch(dsn))
        return
    failing = terminal.run(_jobs(dsn, run))
    raise typer.Exit(1 if failing else 0)


async def _watch(dsn: str) -> None:
    await Runner(dsn, on_run=_ran).watch(stop_signal())


def _ran(run: job_list.JobRun) -> None:
    terminal.line(run.error is None, run.job.name, run.error or f"{run.seconds * 1000:.0f} ms")


async def _jobs(dsn: str, run: bool) -> int:
    async with owner(dsn, client_min_messages="warning") as conn:
        if run:
            for done in await job_list.run_due(conn):
                _ran(done)
        rows = await job_list.list_jobs(conn)
    for job in rows:
        terminal.line(job.ok, job.name, job.summary)
    return sum(not job.ok for job in rows)


@app.command()
def refresh(
    start: Annotated[
        datetime | None, typer.Option("--from", help="From here; default: the oldest sample.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="To here; default: now.")] = None,
) -> None:
    """Refresh the aggregates, fine to coarse, and the indicators. Times are in TZ."""
    settings = terminal.settings()
    _refresh(settings, _zoned(start, settings.zone), _zoned(end, settings.zone))


def _refresh(settings: Settings, start: datetime | None, end: datetime | None) -> None:
    with terminal.bar("slices") as progress:
        task = progress.add_task("refresh", total=None)

        def told(state: refreshing.Progress) -> None:
            progress.update(task, description=state.view, completed=state.done, total=state.total)

        done = terminal.run(
            refreshing.refresh(settings.admin_dsn(), start=start, end=end, on_progress=told)
        )
    for view in done:
        terminal.line(True, view.view, f"{view.seconds:.2f} s")
    if not done:
        terminal.out.print("nothing to refresh: no samples in that range")


def _zoned(ts: datetime | None, zone: ZoneInfo) -> datetime | None:
    """``ts`` as it stands if it names a zone, else read in the display zone."""
    return ts if ts is None or ts.tzinfo is not None else ts.replace(tzinfo=zone)
