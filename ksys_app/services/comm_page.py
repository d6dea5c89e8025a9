"""The results of :mod:`ksys_app.services.comm`, for ``/comm`` and HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ksys_app.domain.comm import Calendar
from ksys_app.models.comm import Alive, Cell, CommRow, Outage, Summary, TagDays
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class Report:
    """One tag over 30 days: its grid, outages and summary.

    Attributes:
        calendar: the days.
        answer: the answer of the database, with one row.
        cells: every hour.
        outages: runs of critical hours.
        summary: the summary of the 30 days.
    """

    calendar: Calendar
    answer: Answer[CommRow]
    cells: tuple[Cell, ...]
    outages: tuple[Outage, ...]
    summary: Summary

    @property
    def row(self) -> CommRow:
        """The row of the database: the tag's life, expectation and counts."""
        return self.answer.rows[0]


@dataclass(frozen=True, slots=True)
class Overview:
    """Tags by days.

    Attributes:
        calendar: the days.
        words: the words that every name has; empty for all tags.
        rows: the tags, by name.
        assumed: the tags without a stored expectation.
        truncated: whether more tags match than the page may show.
        fetched_ms: when the database answered for the oldest rows, epoch milliseconds.
        cache_hit: whether no query was needed.
        error: why a later read failed, None while the rows are fresh.
    """

    calendar: Calendar
    words: str
    rows: tuple[TagDays, ...]
    assumed: frozenset[str]
    truncated: bool
    fetched_ms: int
    cache_hit: bool
    error: Exception | None

    def covers(self, words: str) -> bool:
        """Whether the overview has every tag with ``words`` in its name."""
        return self.words == words or (not self.words and not self.truncated)


@dataclass(frozen=True, slots=True)
class CommPage:
    """The content of ``/comm``: tags by hours, or all tags by days.

    Attributes:
        reports: the tags by hours; none if ``overview`` is set.
        overview: all tags by days, None for the view by hours.
        alive: for each tag, in order, whether it sends now.
        alive_ms: when ``alive`` was read, epoch milliseconds.
        calendar: the days.
        now: the database's clock of the counts.
        fetched_ms: the app's clock of the counts, epoch milliseconds.
    """

    reports: tuple[Report, ...]
    overview: Overview | None
    alive: tuple[Alive, ...]
    alive_ms: int
    calendar: Calendar
    now: datetime
    fetched_ms: int

    @property
    def rowcount(self) -> int:
        """The number of cells of all tags, or the number of tags."""
        if self.overview is not None:
            return len(self.overview.rows)
        return sum(len(report.cells) for report in self.reports)

    @property
    def cache_hit(self) -> bool:
        """Whether all counts came from the cache."""
        if self.overview is not None:
            return self.overview.cache_hit
        return all(report.answer.cache_hit for report in self.reports)

    @property
    def error(self) -> Exception | None:
        """Why the latest read failed, None while the counts are fresh."""
        if self.overview is not None:
            return self.overview.error
        errors = (report.answer.error for report in self.reports)
        return next((error for error in errors if error is not None), None)
