"""``ksys db init``: apply the schema."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from ksys_app.commands import terminal
from ksys_app.commands.progress import refresh_reporter, stages
from ksys_app.ops import chunk_spans
from ksys_app.ops.jobs import prune as pruning
from ksys_app.ops.jobs.job_sentences import does
from ksys_app.ops.keep import Keep
from ksys_app.ops.schema import replaced, schema
from ksys_app.settings import Settings, safe_dsn


def init(
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the SQL and what would be replaced; change nothing."),
    ] = False,
    prune_policies: Annotated[
        bool,
        typer.Option("--prune-policies", help="Remove policies and jobs that are not expected."),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="VIEW", help="Leave a view that the plant created unchanged."
        ),
    ] = None,
    rebuild: Annotated[
        list[str] | None,
        typer.Option("--rebuild", metavar="VIEW", help="Rebuild a view after an earlier --keep."),
    ] = None,
    keep_policies: Annotated[
        bool | None,
        typer.Option(
            "--keep-policies/--replace-policies", help="Leave or replace the plant's policies."
        ),
    ] = None,
    toolkit: Annotated[
        bool,
        typer.Option("--toolkit", help="Use the Timescale Toolkit for approximate percentiles."),
    ] = False,
    tags: Annotated[
        int | None,
        typer.Option("--tags", min=1, metavar="N", help="Set the length of chunks for N tags."),
    ] = None,
) -> None:
    """Apply the whole schema: tables, aggregates, policies, roles. Safe to repeat.

    Run it on a new database and after each upgrade of ksys. It migrates an older schema first, and
    fills new aggregates from the existing samples. It never touches other tables.

    If the plant created some objects by its own specification, the run replaces them and keeps
    every bucket. --dry-run shows which, how long it takes and how much disk it needs. --keep leaves
    influx_agg_10m, influx_agg_1h, influx_agg_1d (UTC days) or tech_ind_1m_mv unchanged, and
    --keep-policies leaves the policies. The database stores both choices until you use --rebuild
    or --replace-policies.

    The roles eco_ro, eco_rw, eco_op and eco_alarm get the passwords in KSYS_RO_PASSWORD,
    KSYS_RW_PASSWORD, KSYS_OP_PASSWORD and KSYS_ALARM_PASSWORD.

    --prune-policies removes the policies and jobs that ksys db verify reports as not expected, and
    prints each one. These are policies on the schema's tables and aggregates, and jobs that run
    its procedures. Other jobs stay. With --dry-run it prints what it would remove.

    --tags chooses how much time a new chunk covers: 7 days to 6 hours. By TimescaleDB's rule the
    indexes of the chunks being written fit in 25 % of the memory. The rate of the tags is that of
    the last hour in the database; without samples, each tag counts with one sample a second. The
    run prints the choice and its reason, and so does --dry-run. Existing chunks stay as they are.

    Example: ksys db init --dry-run

    Example: ksys db init --tags 2000

    Example: ksys db init --prune-policies --dry-run

    Example: ksys db init --keep influx_agg_1d --keep-policies
    """
    settings = terminal.settings()
    choice = Keep(tuple(keep or ()), tuple(rebuild or ()), keep_policies)
    choice.require()
    if dry_run:
        print(schema.script(settings.tz, toolkit=toolkit))
        if prune_policies:
            print(terminal.run(pruning.preview(settings.admin_dsn())), end="")
        _print_replaced(settings, choice)
        for text in _chunks(settings, tags, chunk_spans.survey):
            print(f"-- {text}")
        return
    with stages(ends=False) as progress:
        results = terminal.run(
            schema.apply(
                settings.admin_dsn(),
                zone=settings.tz,
                passwords=settings.role_passwords(),
                max_ahead_s=settings.max_ahead_s,
                keep=choice,
                toolkit=toolkit,
                on_begin=lambda name: progress.report(name, "", 0, None),
                on_step=_print_step,
                on_progress=refresh_reporter(progress, settings.zone),
            )
        )
    seconds = sum(result.seconds for result in results)
    for text in _chunks(settings, tags, chunk_spans.set_spans):
        terminal.out.print(f"      {text}")
    for job in terminal.run(pruning.prune(settings.admin_dsn())) if prune_policies else ():
        terminal.line(True, "removed", f"{job.name} (job {job.job_id}), which {does(job)}")
    terminal.out.print(f"{len(results)} steps in {seconds:.1f} s; check with: ksys db verify")


def _chunks(
    settings: Settings, tags: int | None, work: Callable[[str, int], Coroutine[Any, Any, list[str]]]
) -> list[str]:
    """Set or survey the span of chunks if a number of tags is given."""
    return [] if tags is None else terminal.run(work(settings.admin_dsn(), tags))


def _print_replaced(settings: Settings, choice: Keep) -> None:
    """Print what a run would replace, as comments after the SQL."""
    if settings.ts_admin_dsn is None:
        print("-- TS_ADMIN_DSN is not set, so this cannot show what a run would replace")
        return
    dsn = settings.admin_dsn()
    print(f"-- {safe_dsn(dsn)}")
    for text in terminal.run(replaced.survey(dsn, settings.tz, choice)):
        print(f"-- {text}")


def _print_step(result: schema.StepResult) -> None:
    terminal.line(True, result.name, f"{result.seconds:.2f} s")
    for note in result.notes:
        terminal.out.print(f"      {note}")
