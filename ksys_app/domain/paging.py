"""Pages of a table whose newest row comes first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page of ``total`` rows: its number from 1, and how many pages there are, at least one."""

    number: int
    count: int
    total: int

    @property
    def start(self) -> int:
        """How many rows stand before it."""
        return (self.number - 1) * PAGE_ROWS


def page(total: int, wanted: int) -> Page:
    """The page with the number wanted, or the nearest there is."""
    count = max(1, -(-total // PAGE_ROWS))
    return Page(min(max(wanted, 1), count), count, total)


def counted(times: Sequence[int], until: int) -> int:
    """How many rows are counted into pages: those up to the time ``until``, or all for 0.

    A page stands still only while rows that come meanwhile are not counted.

    Args:
        times: times of all rows, ascending.
        until: time of the newest row when somebody left the first page.
    """
    return bisect_right(times, until) if until else len(times)


def newest_first(rows: Sequence[T], at: Page) -> list[T]:
    """The rows of a page, from rows that ascend."""
    end = len(rows) - at.start
    return list(reversed(rows[max(0, end - PAGE_ROWS) : end]))


def page_with(times: Sequence[int], wanted: int) -> int | None:
    """The number of the page that holds the row of a time, None where no row has it.

    Args:
        times: times of all rows, ascending.
        wanted: one of them.
    """
    at = bisect_left(times, wanted)
    if at == len(times) or times[at] != wanted:
        return None
    return (len(times) - 1 - at) // PAGE_ROWS + 1
