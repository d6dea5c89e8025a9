"""What ``/comm`` and its HTTP answers show: counted messages, judged (PRD §28.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ksys_app.domain import comm, comm_days
from ksys_app.domain.comm import Calendar
from ksys_app.models.comm import Cell, CommRow, Outage, Summary, TagDays
from ksys_app.queries import comm as queries
from ksys_app.queries.tags import known_tags
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
    """Every tag by days, worst first.

    Attributes:
        calendar: the days.
        rows: the tags.
        truncated: whether there are more tags than may be shown.
        fetched_ms: when the database answered the oldest part, epoch milliseconds.
        cache_hit: whether no query was needed.
        error: why the database could not be asked since, None while fresh.
    """

    calendar: Calendar
    rows: tuple[TagDays, ...]
    truncated: bool
    fetched_ms: int
    cache_hit: bool
    error: Exception | None


class CommSource:
    """Loads and judges; the last overview is kept while its counts are.

    Args:
        zone: the display zone.
        max_tags: most tags in an overview.
    """

    def __init__(self, zone: ZoneInfo, max_tags: int) -> None:
        self._zone, self._max_tags = zone, max_tags
        self._kept: tuple[object, Overview] | None = None

    async def calendar(self, start: date | None) -> tuple[Calendar, datetime]:
        """The 30 days from ``start``, by default those that end today, and the database's clock.

        A start before 2000 or after today is moved there.
        """
        now = await queries.database_clock()
        wanted = comm.recent_start(now, self._zone) if start is None else start
        return comm.calendar(comm.clamp_start(wanted, now, self._zone), self._zone), now

    async def report(self, tag_name: str, days: Calendar, *, fresh: bool = False) -> Report:
        """The hours of one tag, whether it is known or not.

        Args:
            tag_name: the tag.
            days: which days.
            fresh: ask the database now, not the cache.
        """
        answer = await queries.comm_hours(tag_name, days.bounds[0], days.bounds[-1], fresh=fresh)
        judged = answer.made.get("judged")
        if judged is None:
            row = answer.rows[0]
            cells = comm.grid(row, days)
            runs = tuple(comm.outages(cells, row))
            judged = answer.made["judged"] = cells, runs, comm.summary(cells, runs, row.now)
        return Report(days, answer, *judged)

    async def overview(self, days: Calendar, *, fresh: bool = False) -> Overview:
        """The days of all known tags, 250 tags a statement."""
        known = await known_tags()
        names = [tag.tag_name for tag in known.rows[: self._max_tags]]
        size = queries.MAX_TAGS
        answers = [
            await queries.comm_days(names[at : at + size], days.bounds, fresh=fresh)
            for at in range(0, len(names), size)
        ]
        key = (days.start, known.rowcount, tuple(answer.fetched_ms for answer in answers))
        errors = [answer.error for answer in answers if answer.error is not None]
        if self._kept is None or self._kept[0] != key or errors:
            rows = [row for answer in answers for row in answer.rows]
            made = Overview(
                calendar=days,
                rows=tuple(comm_days.by_days(rows, days)),
                truncated=known.rowcount > self._max_tags,
                fetched_ms=min((answer.fetched_ms for answer in answers), default=known.fetched_ms),
                cache_hit=all(answer.cache_hit for answer in answers),
                error=errors[0] if errors else None,
            )
            self._kept = (key, made)
            return made
        return replace(self._kept[1], cache_hit=True)
