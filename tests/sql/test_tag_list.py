"""The list of tags, and the search for tags by words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ksys_app.domain.names import clean_filter, matches
from ksys_app.domain.windows import WINDOWS
from ksys_app.queries import tags
from ksys_app.queries.realtime import tile_rows
from tests import plant
from tests.conftest import Plant

RULES = "INSERT INTO influx_qc_rule (tag_name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
ODD = [
    *(
        "50% 'A'",
        "a_b",
        "a\\b",
        "유량 D202",
        "ÄRGER 1",
        "ärger 2",
        "éÉ",
        "ΑΘΗΝΑ",
        "αθηνα",
        "x" * 300,
    ),
    *("TAB\there", "line\nbreak", " blank ", "%", "_", "\\", "\\%"),
]


@pytest.fixture(scope="module", autouse=True)
async def names(plant_db: Plant) -> list[str]:
    """Odd names, and many plain ones behind them."""
    numbered = [f"T{n:05}" for n in range(1, 301)]
    await plant_db.conn.execute(RULES, [[*ODD, *numbered]])
    now = await plant.clock(plant_db.conn)
    await plant.insert(plant_db.conn, [(now - timedelta(seconds=1), "T00299", 1.0)])
    rows = await plant_db.conn.execute("SELECT tag_name FROM influx_qc_rule ORDER BY tag_name")
    return [name for (name,) in await rows.fetchall()]


async def found(words: str, most: int = tags.MAX_TAGS) -> list[str]:
    return [tag.tag_name for tag in (await tags.matching_tags(words, most)).rows]


async def test_an_empty_search_finds_all_tags(names: list[str]) -> None:
    assert await found("") == names
    assert [tag.tag_name for tag in (await tags.tag_list()).rows] == names


async def test_a_row_without_a_name_is_of_no_tag(plant_db: Plant) -> None:
    """It would be the first in every order, so a page would open with it."""
    await plant_db.conn.execute(RULES, [[""]])
    await plant_db.conn.execute("INSERT INTO ingest_expectation (tag_name) VALUES ('')")
    try:
        assert "" not in await found("")
        assert "" not in {row.tag_name for row in (await tile_rows(WINDOWS[0], 10_000)).rows}
    finally:
        await plant_db.conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = ''")
        await plant_db.conn.execute("DELETE FROM ingest_expectation WHERE tag_name = ''")


async def test_one_tag_above_the_limit_shows_that_there_are_more() -> None:
    assert await found("t0029", 10) == [f"T0029{n}" for n in range(10)]
    assert await found("t0029", 9) == [f"T0029{n}" for n in range(10)]
    assert len(await found("t0029", 8)) == 9


async def test_a_found_tag_is_reported_with_its_samples_and_rule() -> None:
    (tag,) = (await tags.matching_tags("T00299", 1)).rows
    assert tag.has_rule
    assert tag.first_ts == tag.last_ts is not None


@pytest.mark.parametrize("words", ["T0030 T", "29 9", "%", "_", "\\", "ÄRGER", "É", "αθηνα", "α"])
@pytest.mark.parametrize("most", [1, 3, 10_000])
async def test_signs_and_letters_are_compared_as_on_the_page(
    names: list[str], words: str, most: int
) -> None:
    expected = [name for name in names if matches(name, words)]
    assert await found(words, most) == expected[: most + 1]


@given(words=st.text("aT0129 %_\\éÄΑ유량'\t", max_size=6), most=st.integers(1, 12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_that_holds_the_words_is_missed(
    names: list[str], words: str, most: int
) -> None:
    clean = clean_filter(words)
    expected = [name for name in names if matches(name, clean)]
    assert await found(clean, most) == expected[: most + 1]


async def test_a_new_tag_is_found_at_once(plant_db: Plant) -> None:
    await tags.tag_list()
    assert await found("brand new") == []
    await plant_db.conn.execute(RULES, [["BRAND NEW"]])
    assert await found("brand new") == ["BRAND NEW"]
    assert "BRAND NEW" in await listed()
    await plant_db.conn.execute("DELETE FROM influx_qc_rule WHERE tag_name = 'BRAND NEW'")


@pytest.mark.parametrize("known_by", ["sample", "expectation", "refused"])
async def test_the_list_has_a_new_tag_at_once(plant_db: Plant, known_by: str) -> None:
    tag, conn = f"NEW {known_by}", plant_db.conn
    before = await listed()
    if known_by == "expectation":
        await conn.execute("INSERT INTO ingest_expectation (tag_name) VALUES (%s)", [tag])
    else:
        value = 1.0 if known_by == "sample" else float("nan")
        await plant.insert(conn, [(await plant.clock(conn), tag, value)])
    assert await listed() == sorted([*before, tag])
    assert (await tags.tag_list()).cache_hit, "and is cached until a new tag comes"


async def listed() -> list[str]:
    return sorted(tag.tag_name for tag in (await tags.tag_list()).rows)
