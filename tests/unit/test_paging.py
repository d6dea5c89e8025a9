"""Pages of a table: every row is on one page, the newest on the first."""

from __future__ import annotations

from hypothesis import given, strategies as st

from ksys_app.domain.paging import PAGE_ROWS, count_until, newest_first, page, page_with


@given(st.integers(0, 400))
def test_pages_in_turn_hold_every_row_once_newest_first(total: int) -> None:
    rows = list(range(total))
    count = page(total, 1).count
    listed = [
        row for number in range(1, count + 1) for row in newest_first(rows, page(total, number))
    ]
    assert listed == rows[::-1]
    assert count == max(1, -(-total // PAGE_ROWS))


@given(st.integers(0, 400), st.integers(-10, 100))
def test_a_page_that_does_not_exist_gives_way_to_the_nearest(total: int, wanted: int) -> None:
    at = page(total, wanted)
    assert 1 <= at.number <= at.count
    assert at.number == wanted or wanted < 1 or wanted > at.count


@given(st.sets(st.integers(0, 1000), min_size=1), st.data())
def test_the_page_of_a_time_holds_its_row(times: set[int], data: st.DataObject) -> None:
    rows = sorted(times)
    wanted = data.draw(st.sampled_from(rows))
    number = page_with(rows, wanted)
    assert number is not None
    assert wanted in newest_first(rows, page(len(rows), number))


def test_a_time_without_a_row_is_on_no_page() -> None:
    assert page_with([1, 3], 2) is None
    assert page_with([], 2) is None
    assert page_with([1, 3], 4) is None


def test_rows_that_come_meanwhile_are_not_counted() -> None:
    assert count_until([1, 3, 5], 0) == 3
    assert count_until([1, 3, 5], 3) == 2
    assert count_until([3, 5, 7], 4) == 1
    assert count_until([], 3) == 0
