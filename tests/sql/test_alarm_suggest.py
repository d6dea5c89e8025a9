"""``ksys alarms suggest``: proposals from stored samples, saved only with --apply (PRD §32.2)."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection

from ksys_app.errors import Conflict, UnknownTag
from ksys_app.models.limits import RuleChange
from ksys_app.models.rows import QcRule
from ksys_app.ops.access.audit import actor
from ksys_app.ops.alarms import suggest as suggesting
from ksys_app.ops.alarms.suggest import Suggested
from tests.ksys import ksys

# Three hours of a wave between 40 and 60, and a tag that began a moment ago.
SAMPLES = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, 'WAVE', 50 + 10 * sin(extract(epoch FROM ts) / 300)
FROM generate_series(now() - interval '3 hours', now(), interval '5 s') AS ts
UNION ALL SELECT now(), 'NEW', 1
"""


@pytest.fixture(scope="module", autouse=True)
async def samples(conn: AsyncConnection) -> None:
    await conn.execute(SAMPLES)
    await conn.execute(
        "INSERT INTO public.influx_qc_rule (tag_name, min_val, max_val, warn_max, enabled)"
        " VALUES ('WAVE', 0, 100, 62, true)"
    )


async def suggest(dsn: str, *tags: str, apply: bool = False) -> Suggested:
    return await suggesting.suggest(dsn, tags, 1, apply=apply, on_read=lambda *_: None)


async def test_what_a_rule_lacks_is_proposed_and_nothing_is_written(
    dsn: str, conn: AsyncConnection
) -> None:
    found = await suggest(dsn)
    columns = {one.column: one.value for one in found.proposals if one.tag_name == "WAVE"}
    assert columns.keys() == {
        *("crit_max", "warn_min", "crit_min"),
        *("max_gap_seconds", "deadband_pct"),
    }
    assert columns["warn_min"] < 40 < 62 < columns["crit_max"]
    assert (found.short, found.tags) == (["NEW"], 2)
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


async def test_apply_saves_the_proposals_with_who_and_why(dsn: str, conn: AsyncConnection) -> None:
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
    kept = await conn.execute("SELECT warn_max FROM public.influx_qc_rule WHERE tag_name = 'WAVE'")
    assert await kept.fetchall() == [(62.0,)]
    assert (await suggest(dsn, "WAVE")).proposals == []
