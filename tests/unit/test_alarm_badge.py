"""The alarms of a tag on its tile (PRD §5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ksys_app.domain.alarms.badge import TagAlarms, by_tag
from ksys_app.domain.alarms.shown import shown
from ksys_app.domain.tiles import TileMaker
from ksys_app.models.alarm_rows import StateRow
from ksys_app.models.rows import QcRule, TileRow
from ksys_app.models.tiles import Tile
from ksys_app.texts.alarm import alarm_of
from ksys_app.texts.tiles import tile_view
from tests.unit.test_tiles import NOW, ROW, RULE, SEOUL


def state(condition: str, level: str = "", **more: Any) -> StateRow:
    return StateRow("D100", condition, "act", level, raised_at=NOW, ack="unacked", **more)


def alarms(*rows: StateRow) -> TagAlarms:
    return TagAlarms(by_tag([shown(row, RULE) for row in rows]))


def tile_with(found: TagAlarms | None, row: TileRow = ROW, rule: QcRule | None = RULE) -> Tile:
    maker = TileMaker(SEOUL)
    maker.judge([row], {} if rule is None else {"D100": rule}, alarms=found)
    (tile,) = maker.tiles()
    return tile


@pytest.mark.parametrize(
    ("row", "value", "text", "level"),
    [
        (state("HIGH", "HH"), 199.0, "crit HH 199 ≥ 198", 2),
        (state("HIGH", "H"), 190.0, "warn H 190 in the deadband of 195", 1),
        (state("LOW", "LL"), 160.0, "crit LL 160 ≤ 170", 2),
        (state("INSTR", "RANGE"), 201.0, "crit RANGE 201 outside 0..200", 2),
        (state("INSTR", "BAD"), 190.0, "crit BAD a doubtful value", 2),
        (state("STEP", value=12.0, limit_value=5.0), 190.0, "warn STEP 12 > 5", 1),
        (state("GAP", value=90.0, limit_value=90.0), 190.0, "warn GAP 4 s > 90 s", 1),
    ],
)
def test_a_tile_shows_what_the_worker_has_found_with_the_figures_of_now(
    row: StateRow, value: float, text: str, level: int
) -> None:
    tile = tile_with(alarms(row), replace(ROW, value=value))
    assert (alarm_of(tile), tile.alarm_level) == (text, level)


def test_the_worst_alarm_comes_first_and_hidden_ones_do_not_count() -> None:
    both = alarms(state("GAP", value=1.0, limit_value=1.0), state("LOW", "LL"))
    assert [one.reason for one in tile_with(both).violations] == ["LL", "GAP"]
    later = NOW + timedelta(hours=1)
    hidden = (
        state("HIGH", "HH", shelved_until=later),
        state("LOW", "LL", designed_by="INSTR"),
        state("GAP", oos_at=NOW),
        state("SOURCE_LOST"),
        replace(state("RATE"), process="norm"),
    )
    assert tile_with(alarms(*hidden)).violations == ()


def test_a_value_beyond_a_limit_is_no_alarm_before_the_worker_says_so() -> None:
    over = replace(ROW, value=199.0)
    assert alarm_of(tile_with(alarms(), over)) == "-"
    assert alarm_of(tile_with(None, over)) == "crit HH 199 ≥ 198", "where no worker has ever judged"


def test_refused_samples_are_an_alarm_without_the_worker() -> None:
    row = replace(
        ROW, refused=3, refused_at=NOW, refused_value=float("nan"), refused_reason="NOT_FINITE"
    )
    tile = tile_with(alarms(state("INSTR", "BAD")), row, None)
    assert alarm_of(tile) == "crit BAD NOT_FINITE nan, 3 in 5 min"
    assert len(tile.violations) == 1


def test_without_the_worker_a_tile_says_since_when() -> None:
    away = TagAlarms(alarms(state("HIGH", "HH")).by_tag, NOW)
    tile = tile_with(away, replace(ROW, value=199.0))
    assert (alarm_of(tile), tile.alarm_level) == ("not evaluated since 2025-08-15 16:26:11", 0)
    assert tile_view(tile).alarm == ["", "unjudged", "2025-08-15 16:26:11", ""]
    assert tile_view(tile_with(alarms())).alarm == []


def test_a_tile_changes_with_its_alarms_and_not_without() -> None:
    maker = TileMaker(SEOUL)

    def at(later_s: int, found: TagAlarms) -> Tile:
        row = replace(ROW, now=NOW + timedelta(seconds=later_s))
        maker.judge([row], {"D100": RULE}, alarms=found)
        (tile,) = maker.tiles()
        return tile

    first = at(0, alarms())
    assert at(1, alarms()) is first
    raised = at(2, alarms(state("HIGH", "HH")))
    assert raised.alarm_level == 2
    assert at(3, alarms(state("HIGH", "HH"))) is raised
    assert at(4, TagAlarms({}, NOW)).unjudged_s != ""
    assert at(5, alarms()).alarm_level == 0
