"""The rows on a page of the table of a series."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ksys_app.domain.timefmt import epoch_ms
from ksys_app.models.series import Feature
from ksys_app.states.series_table import table_page

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def rows(count: int) -> list[Any]:
    times = [BEGIN + timedelta(minutes=n) for n in range(count)]
    return [Feature(ts, 1.0, None, 1.0, 1.0, 1.0, 1.0, 1, times[-1]) for ts in times]


def minute(n: int) -> int:
    return epoch_ms(BEGIN + timedelta(minutes=n))


@pytest.mark.parametrize(
    ("number", "shown", "newest", "length"),
    [
        (1, 1, 119, 50),
        (2, 2, 69, 50),
        (3, 3, 19, 20),
        (9, 3, 19, 20),
        (-1, 1, 119, 50),
    ],
)
def test_the_newest_row_comes_first_and_no_page_lies_beyond_the_last(
    number: int, shown: int, newest: int, length: int
) -> None:
    page = table_page(rows(120), number, 0)
    assert (page.at.number, page.at.count, len(page.rows)) == (shown, 3, length)
    assert epoch_ms(page.rows[0].bucket) == minute(newest)


def test_a_page_after_the_first_counts_no_row_that_came_later() -> None:
    before = table_page(rows(120), 2, 0)
    after = table_page(rows(123), 2, before.until_ms)
    assert before.until_ms == after.until_ms == minute(119)
    assert [row.bucket for row in after.rows] == [row.bucket for row in before.rows]
    first = table_page(rows(123), 1, 0)
    assert (first.until_ms, epoch_ms(first.rows[0].bucket)) == (0, minute(122))


def test_a_time_is_found_on_its_page_also_one_that_came_later() -> None:
    on_second = table_page(rows(123), 1, minute(119), minute(60))
    assert (on_second.at.number, on_second.until_ms) == (2, minute(119))
    later = table_page(rows(123), 2, minute(119), minute(121))
    assert (later.at.number, later.until_ms) == (1, 0)
    assert epoch_ms(later.rows[0].bucket) == minute(122)
    nowhere = table_page(rows(123), 2, minute(119), minute(7) + 1)
    assert nowhere.at.number == 2


def test_a_table_without_rows_is_one_empty_page() -> None:
    page = table_page([], 4, 0)
    assert (page.at.number, page.at.count, page.rows, page.until_ms) == (1, 1, [], 0)
