"""Shared by tests of the alarm worker: samples in a database, and the expected journal."""

from __future__ import annotations

import asyncio
import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from ksys_app.domain.alarms.calculated import Derived, judge
from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.sources import Sources, journal_order, with_source_rows
from ksys_app.domain.alarms.stored import Sample
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import SECOND, microseconds, moment
from ksys_app.models.alarms import ProcessEvent, Standing
from ksys_app.queries import alarm_rules as queries
from ksys_app.workers.alarms.worker import AlarmWorker
from tests.unit.alarms import disturbed

LIMITS = (
    *("min_val", "max_val", "warn_min", "warn_max", "crit_min", "crit_max"),
    *("allow_negative", "deadband_pct", "max_gap_seconds"),
)
RULE = f"""
INSERT INTO public.influx_qc_rule (tag_name, enabled, meta, {", ".join(LIMITS)})
VALUES (%s, true, '{{"group": "{disturbed.GROUP}"}}', {", ".join(["%s"] * len(LIMITS))})
"""
SAMPLES = """
INSERT INTO public.influx_hist (ts, tag_name, value, qc)
SELECT s.ts, %s, s.value, s.qc
FROM unnest(%s::timestamptz[], %s::float8[], %s::smallint[]) AS s (ts, value, qc)
"""
STORED = """
SELECT tag_name, ts, value, qc FROM public.influx_hist
UNION ALL
SELECT tag_name, ts, 'NaN', 0 FROM public.ingest_reject
WHERE reason IN ('NOT_FINITE', 'MAGNITUDE', 'NO_VALUE')
ORDER BY 1, 2, 3
"""
CALCULATED = {
    "X_DIFFERENCE": "T000 - T001 + 60",
    "X_MEAN": "(T000 + T001 + T002) / 3",
    "X_SLOW": "T003 + exp(T001 / 30)",
    "X_FAST": "max(T007, T002)",
    "X_CHOSEN": "if(T004 > 50, T005, X_ONE)",
    "X_ONE": "T006",
    "X_UNKNOWN": "T000 + NEVER",
}
"""Calculated tags, one of which uses another."""
JOURNAL = """
SELECT ts, tag_name, condition, level, raised_at, event, value, limit_value
FROM public.alarm_journal ORDER BY ts, tag_name, condition, event
"""
STATES = """
SELECT tag_name, condition, process = 'act', level, ack, raised_at, cleared_at, count
FROM public.alarm_state
"""
Row = tuple[Any, ...]
Key = tuple[str, str]


async def load(conn: AsyncConnection, count: int, length: int) -> None:
    """Write rules, settings and samples of disturbed series.

    Every series has samples of one more minute, so that no silence is left at the end, and every
    group is judged up to the end.
    """
    all_series = [disturbed.series(number, length) for number in range(count)]
    end = disturbed.until(all_series) + 300 * SECOND
    for series in all_series:
        series.samples += [(end + second * SECOND, 50.0, 0) for second in (0, 20, 40, 60)]
        tag = series.rule.tag_name
        await conn.execute(RULE.encode(), [tag, *(getattr(series.rule, name) for name in LIMITS)])
        for condition, chosen in series.settings.items():
            await conn.execute(
                "INSERT INTO public.alarm_rule (tag_name, condition, on_delay_s, off_delay_s)"
                " VALUES (%s, %s, %s, %s)",
                [tag, condition, chosen.on_delay_s, chosen.off_delay_s],
            )
        # One statement cannot write the same time twice.
        rows = {ts: (value, qc) for ts, value, qc in series.samples}
        values = [[value for value, _ in rows.values()], [qc for _, qc in rows.values()]]
        await conn.execute(SAMPLES, [tag, [moment(ts) for ts in rows], *values])

    rule = disturbed.series(0, 0).rule
    for name, text in CALCULATED.items():
        values = replace(rule, warn_max=80.0, warn_min=20.0, max_gap_seconds=60)
        await conn.execute(RULE.encode(), [name, *(getattr(values, one) for one in LIMITS)])
        await conn.execute(
            "INSERT INTO public.alarm_rule (tag_name, condition, on_delay_s, off_delay_s)"
            " SELECT %s, unnest(ARRAY['HIGH', 'LOW']), 2, 3",
            [name],
        )
        await conn.execute(
            "INSERT INTO public.expression (name, text, version, author) VALUES (%s, %s, 1, 'ann')",
            [name, text],
        )


async def expected(conn: AsyncConnection) -> tuple[list[Row], dict[Key, Row]]:
    """Journal and state that the machine computes from the stored samples, without any operator."""
    rules = await queries.rules(conn)
    machines: dict[str, TagMachine] = {}
    events: list[ProcessEvent] = []
    stored: dict[str, list[Sample]] = defaultdict(list)
    for tag, ts, value, qc in await (await conn.execute(STORED)).fetchall():
        if tag not in machines:
            machines[tag] = TagMachine(tag, rules.rules.get(tag), rules.settings.get(tag, {}))
        machines[tag].feed(microseconds(ts), value, qc or 0)
        events += machines[tag].take()
        stored[tag].append((microseconds(ts), value, qc or 0))
    for tag, formula in rules.formulas.items():
        machine = TagMachine(tag, rules.rules[tag], rules.settings[tag])
        samples = {one: stored[one] for one in formula.holds_us}
        until = min((rows[-1][0] for rows in samples.values() if rows), default=0)
        judge(machine, Derived(0).feed(formula, samples, until))
        machine.advance(until - 1)
        events += machine.take()
    sources = Sources(rules.rules.values())
    return _folded(with_source_rows(sorted(events, key=journal_order), sources, microseconds(ts)))


def _folded(events: Iterable[ProcessEvent]) -> tuple[list[Row], dict[Key, Row]]:
    standings: dict[Key, Standing] = defaultdict(Standing)
    rows: list[Row] = []
    for event in events:
        key = event.tag_name, event.condition
        rows.append(
            (
                *(moment(event.ts_us), *key, event.level, moment(event.raised_at_us)),
                *(event.event, event.value, event.limit_value),
            )
        )
        if not event.condition:
            continue
        chosen = policy(event.priority or standings[key].priority or 3, None)
        one, extra = after(standings[key], event, chosen)
        standings[key] = one
        rows += [
            (
                *(moment(act.ts_us), *key, one.level, moment(act.raised_at_us)),
                *(act.event, one.value, one.limit_value),
            )
            for act in extra
        ]
    rows.sort(key=lambda row: (*row[:3], row[5]))
    return rows, {key: _stands(standing) for key, standing in standings.items()}


def _stands(one: Standing) -> Row:
    raised, cleared = _time(one.raised_at_us), _time(one.cleared_at_us)
    return one.active, one.level, one.ack, raised, cleared, one.count


def _time(us: int | None) -> datetime | None:
    return None if us is None else moment(us)


async def written(conn: AsyncConnection) -> tuple[list[Row], dict[Key, Row]]:
    """Journal and state of the database, as of :func:`expected`."""
    rows = await (await conn.execute(JOURNAL)).fetchall()
    states = await (await conn.execute(STATES)).fetchall()
    return rows, {(tag, condition): tuple(rest) for tag, condition, *rest in states}


async def evaluate(dsn: str, holder: str = "test") -> None:
    """Judge all stored samples."""
    await AlarmWorker(dsn, since_us=0, once=True, holder=holder).run(asyncio.Event())


def read_journal(path: Path) -> list[Row]:
    """The rows of a file that a replay wrote, as :func:`written` has them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (
                *(datetime.fromisoformat(row["ts"]), row["tag_name"], row["condition"]),
                *(row["level"], datetime.fromisoformat(row["raised_at"]), row["event"]),
                *(float(row[name]) if row[name] else None for name in ("value", "limit_value")),
            )
            for row in csv.DictReader(file)
        ]
