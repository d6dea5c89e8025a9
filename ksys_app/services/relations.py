"""Relations of tags over a range: pairs, lags, distribution, hours of the week (PRD §33.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.kpi import decimals
from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.ranges import MOST_BUCKETS, Range, axis, with_bucket
from ksys_app.domain.relations.placed import Placed, placed
from ksys_app.domain.statistics import StepSeries, steps_of_buckets, steps_of_samples, widths
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.models.series import Columns
from ksys_app.queries.comm import database_clock
from ksys_app.queries.qc import expectations
from ksys_app.services import runtime
from ksys_app.services.answered import as_read
from ksys_app.services.several import SeveralSeries, read_several

_EMPTY: Final = Columns("", datetime(1970, 1, 1, tzinfo=UTC), None, None)
LONGEST_HOURS: Final = timedelta(hours=MOST_BUCKETS)


@dataclass(frozen=True, slots=True)
class Related:
    """The means of the buckets of some tags, or their samples.

    Attributes:
        span: the range, with its buckets.
        series: the series.
        start: when the first bucket begins.
        end: when the last one ends, now at the latest.
        days: the zone of daily buckets.
        expected: the expectations by tag.
    """

    span: Range
    series: SeveralSeries
    start: datetime
    end: datetime
    days: ZoneInfo
    expected: dict[str, Expectation]

    @property
    def truncated(self) -> bool:
        """Whether a tag has more than 10,000 samples; then these are the newest 10,000."""
        raw = self.span.bucket == "raw"
        return raw and any(
            len(columns.bucket) >= MOST_BUCKETS for columns in self.series.answer.rows
        )

    def rule(self, tag: str) -> QcRule | None:
        """The rule of a tag."""
        return self.series.rules.get(tag)

    def decimals(self, tag: str) -> int:
        """The decimals of a tag's figures."""
        columns = self._columns(tag)
        return decimals(self.rule(tag), columns.low, columns.high)

    def placed(self, tag: str) -> Placed:
        """The values of a tag in their buckets."""
        columns = self._columns(tag)
        return placed(columns.bucket, columns.avg, self.span.bucket, self.days)

    def steps(self, tag: str) -> StepSeries:
        """The values of a tag, each with the time for which it is valid."""
        columns, until = self._columns(tag), self.end.timestamp()
        if self.span.bucket == "raw":
            hold = allowed_gap(self.rule(tag), self.expected.get(tag)).total_seconds()
            return steps_of_samples(columns.bucket, columns.avg, until, hold)
        lengths = widths(columns.bucket, self.span.width, self.days)
        return steps_of_buckets(columns.bucket, columns.avg, lengths, until)

    def _columns(self, tag: str) -> Columns:
        rows = self.series.answer.rows
        return next((columns for columns in rows if columns.tag_name == tag), _EMPTY)


async def read_related(tags: Sequence[str], span: Range) -> Related:
    """The means of the buckets of some tags over a range, or their samples.

    Raises:
        UnknownTag: a tag has no rows and does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    series = await read_several(tags, span, ("avg",))
    rows = series.answer.rows
    now = rows[0].now if rows else await database_clock()
    days = ZoneInfo(series.days or runtime.current().zone.key)
    start, end = axis(as_read(series.answer, span), span.width, now, days)
    raw = span.bucket == "raw"
    expected = {row.tag_name: row for row in (await expectations()).rows} if raw else {}
    return Related(span, series, start, min(end, now), days, expected)


def by_hours(span: Range) -> Range:
    """The range with buckets of at most an hour.

    Raises:
        BadParameter: the range is too long for such buckets.
    """
    if span.bucket != "1d":
        return span
    if span.duration > LONGEST_HOURS:
        raise BadParameter(Message("errors.week_long", {"days": LONGEST_HOURS.days}))
    return with_bucket(span, "1h")
