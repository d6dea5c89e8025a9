"""``ksys db``: build, check and maintain a database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ksys_app.commands import status_view, terminal
from ksys_app.commands.progress import refresh_reporter, stages
from ksys_app.commands.schema_init import init
from ksys_app.errors import BadParameter
from ksys_app.ops.check import headline
from ksys_app.ops.jobs import jobs as job_list
from ksys_app.ops.jobs.job_sentences import summary
from ksys_app.ops.jobs.runner import Runner
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import refresh as refreshing
from ksys_app.ops.stopping import stop_signal
from ksys_app.ops.verify import judgement, status as statuses, verify as verifying
from ksys_app.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Build, check and maintain the database at TS_ADMIN_DSN.",
)


app.command()(init)


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    failed_only: Annotated[
        bool, typer.Option("--failed", help="Print only the checks that failed.")
    ] = False,
) -> None:
    """Check every object of the schema by name; exit 1 if one is missing or differs.

    Run it after ksys db init and after a restore. It changes nothing. Failed checks come last. The
    final lines give their number and the runbooks to open. To check whether samples arrive and
    aggregates are up to date, use ksys db status.

    Example: ksys db verify

    Example: ksys db verify --failed
    """
    settings = terminal.settings()
    checks = terminal.run(verifying.verify(settings.admin_dsn(), zone=settings.tz))
    failed = [check for check in checks if not check.ok]
    shown = failed if failed_only else sorted(checks, key=lambda check: not check.ok)
    if as_json:
        shown = failed if failed_only else checks
        terminal.as_json([asdict(check) | {"runbook": check.runbook} for check in shown])
        raise typer.Exit(1 if failed else 0)
    for check in shown:
        terminal.line(check.ok, check.name, check.detail)
    more = "" if failed else "; whether samples arrive: ksys db status"
    terminal.out.print(f"{len(checks) - len(failed)} of {len(checks)} checks ok{more}")
    if len(failed) > 1:
        terminal.out.print(headline(failed), markup=False)
    for page in dict.fromkeys(check.runbook for check in failed):
        terminal.out.print(f"what to do: {page}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Show what is wrong and which runbook to open, then sizes, jobs, newest sample, aggregates.

    Run it first when a figure looks wrong, or from your monitoring. It changes nothing. The first
    line is "all well", or the number of problems with their runbooks.

    The exit code is 1 if ksys db verify would fail, a job fails, an aggregate will not get some
    samples, a sample is too far ahead of the clock, or no tag sends. Warnings do not change it.

    Example: ksys db status
    """
    settings = terminal.settings()
    state = terminal.run(statuses.status(settings.admin_dsn(), settings.tz))
    now, zone = state.server.now, settings.zone
    wrong = judgement.problems(state, now, zone)
    warnings = [*filter(None, [judgement.silent_tags(state.tags, now)]), *state.warnings]
    if as_json:
        terminal.as_json(status_view.as_json(state, wrong, warnings, zone))
    else:
        for text in status_view.lines(state, wrong, warnings, zone):
            terminal.out.print(text, markup=False)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def jobs(
    job: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB", help="With --now: run only the job with this name or number."
        ),
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the jobs that are due.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="With --run: continue until Ctrl-C.")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Run JOB at once, or every job that is switched on.")
    ] = False,
) -> None:
    """Show the jobs of the database and their last results; exit 1 if one is not ok.

    Without options it changes nothing.

    --run does the work of the server's background workers. Use it for a database that has no
    workers, or whose workers fail. --watch repeats this until Ctrl-C.

    --now runs jobs at once, due or not; exit 1 if one fails. A job that is switched off runs only
    if you name it.

    Example: ksys db jobs

    Example: ksys db jobs --now refresh influx_agg_1m
    """
    if watch and not run:
        raise BadParameter("--watch needs --run: ksys db jobs --run --watch")
    if now and run:
        raise BadParameter("--now runs jobs once; leave out --run and --watch")
    if job and not now:
        raise BadParameter(
            "to run one job, add --now, e.g. ksys db jobs --now refresh influx_agg_1m"
        )
    settings = terminal.settings()
    dsn = settings.admin_dsn()
    if watch:
        terminal.run(_watch(dsn))
        return
    work = _now(dsn, " ".join(job) if job else None) if now else _jobs(dsn, settings.zone, run)
    failing = terminal.run(work)
    raise typer.Exit(1 if failing else 0)


async def _now(dsn: str, name: str | None) -> int:
    failing = 0
    async with owner(dsn) as conn:
        async for done in job_list.run_now(conn, name):
            _print_run(done)
            failing += done.error is not None
    return failing


async def _watch(dsn: str) -> None:
    terminal.out.print("running the jobs that are due, until Ctrl-C")
    await Runner(dsn, on_run=_print_run).watch(stop_signal())


def _print_run(run: job_list.JobRun) -> None:
    terminal.line(run.error is None, run.job.name, run.error or f"{run.seconds * 1000:.0f} ms")


async def _jobs(dsn: str, zone: ZoneInfo, run: bool) -> int:
    async with owner(dsn) as conn:
        if run:
            for done in await job_list.run_due(conn):
                _print_run(done)
        rows = await job_list.list_jobs(conn)
    for job in rows:
        terminal.line(job.state == "ok", job.name, summary(job, zone))
    return sum(job.state != "ok" for job in rows)


@app.command()
def refresh(
    start: Annotated[
        datetime | None, typer.Option("--from", help="Start; default: the oldest sample.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="End; default: now.")] = None,
) -> None:
    """Compute the aggregates and indicators of a range again from its samples.

    Use it after samples arrived late or were corrected. ksys db backfill does it by itself. Times
    without a zone are in TZ. It never changes a sample, nor an aggregate whose samples the
    retention job dropped.

    Example: ksys db refresh --from 2026-08-01 --to 2026-08-15
    """
    settings = terminal.settings()
    _refresh(settings, terminal.zoned(start, settings.zone), terminal.zoned(end, settings.zone))


def _refresh(settings: Settings, start: datetime | None, end: datetime | None) -> None:
    with stages() as progress:
        report = refresh_reporter(progress, settings.zone)
        done = terminal.run(
            refreshing.refresh(
                settings.admin_dsn(),
                settings.zone,
                start=start,
                end=end,
                on_progress=report,
            )
        )
    for view in done:
        terminal.line(True, view.view, f"{view.seconds:.2f} s")
    if not done:
        terminal.out.print("nothing to refresh: no samples in that range")
