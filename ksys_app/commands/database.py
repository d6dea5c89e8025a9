"""``ksys db``: build, check and look after a TimescaleDB."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ksys_app.commands import status_view, terminal
from ksys_app.commands.progress import refresh_told, stages
from ksys_app.errors import BadParameter
from ksys_app.ops.check import headline
from ksys_app.ops.jobs import jobs as job_list
from ksys_app.ops.jobs import prune as pruning
from ksys_app.ops.jobs.job_words import does, summary
from ksys_app.ops.jobs.runner import Runner
from ksys_app.ops.keep import Keep
from ksys_app.ops.owner import owner
from ksys_app.ops.schema import refresh as refreshing
from ksys_app.ops.schema import replaced, schema
from ksys_app.ops.stopping import stop_signal
from ksys_app.ops.verify import judgement
from ksys_app.ops.verify import status as statuses
from ksys_app.ops.verify import verify as verifying
from ksys_app.settings import Settings, safe_dsn

app = typer.Typer(
    no_args_is_help=True,
    help="Build, check and look after the database at TS_ADMIN_DSN.",
)


@app.command()
def init(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the SQL, change nothing.")
    ] = False,
    prune_policies: Annotated[
        bool,
        typer.Option("--prune-policies", help="Remove policies and jobs that are not expected."),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="VIEW", help="Leave a view of the plant's own as it is."),
    ] = None,
    rebuild: Annotated[
        list[str] | None,
        typer.Option("--rebuild", metavar="VIEW", help="Rebuild a view that was kept."),
    ] = None,
    keep_policies: Annotated[
        bool | None,
        typer.Option(
            "--keep-policies/--replace-policies", help="Leave the plant's policies, or no longer."
        ),
    ] = None,
    toolkit: Annotated[
        bool, typer.Option("--toolkit", help="Approximate percentiles by the Timescale Toolkit.")
    ] = False,
) -> None:
    """Apply the whole schema: tables, aggregates, policies, roles. Safe to repeat.

    A database with an older schema gets the migrations first. Aggregates made anew over samples
    that are there are filled afterwards.

    What the plant built by its own specification is rebuilt with every bucket: --dry-run says
    before what is replaced, how long it takes and how much disk it needs. --keep leaves
    influx_agg_10m, influx_agg_1h, influx_agg_1d (days of UTC) or tech_ind_1m_mv as it is, and
    --keep-policies the policies; both are remembered, until --rebuild and --replace-policies.

    eco_ro and eco_rw get the passwords in KSYS_RO_PASSWORD and KSYS_RW_PASSWORD.

    With --prune-policies it removes what ksys db verify calls not expected, and says each one:
    policies on our tables and aggregates, and jobs that run our procedures. Jobs of other tables
    and of other procedures stay. With --dry-run too it connects, and prints what it would remove.

    Example: ksys db init --dry-run

    Example: ksys db init --prune-policies --dry-run

    Example: ksys db init --keep influx_agg_1d --keep-policies
    """
    settings = terminal.settings()
    kept = Keep(tuple(keep or ()), tuple(rebuild or ()), keep_policies)
    kept.require()
    if dry_run:
        print(schema.script(settings.tz, toolkit=toolkit))
        if prune_policies:
            print(terminal.run(pruning.preview(settings.admin_dsn())), end="")
        _replaced(settings, kept)
        return
    with stages(ends=False) as told:
        results = terminal.run(
            schema.apply(
                settings.admin_dsn(),
                zone=settings.tz,
                passwords=settings.role_passwords(),
                max_ahead_s=settings.max_ahead_s,
                keep=kept,
                toolkit=toolkit,
                on_begin=lambda name: told.tell(name, "", 0, None),
                on_step=_step_done,
                on_progress=refresh_told(told, settings.zone),
            )
        )
    seconds = sum(result.seconds for result in results)
    for job in terminal.run(pruning.prune(settings.admin_dsn())) if prune_policies else ():
        terminal.line(True, "removed", f"{job.name} (job {job.job_id}), which {does(job)}")
    terminal.out.print(f"{len(results)} steps in {seconds:.1f} s; check with: ksys db verify")


def _replaced(settings: Settings, kept: Keep) -> None:
    """What a run would replace, as comments behind the SQL."""
    if settings.ts_admin_dsn is None:
        print("-- TS_ADMIN_DSN is not set: what a run would replace there is not known")
        return
    dsn = settings.admin_dsn()
    print(f"-- {safe_dsn(dsn)}")
    for text in terminal.run(replaced.survey(dsn, settings.tz, kept)):
        print(f"-- {text}")


def _step_done(result: schema.StepResult) -> None:
    terminal.line(True, result.name, f"{result.seconds:.2f} s")
    for note in result.notes:
        terminal.out.print(f"      {note}")


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of lines.")] = False,
    failed_only: Annotated[
        bool, typer.Option("--failed", help="Only what is missing or differs.")
    ] = False,
) -> None:
    """Check every object by name; exit 1 if one is missing or differs.

    What fails comes last, and the last lines say how many, and which pages to open. Whether
    samples arrive and aggregates are stored in time is a question for ksys db status.

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
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON object in place of lines.")
    ] = False,
) -> None:
    """What is wrong and which page to open, then sizes, jobs, newest sample and aggregates.

    The first line is "all well", or how many things are wrong, with their runbooks. Exit 1 if
    something is wrong: with the schema, as ksys db verify finds it; with a job; with an aggregate
    that is stored late; or because no tag sends any more. Warnings are no failure.

    Example: ksys db status
    """
    settings = terminal.settings()
    state = terminal.run(statuses.status(settings.admin_dsn(), settings.tz))
    now, zone = state.server.now, settings.zone
    wrong = judgement.wrong(state, now, zone)
    warnings = [*filter(None, [judgement.lost(state.tags, now)]), *state.warnings]
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
        typer.Argument(metavar="JOB", help="With --now: only the job of this name or number."),
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run those that are due from here.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Run JOB, or all that are switched on, due or not.")
    ] = False,
) -> None:
    """The database's jobs with their last result.

    With --run it does the work of background workers for a database that has none, or whose
    workers fail; --watch goes on until Ctrl-C.

    With --now a job runs at once, one that is switched off too if it is named; exit 1 if one
    fails.

    Example: ksys db jobs --now refresh influx_agg_1m
    """
    if watch and not run:
        raise BadParameter("--watch goes with --run")
    if now and run:
        raise BadParameter("--now runs what it names once; leave --run and --watch out")
    if job and not now:
        raise BadParameter(
            "a job is named with --now, e.g. ksys db jobs --now refresh influx_agg_1m"
        )
    settings = terminal.settings()
    dsn = settings.admin_dsn()
    if watch:
        terminal.run(_watch(dsn))
        return
    work = _now(dsn, " ".join(job) if job else None) if now else _jobs(dsn, settings.zone, run)
    failing = terminal.run(work)
    raise typer.Exit(1 if failing else 0)


async def _now(dsn: str, wanted: str | None) -> int:
    failing = 0
    async with owner(dsn) as conn:
        async for done in job_list.run_now(conn, wanted):
            _ran(done)
            failing += done.error is not None
    return failing


async def _watch(dsn: str) -> None:
    terminal.out.print("running what is due, until Ctrl-C")
    await Runner(dsn, on_run=_ran).watch(stop_signal())


def _ran(run: job_list.JobRun) -> None:
    terminal.line(run.error is None, run.job.name, run.error or f"{run.seconds * 1000:.0f} ms")


async def _jobs(dsn: str, zone: ZoneInfo, run: bool) -> int:
    async with owner(dsn) as conn:
        if run:
            for done in await job_list.run_due(conn):
                _ran(done)
        rows = await job_list.list_jobs(conn)
    for job in rows:
        terminal.line(job.state == "ok", job.name, summary(job, zone))
    return sum(job.state != "ok" for job in rows)


@app.command()
def refresh(
    start: Annotated[
        datetime | None, typer.Option("--from", help="From here; default: the oldest sample.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="To here; default: now.")] = None,
) -> None:
    """Refresh the aggregates, fine to coarse, and the indicators. Times are in TZ.

    Example: ksys db refresh --from 2026-08-01 --to 2026-08-15
    """
    settings = terminal.settings()
    _refresh(settings, _zoned(start, settings.zone), _zoned(end, settings.zone))


def _refresh(settings: Settings, start: datetime | None, end: datetime | None) -> None:
    with stages() as told:
        tell = refresh_told(told, settings.zone)
        done = terminal.run(
            refreshing.refresh(
                settings.admin_dsn(),
                settings.zone,
                start=start,
                end=end,
                on_progress=tell,
            )
        )
    for view in done:
        terminal.line(True, view.view, f"{view.seconds:.2f} s")
    if not done:
        terminal.out.print("nothing to refresh: no samples in that range")


def _zoned(ts: datetime | None, zone: ZoneInfo) -> datetime | None:
    """``ts`` as it stands if it names a zone, else read in the display zone."""
    return ts if ts is None or ts.tzinfo is not None else ts.replace(tzinfo=zone)
