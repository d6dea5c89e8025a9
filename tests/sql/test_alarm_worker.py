"""The alarm worker writes what the machine of §32.1 says, once, whatever interrupts it (§32.4)."""

from __future__ import annotations

import asyncio
import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from ksys_app.db import connect
from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import SECOND, microseconds, moment
from ksys_app.models.alarms import ProcessEvent, Standing
from ksys_app.ops.alarms import from_database
from ksys_app.ops.alarms.from_database import Span, Wanted
from ksys_app.queries import alarms as queries
from ksys_app.workers.alarms import evaluator
from ksys_app.workers.alarms.worker import AlarmWorker
from tests.database import TestDatabases
from tests.unit.alarms import disturbed

RULE = "INSERT INTO public.influx_qc_rule (tag_name, enabled, {}) VALUES (%s, true, {})"
JOURNAL = """
SELECT ts, tag_name, condition, level, raised_at, event, value, limit_value
FROM public.alarm_journal WHERE actor = '' ORDER BY ts, tag_name, condition, event
"""
BAD = ("NOT_FINITE", "MAGNITUDE", "NO_VALUE")
Row = tuple[Any, ...]


@pytest.fixture
async def own(databases: TestDatabases) -> AsyncIterator[AsyncConnection]:
    """A database of its own."""
    dsn = await databases.fresh()
    conn = await connect(dsn)
    yield conn
    await conn.close()
    await databases.drop(dsn)


async def load(conn: AsyncConnection, count: int, length: int) -> None:
    """Rules, settings and samples of disturbed series, in the order in which they arrive."""
    for number in range(count):
        series = disturbed.series(number, length)
        names = ("min_val", "max_val", "warn_min", "warn_max", "crit_min", "crit_max")
        names += ("allow_negative", "deadband_pct", "max_gap_seconds")
        rule = RULE.format(", ".join(names), ", ".join(["%s"] * len(names)))
        tag = series.rule.tag_name
        values = [getattr(series.rule, name) for name in names]
        await conn.execute(rule.encode(), [tag, *values])
        for condition, chosen in series.settings.items():
            await conn.execute(
                "INSERT INTO public.alarm_rule (tag_name, condition, on_delay_s, off_delay_s)"
                " VALUES (%s, %s, %s, %s)",
                [tag, condition, chosen.on_delay_s, chosen.off_delay_s],
            )
        # One statement cannot write the same time twice.
        rows = {ts: (value, qc) for ts, value, qc in series.samples}
        await conn.execute(
            "INSERT INTO public.influx_hist (ts, tag_name, value, qc)"
            " SELECT s.ts, %s, s.value, s.qc"
            " FROM unnest(%s::timestamptz[], %s::float8[], %s::smallint[]) AS s (ts, value, qc)",
            [
                tag,
                [moment(ts) for ts in rows],
                [value for value, _ in rows.values()],
                [qc for _, qc in rows.values()],
            ],
        )


async def expected(conn: AsyncConnection) -> list[ProcessEvent]:
    """What the machine says of the stored samples, in order of time."""
    rules = await queries.rules(conn)
    stored = await conn.execute(
        "SELECT tag_name, ts, value, qc FROM public.influx_hist"
        " UNION ALL SELECT tag_name, ts, 'NaN', 0 FROM public.ingest_reject"
        "  WHERE reason = ANY (%s) ORDER BY 1, 2",
        [list(BAD)],
    )
    machines: dict[str, TagMachine] = {}
    events: list[ProcessEvent] = []
    for tag, ts, value, qc in await stored.fetchall():
        if tag not in machines:
            settings = rules.settings.get(tag, {})
            machines[tag] = TagMachine(tag, rules.rules.get(tag), settings)
        machines[tag].feed(microseconds(ts), value, qc or 0)
        events += machines[tag].take()
    return events


def folded(events: Iterable[ProcessEvent]) -> tuple[list[Row], dict[tuple[str, str], Standing]]:
    """The rows of the journal, with those that responses add, and how each alarm stands."""
    standings: dict[tuple[str, str], Standing] = defaultdict(Standing)
    rows: list[Row] = []
    for event in events:
        extra: tuple[Any, ...] = ()
        key = event.tag_name, event.condition
        if event.condition:
            chosen = policy(event.priority or standings[key].priority or 3, None)
            standings[key], extra = after(standings[key], event, chosen)
        one = standings[key]
        rows.append(row_of(event))
        rows += [
            (act.ts_us, *key, one.level, act.raised_at_us, act.event, one.value, one.limit_value)
            for act in extra
        ]
    return sorted(rows, key=lambda row: (*row[:3], row[5])), dict(standings)


def row_of(event: ProcessEvent) -> Row:
    return (
        *(event.ts_us, event.tag_name, event.condition, event.level, event.raised_at_us),
        *(event.event, event.value, event.limit_value),
    )


async def journal(conn: AsyncConnection) -> list[Row]:
    found = await (await conn.execute(JOURNAL)).fetchall()
    return [
        (microseconds(ts), tag, condition, level, microseconds(raised), *rest)
        for ts, tag, condition, level, raised, *rest in found
    ]


async def states(conn: AsyncConnection) -> dict[tuple[str, str], Row]:
    found = await conn.execute(
        "SELECT tag_name, condition, process = 'act', level, ack, raised_at, cleared_at, count"
        " FROM public.alarm_state"
    )
    return {(tag, condition): tuple(rest) for tag, condition, *rest in await found.fetchall()}


def stands(standing: Standing) -> Row:
    def time(us: int | None) -> object:
        return None if us is None else moment(us)

    raised, cleared = time(standing.raised_at_us), time(standing.cleared_at_us)
    return (*(standing.active, standing.level, standing.ack, raised, cleared, standing.count),)


async def replayed(conn: AsyncConnection, folder: Path) -> list[Row]:
    """What ``ksys alarms replay --from`` writes, up to the newest sample of each tag."""
    newest = dict(
        await (await conn.execute("SELECT tag_name, ts FROM public.tag_latest")).fetchall()
    )
    span = Span(moment(disturbed.START_US - 86_400 * SECOND), max(newest.values()))
    out = folder / "journal.csv"
    await from_database.replay(conn.dsn, span, Wanted(), out, lambda *_: None)  # type: ignore[attr-defined]
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))[1:]
    rows: list[Row] = []
    for ts, tag, condition, level, raised, event, *figures in found:
        at, began = (datetime.fromisoformat(text) for text in (ts, raised))
        if at <= newest[tag]:
            value, limit = (float(text) if text else None for text in figures)
            first = microseconds(at), tag, condition, level, microseconds(began)
            rows.append((*first, event, value, limit))
    return sorted(rows, key=lambda row: (*row[:3], row[5]))


async def evaluate(conn: AsyncConnection, **options: Any) -> AlarmWorker:
    """A worker judges everything that is there, and ends."""
    alarms = AlarmWorker(conn.dsn, since_us=0, once=True, **options)  # type: ignore[attr-defined]
    await alarms.run(asyncio.Event())
    return alarms


async def test_the_journal_is_the_machine_s_and_the_state_is_its_fold(
    own: AsyncConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also with small batches, a second run writes nothing, and a replay says the same (§32.2)."""
    await load(own, 20, 300)
    rows, standings = folded(await expected(own))
    assert len({row[5] for row in rows}) >= 7
    monkeypatch.setattr(evaluator, "BATCH", 500)
    await evaluate(own)
    assert await journal(own) == rows
    assert await states(own) == {
        key: stands(standing) for key, standing in standings.items() if key[1]
    }
    before = await states(own)
    await evaluate(own)
    assert await journal(own) == rows
    assert await replayed(own, tmp_path) == rows
    assert await states(own) == before
