"""``ksys comm suggest``: proposals from real rates, written only with --apply (PRD §28.4)."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection

from ksys_app.errors import ConfigError, UnknownTag
from ksys_app.ops.masterdata.suggest import Suggestion, suggest, suggestion
from ksys_app.ops.verify.status import Rate
from tests.conftest import RO_PASSWORD
from tests.database import TestDatabases
from tests.ksys import ksys

# Three hours of samples: every 5 s, every minute, every five minutes, and a tag that fell silent.
SAMPLES = """
INSERT INTO public.influx_hist (ts, tag_name, value)
SELECT ts, tag_name, 1.0
FROM (VALUES ('FAST', interval '5 s', interval '0 s'), ('EXACT', '1 min', '0 s'),
             ('SLOW', '5 min', '0 s'), ('SILENT', '1 min', '2 hours')) AS tag (tag_name, step, ago)
CROSS JOIN LATERAL generate_series(date_trunc('minute', now()) - interval '3 hours',
                                   date_trunc('minute', now()) - tag.ago, tag.step) AS ts
"""


@pytest.fixture(scope="module", autouse=True)
async def samples(conn: AsyncConnection) -> None:
    await conn.execute(SAMPLES)
    await conn.execute(
        "INSERT INTO public.ingest_expectation (tag_name, exp_per_min, slo_warn)"
        " VALUES ('FAST', 1, 0.99), ('SLOW', 2, 0.98)"
    )


async def expectations(conn: AsyncConnection) -> list[tuple[object, ...]]:
    cursor = await conn.execute(
        "SELECT tag_name, exp_per_min, slo_warn::float8 FROM public.ingest_expectation"
        " ORDER BY tag_name"
    )
    return await cursor.fetchall()


@pytest.mark.parametrize(
    ("observed", "expected", "proposed", "slow"),
    [
        (12, 12, None, False),
        (12, 1, 12, False),
        (11.4, 12, 11, False),
        (0.5, 1, None, False),
        (0.5, 3, 1, False),
        (0.4, 3, None, True),
        (0, 1, None, True),
    ],
)
def test_the_nearest_whole_number_is_proposed_where_there_is_one(
    observed: float, expected: int, proposed: int | None, slow: bool
) -> None:
    found = suggestion(Rate("T", observed, expected))
    assert (found.proposed, found.slow) == (proposed, slow)


async def test_without_apply_nothing_is_written(dsn: str, conn: AsyncConnection) -> None:
    before = await expectations(conn)
    assert await suggest(dsn) == [
        Suggestion("EXACT", 1, 1, None, slow=False),
        Suggestion("FAST", 12, 1, 12, slow=False),
        Suggestion("SILENT", 0, 1, None, slow=True),
        Suggestion("SLOW", 0, 2, None, slow=True),
    ]
    assert await expectations(conn) == before


async def test_a_tag_without_a_rate_and_a_reader_are_explained_in_one_sentence(
    dsn: str, conn: AsyncConnection
) -> None:
    with pytest.raises(UnknownTag, match="NOPE: sent nothing in the last day"):
        await suggest(dsn, ["FAST", "NOPE"], apply=True)
    reader = TestDatabases.as_role(dsn, "eco_ro", RO_PASSWORD)
    with pytest.raises(ConfigError, match="TS_ADMIN_DSN must name the owner"):
        await suggest(reader, apply=True)
    assert (await expectations(conn))[0] == ("FAST", 1, 0.99)


async def test_apply_writes_what_it_shows_and_keeps_the_limits(
    dsn: str, conn: AsyncConnection
) -> None:
    code, out, err = await ksys("comm", "suggest", TS_ADMIN_DSN=dsn)
    assert (code, err) == (0, "")
    assert "1 changes proposed" in out
    code, out, err = await ksys("comm", "suggest", "FAST", "EXACT", "--apply", TS_ADMIN_DSN=dsn)
    assert (code, err) == (0, "")
    assert "1 → 12" in out
    assert "1 changes made" in out
    assert "SLOW" not in out
    assert await expectations(conn) == [("FAST", 12, 0.99), ("SLOW", 2, 0.98)]
    assert [one.proposed for one in await suggest(dsn)] == [None] * 4
