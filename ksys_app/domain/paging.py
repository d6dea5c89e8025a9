"""Pages of a table that shows its newest row first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of ``total`` rows: its number from 1, and the count of pages, at least 1."""

    number: int
    count: int
    total: int

    @property
    def start(self) -> int:
        """How many rows are on the pages before this one."""
        return (self.number - 1) * PAGE_ROWS


def page(total: int, wanted: int) -> Page:
    """The page number ``wanted`` of ``total`` rows, or the nearest page that exists."""
    count = max(1, -(-total // PAGE_ROWS))
    return Page(min(max(wanted, 1), count), count, total)


def count_until(times: Sequence[int], until: int) -> int:
    """How many rows the pages show: the rows up to the time ``until``, or all rows for 0.

    While a reader is on a later page, new rows must not move its rows to another page.

    Args:
        times: times of all rows, ascending.
        until: time of the newest row when the reader left the first page.
    """
    return bisect_right(times, until) if until else len(times)


def newest_first(rows: Sequence[T], at: Page) -> list[T]:
    """The rows of a page, newest first, from ascending rows."""
    end = len(rows) - at.start
    return list(reversed(rows[max(0, end - PAGE_ROWS) : end]))


def page_with(times: Sequence[int], wanted: int) -> int | None:
    """The number of the page with the row of a time, None if no row has that time.

    Args:
        times: times of all rows, ascending.
        wanted: time of the row.
    """
    at = bisect_left(times, wanted)
    if at == len(times) or times[at] != wanted:
        return None
    return (len(times) - 1 - at) // PAGE_ROWS + 1
