"""Where rules in force differ from the file of the last sync (PRD §32.9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ksys_app.domain.rule_file import difference, unequal
from ksys_app.models.rule_file import CellChange, RulePair

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILE = {"tag_name": "T", "warn_max": 80.0, "crit_max": 90.0, "enabled": True, "meta": {"unit": "K"}}


def pair(file: dict[str, Any] | None, meta: str | None = '{"unit": "K"}', **now: Any) -> RulePair:
    row = {name: value for name, value in {**FILE, **now}.items() if name != "meta"}
    return RulePair("T", file, None if file is None else NOON, row, meta)


def change(column: str, minute: int, actor: str, left: int | None = None) -> CellChange:
    at = NOON + timedelta(minutes=minute)
    left_at = None if left is None else NOON + timedelta(minutes=left)
    return CellChange("T", column, left_at, at, actor, "page")


@pytest.mark.parametrize(
    ("file", "meta", "now", "columns"),
    [
        (FILE, '{"unit": "K"}', {}, []),
        (FILE, '{"unit": "K"}', {"warn_max": 80}, []),
        (FILE, '{"unit": "K"}', {"warn_max": None, "max_step": 1}, ["max_step", "warn_max"]),
        (FILE, '{"unit": "C"}', {}, ["meta"]),
        (FILE | {"meta": {}}, None, {}, []),
        (FILE, None, {}, ["meta"]),
        (None, None, {}, []),
    ],
)
def test_cells_are_compared_as_a_sync_compares_them(
    file: dict[str, Any] | None, meta: str | None, now: dict[str, Any], columns: list[str]
) -> None:
    assert [cell.column for cell in unequal(pair(file, meta, **now))] == columns


def test_a_cell_differs_since_it_left_the_value_of_the_file() -> None:
    changes = [change("warn_max", 30, "Lee", left=10), change("crit_max", 20, "Kim")]
    found = difference(pair(FILE, warn_max=82, crit_max=95, max_step=3), changes)
    assert found is not None
    assert [(one.column, one.file, one.value, one.actor) for one in found.cells] == [
        ("max_step", None, 3, ""),
        ("warn_max", 80, 82, "Lee"),
        ("crit_max", 90, 95, "Kim"),
    ]
    minutes = [None if one.since is None else one.since.minute for one in found.cells]
    assert minutes == [None, 10, 20], "nobody recorded the first change"
    assert found.since == NOON + timedelta(minutes=10)
    assert found.actors == ("Kim", "Lee"), "in the order of their changes"


def test_equal_rows_do_not_differ() -> None:
    assert difference(pair(FILE), [change("warn_max", 1, "Kim")]) is None


def test_a_row_that_only_one_of_them_has() -> None:
    changes = [change("warn_max", 50, "Lee", left=5), change("crit_max", 5, "Kim", left=5)]
    added = difference(pair(None), changes)
    assert added is not None
    assert (added.missing, added.since, added.actors, added.cells) == (
        *("file", NOON + timedelta(minutes=5), ("Kim", "Lee"), ()),
    )
    gone = difference(RulePair("T", FILE, NOON, None, None), changes)
    assert gone is not None
    assert (gone.missing, gone.since) == ("database", NOON + timedelta(minutes=50))
