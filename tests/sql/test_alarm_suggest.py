"""``ksys alarms suggest``: proposals from stored samples, saved only with --apply (PRD §32.2)."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from ksys_app.errors import Conflict, UnknownTag
from ksys_app.models.limits import RuleChange
from ksys_app.models.rows import QcRule
from ksys_app.ops.access.audit import actor
from ksys_app.ops.alarms import suggest as suggesting
from ksys_app.ops.alarms.suggest import Suggested
from ksys_app.ops.demo.plant import replay
from tests import plant
from tests.alarm_worker import Row, evaluate, written
from tests.ksys import ksys

# Three hours of a wave between 40 and 60, one that ended ten minutes ago, and a tag that began a
# moment ago.
SAMPLES = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, 'WAVE', 50 + 10 * sin(extract(epoch FROM ts) / 300)
FROM generate_series(now() - interval '3 hours', now(), interval '5 s') AS ts
UNION ALL
SELECT ts, 'LOOP', 20 + sin(extract(epoch FROM ts) / 300)
FROM generate_series(now() - interval '3 hours', now() - interval '10 min', interval '5 s') AS ts
UNION ALL SELECT now(), 'NEW', 1
"""


@pytest.fixture(scope="module", autouse=True)
async def samples(conn: AsyncConnection) -> None:
    await conn.execute(SAMPLES)
    await conn.execute(
        "INSERT INTO public.influx_qc_rule (tag_name, min_val, max_val, warn_max, enabled)"
        " VALUES ('WAVE', 0, 100, 62, true), ('LOOP', 0, 100, NULL, true)"
    )


async def suggest(dsn: str, *tags: str, apply: bool = False) -> Suggested:
    return await suggesting.suggest(dsn, tags, 1, apply=apply, on_read=lambda *_: None)


async def test_missing_limits_of_a_rule_are_proposed_and_nothing_is_written(
    dsn: str, conn: AsyncConnection
) -> None:
    found = await suggest(dsn)
    columns = {one.column: one.value for one in found.proposals if one.tag_name == "WAVE"}
    assert columns.keys() == {
        *("crit_max", "warn_min", "crit_min"),
        *("max_gap_seconds", "deadband_pct"),
    }
    assert columns["warn_min"] < 40 < 62 < columns["crit_max"]
    assert (found.short, found.tags) == (["NEW"], 3)
    rows = await conn.execute("SELECT crit_max FROM public.influx_qc_rule WHERE tag_name = 'WAVE'")
    assert await rows.fetchall() == [(None,)]


async def test_a_tag_that_has_sent_nothing_is_unknown(dsn: str) -> None:
    with pytest.raises(UnknownTag, match="GONE: sent nothing in the last 1 days"):
        await suggest(dsn, "WAVE", "GONE")


async def test_limits_that_somebody_changed_meanwhile_are_not_overwritten(
    conn: AsyncConnection,
) -> None:
    change = RuleChange(99, QcRule("WAVE", warn_max=1))
    with pytest.raises(Conflict, match="somebody changed the limits of WAVE meanwhile"):
        await suggesting._save(conn, [change])


async def test_apply_saves_the_proposals_with_actor_and_reason(
    dsn: str, conn: AsyncConnection
) -> None:
    found = await suggest(dsn, "WAVE")
    code, out, _ = await ksys(
        "alarms", "suggest", "WAVE", "--days", "1", "--apply", TS_ADMIN_DSN=dsn
    )
    assert code == 0
    assert f"{len(found.proposals)} values for 1 tags saved" in out
    rows = await conn.execute(
        "SELECT actor, reason FROM public.rule_history WHERE tag_name = 'WAVE'"
        " ORDER BY id DESC LIMIT 1"
    )
    assert await rows.fetchall() == [(actor(), "ksys alarms suggest --apply")]
    audited = await conn.execute("SELECT subject FROM ksys.audit WHERE action = 'rule_saved'")
    assert await audited.fetchall() == [("WAVE",)]
    rows = await conn.execute("SELECT warn_max FROM public.influx_qc_rule WHERE tag_name = 'WAVE'")
    assert await rows.fetchall() == [(62.0,)]
    assert (await suggest(dsn, "WAVE")).proposals == []


RECORDED = datetime(2020, 2, 8, 13, 30, 47, 250_000, tzinfo=UTC)
# Seconds and values: too high, silent for 80 s, and out of the range.
PARTS = [(0, 60, 20.0), (60, 100, 40.0), (100, 150, 20.0), (230, 270, 20.0), (270, 300, 150.0)]


async def test_a_recording_raises_the_alarms_of_a_replay(
    dsn: str, conn: AsyncConnection, tmp_path: Path
) -> None:
    """With proposed limits, after a worker has judged earlier samples of the tag."""
    await ksys("alarms", "suggest", "LOOP", "--days", "1", "--apply", TS_ADMIN_DSN=dsn)
    await evaluate(dsn)
    file, out = tmp_path / "loop.csv", tmp_path / "journal.csv"
    samples = [(at, value) for begin, end, value in PARTS for at in range(begin, end)]
    lines = [f"{(RECORDED + timedelta(seconds=at)).isoformat()},LOOP,{v}" for at, v in samples]
    file.write_text("\n".join(["ts,tag_name,value", *lines]))
    # The clock of the recording starts five minutes ago, and its second reading is at the end.
    start = await plant.clock(conn) - timedelta(minutes=5)
    moments = iter([start])

    def clock() -> datetime:
        return next(moments, start + timedelta(minutes=5))

    await replay.feed(dsn, file, tmp_path, asyncio.Event(), clock)
    await evaluate(dsn)
    newest = await conn.execute("SELECT max(ts) FROM influx_hist WHERE tag_name = 'LOOP'")
    ((until,),) = await newest.fetchall()
    first = until - timedelta(seconds=samples[-1][0])
    span = ["--from", first.isoformat(), "--to", until.isoformat(), "--tag", "LOOP"]
    code, _, _ = await ksys("alarms", "replay", *span, "--out", str(out), TS_ADMIN_DSN=dsn)
    assert code == 0
    rows, _ = await written(conn)
    live = [row for row in rows if row[1] == "LOOP" and row[4] >= first and row[0] <= until]
    assert live == stored(out)
    raised = [row[2] for row in live if row[5] == "RAISE"]
    assert raised == ["HIGH", "GAP", "HIGH", "INSTR"]


def stored(file: Path) -> list[Row]:
    """The rows of a journal file of a replay, in the form of the rows of the database."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]

    def number(cell: str) -> Any:
        return float(cell) if cell else None

    at = datetime.fromisoformat
    found = [(at(r[0]), *r[1:4], at(r[4]), r[5], number(r[6]), number(r[7])) for r in rows]
    return sorted(found, key=lambda row: (*row[:3], row[5]))
