"""``ksys alarms``: the alarms of the tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ksys_app.commands import alarm_suggest, alarm_worker, terminal
from ksys_app.commands.progress import stages
from ksys_app.commands.reading import DecimalSign, Encoding, reading
from ksys_app.domain.alarms.times import moment
from ksys_app.domain.timefmt import local_offset
from ksys_app.errors import BadParameter
from ksys_app.ops.alarms import from_database, from_files
from ksys_app.ops.alarms.from_database import Span, Wanted
from ksys_app.ops.alarms.from_files import Files, Listener
from ksys_app.ops.alarms.replay import Counts
from ksys_app.ops.files.textlines import BadLine

app = typer.Typer(
    no_args_is_help=True,
    help="The alarms of the tags: keep them, and see what other limits would have raised.",
)
alarm_worker.add_to(app)
app.command()(alarm_suggest.suggest)
MAX_PRINTED: Final = 20
"""How many bad lines are printed one by one."""


Out = Annotated[Path, typer.Option(help="The file for the journal, CSV; it is replaced.")]
Samples = Annotated[
    Path | None,
    typer.Option(help="CSV with ts,tag_name,value[,qc], plain or gzip, in order of arrival."),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        help="The rules, e.g. data/qc/influx_qc_rule.csv; with --from, default: the database's."
    ),
]
AlarmSettings = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="CSV with tag_name,condition and any of priority,on_delay_s,off_delay_s,latch, "
        "ack,realarm_s; an empty cell keeps the default. With --from, default: the database's.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(help="With --samples: last moment of the clock; default: the newest sample."),
]
From = Annotated[
    str | None, typer.Option("--from", help="Read the samples of the database from then on.")
]
To = Annotated[
    str | None, typer.Option("--to", help="With --from: last moment of the clock; default: now.")
]
OnlyTags = Annotated[
    list[str] | None, typer.Option("--tag", help="With --from: only this tag; repeatable.")
]


@app.command()
def replay(
    out: Out,
    samples: Samples = None,
    rules: Rules = None,
    settings: AlarmSettings = None,
    until: Until = None,
    start: From = None,
    end: To = None,
    tags: OnlyTags = None,
    encoding: Encoding = None,
    decimal: DecimalSign = None,
) -> None:
    """Write the journal of alarms that samples raise under some rules: what would have happened?

    Use it before you change limits, delays or deadbands: run it with the old and with the new file,
    and compare the journals. It changes nothing but the file of --out. With --samples it needs no
    database. With --from it reads samples, rules and settings at TS_ADMIN_DSN.

    The same samples, rules and settings always give the same journal, the one that ksys alarms run
    writes, with nobody acting. Times come from the samples alone. A sample without a value, or with
    nan, is a bad sample. A sample more than 60 s after --until is one of a wrong clock.

    Times without a zone are in TZ. Bad lines are named on standard error and skipped; the exit code
    is 1 if no line is a sample.

    Example: ksys alarms replay --samples day.csv.gz --rules new_rules.csv --out journal.csv

    Example: ksys alarms replay --samples s.csv --rules r.csv --settings delays.csv --out j.csv

    Example: ksys alarms replay --from 2026-08-01 --to 2026-08-15 --tag D100 --out journal.csv
    """
    if (samples is None) == (start is None):
        raise BadParameter("give the samples to judge: --samples FILE, or --from TIME")
    if samples is None:
        if until is not None:
            raise BadParameter("--until needs --samples; with --from, the clock ends at --to")
        counts = _stored(start or "", end, tags or (), Wanted(rules, settings), out)
        bad = 0
    else:
        if end is not None or tags:
            raise BadParameter("--to and --tag need --from; with --samples, use --until")
        if rules is None:
            raise BadParameter("--samples needs --rules, the file with the rules")
        options = replace(reading(encoding, decimal), without_value=True)
        counts, bad = _from_files(Files(samples, rules, settings, out, options), until)
    for text in _report(counts, bad, out):
        terminal.out.print(text, markup=False)


def _from_files(files: Files, until: str | None) -> tuple[Counts, int]:
    """The counts of a replay of files, and the number of bad lines."""
    bad = 0

    def print_bad(line: BadLine) -> None:
        nonlocal bad
        bad += 1
        if bad <= MAX_PRINTED:
            terminal.note(f"{files.samples}:{line.line} {line.reason}")

    with stages() as progress:

        def read(lines: int, position: int, size: int | None) -> None:
            progress.report("samples", f"{lines:,} read", position, size)

        listener = Listener(read, print_bad)
        return from_files.replay(files, _moment("--until", until), listener), bad


def _stored(start: str, end: str | None, tags: Sequence[str], wanted: Wanted, out: Path) -> Counts:
    first = _moment("--from", start)
    assert first is not None, "only a missing text has no time"
    span = Span(first, _moment("--to", end), tags)
    dsn = terminal.settings().admin_dsn()
    with stages() as progress:

        def read(samples: int, done: int, total: int) -> None:
            progress.report("tags", f"{samples:,} samples", done, total)

        return terminal.run(from_database.replay(dsn, span, wanted, out, read))


def _moment(option: str, text: str | None) -> datetime | None:
    """The time of an option's text; a time without a zone is in TZ."""
    if text is None:
        return None
    try:
        ts = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"{option} {text!r} is no time such as 2026-08-15T00:00:00Z") from None
    return terminal.zoned(ts, terminal.settings().zone)


def _report(counts: Counts, bad: int, out: Path) -> Iterator[str]:
    zone = terminal.settings().zone
    yield f"samples   {counts.samples:,} judged, of {counts.tags:,} tags"
    set_aside = {
        "late or repeated": counts.late,
        "ahead of the clock": counts.ahead,
        "without a usable value": counts.bad,
    }
    if any(set_aside.values()):
        yield f"          {', '.join(f'{n:,} {what}' for what, n in set_aside.items() if n)}"
    if bad:
        yield f"skipped   {bad:,} lines that are no samples"
    if counts.without_rule:
        names = sorted(counts.without_rule)
        more = ", …" if len(names) > 5 else ""
        yield f"no rule   {len(names):,} tags: {', '.join(names[:5])}{more}"
    if counts.last_us is not None:
        yield f"newest    {local_offset(moment(counts.last_us), zone)}"
    raised = {name: count for name, count in counts.raised.items() if count}
    by_condition = ", ".join(f"{name} {count:,}" for name, count in sorted(raised.items()))
    yield f"raised    {sum(raised.values()):,} alarms{f': {by_condition}' if raised else ''}"
    yield f"journal   {out}"
