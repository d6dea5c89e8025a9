"""What ``/comm`` and its HTTP answers show, as :mod:`ksys_app.services.comm` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ksys_app.domain.comm import Calendar
from ksys_app.models.comm import Alive, Cell, CommRow, Outage, Summary, TagDays
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class Report:
    """One tag in 30 days: its grid, and what follows from it.

    Attributes:
        calendar: the days.
        answer: what the database said, one row, and when.
        cells: every hour.
        outages: runs of critical hours.
        summary: what they amount to.
    """

    calendar: Calendar
    answer: Answer[CommRow]
    cells: tuple[Cell, ...]
    outages: tuple[Outage, ...]
    summary: Summary

    @property
    def row(self) -> CommRow:
        """The tag's life and expectation, and the moment its messages were counted at."""
        return self.answer.rows[0]


@dataclass(frozen=True, slots=True)
class Overview:
    """Tags by days.

    Attributes:
        calendar: the days.
        words: what their names hold; empty: any.
        rows: the tags, by name.
        assumed: those of which nobody has stated what is expected.
        truncated: whether there are more such tags than may be shown.
        fetched_ms: when the database answered the oldest part, epoch milliseconds.
        cache_hit: whether no query was needed.
        error: why the database could not be asked since, None while fresh.
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
        """Whether the overview has every tag whose name holds ``words``."""
        return self.words == words or (not self.words and not self.truncated)


@dataclass(frozen=True, slots=True)
class CommPage:
    """What ``/comm`` shows: tags by hours, or all tags by days.

    Attributes:
        reports: the tags by hours; none where ``overview`` is shown.
        overview: all tags by days, None for the view by hours.
        alive: whether each of the tags is alive now, in their order.
        alive_ms: when that was asked, epoch milliseconds.
        calendar: the days.
        now: the database's clock when the messages were counted.
        fetched_ms: when they were counted, by our clock, epoch milliseconds.
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
        """How many hours of tags, or how many tags."""
        if self.overview is not None:
            return len(self.overview.rows)
        return sum(len(report.cells) for report in self.reports)

    @property
    def cache_hit(self) -> bool:
        """Whether the database was not asked for the counts."""
        if self.overview is not None:
            return self.overview.cache_hit
        return all(report.answer.cache_hit for report in self.reports)

    @property
    def error(self) -> Exception | None:
        """Why the database could not be asked, where counts are older than they should be."""
        if self.overview is not None:
            return self.overview.error
        errors = (report.answer.error for report in self.reports)
        return next((error for error in errors if error is not None), None)
