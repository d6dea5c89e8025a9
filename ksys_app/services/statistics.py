"""Statistics of tags over a range (PRD §33.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.ranges import Range, axis, finest
from ksys_app.domain.rates import Rate, rate_of
from ksys_app.domain.statistics import Statistics, of_buckets, of_samples, statistics
from ksys_app.domain.windows import BUCKET_WIDTH, first_bucket
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.qc import expectations, rules_by_tag
from ksys_app.queries.range_statistics import MOST_SAMPLES, CourseRow, courses
from ksys_app.services import runtime
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer

RAW_UP_TO: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class TagStatistics:
    """The statistics of a tag.

    Attributes:
        tag: the tag.
        rule: its rule.
        row: its samples or buckets, None for none.
        found: the statistics.
        rate: what its values add up to, None where its unit is no rate.
    """

    tag: str
    rule: QcRule | None
    row: CourseRow | None
    found: Statistics
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class RangeStatistics:
    """The statistics of some tags.

    Attributes:
        span: the range, with the buckets that were read.
        start: when the first of them begins.
        end: when the last of them ends, now at the latest.
        answer: what was read.
        tags: each tag, in the order of the request.
    """

    span: Range
    start: datetime
    end: datetime
    answer: Answer[CourseRow]
    tags: Sequence[TagStatistics]


async def read_statistics(tags: Sequence[str], span: Range) -> RangeStatistics:
    """The statistics of some tags over a range: from samples up to 6 hours, else from buckets.

    Raises:
        UnknownTag: a tag has no samples there and is not known.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    span = replace(span, bucket="raw" if span.duration <= RAW_UP_TO else finest(span))
    answer = await courses(tags, span)
    if span.bucket == "raw" and any(row.count >= MOST_SAMPLES for row in answer.rows):
        span = replace(span, bucket="1m")
        answer = await courses(tags, span)
    rows = {row.tag_name: row for row in answer.rows}
    await require_known_tags(tags, rows)
    rules = await rules_by_tag(fresh=False)
    expected = {one.tag_name: one for one in (await expectations()).rows}
    days, zone = await days_of(span), runtime.current().zone
    now = answer.rows[0].now if answer.rows else span.end
    zone = zone if days is None else ZoneInfo(days)
    start, end = axis(span, span.width, now, zone)
    end = min(end, now)
    found = await asyncio.to_thread(
        lambda: [
            _of_tag(tag, rows.get(tag), rules.get(tag), expected.get(tag), span, end, zone)
            for tag in tags
        ]
    )
    return RangeStatistics(span, start, end, answer, found)


def _of_tag(
    tag: str,
    row: CourseRow | None,
    rule: QcRule | None,
    expected: Expectation | None,
    span: Range,
    end: datetime,
    zone: ZoneInfo,
) -> TagStatistics:
    rate = rate_of("" if rule is None else rule.unit)
    at, value = ([], []) if row is None else (row.at, row.value)
    if span.bucket == "raw":
        hold = allowed_gap(rule, expected).total_seconds()
        course = of_samples(at, [one for one in value if one is not None], end.timestamp(), hold)
    else:
        course = of_buckets(at, value, _widths(at, span.width, zone), end.timestamp())
    return TagStatistics(tag, rule, row, statistics(course, rule, rate), rate)


def _widths(at: Sequence[float], width: timedelta, zone: ZoneInfo) -> list[float]:
    """The length of each bucket, seconds: one for all, or one a day."""
    if width < BUCKET_WIDTH["1d"]:
        return [width.total_seconds()]
    begins = [datetime.fromtimestamp(one, UTC) for one in at]
    ends = (first_bucket(one + timedelta.resolution, width, zone) for one in begins)
    return [(end - begin).total_seconds() for begin, end in zip(begins, ends, strict=True)]
