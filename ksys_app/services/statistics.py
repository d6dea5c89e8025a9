"""Statistics of tags over a range (PRD §33.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.ranges import Range, axis, finest
from ksys_app.domain.rates import Rate, rate_of
from ksys_app.domain.statistics import (
    Statistics,
    statistics,
    steps_of_buckets,
    steps_of_samples,
    widths,
)
from ksys_app.models.rows import QcRule
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.range_statistics import MOST_SAMPLES, HistoryRow, tag_histories
from ksys_app.services import runtime
from ksys_app.services.answered import as_read
from ksys_app.services.calculated import (
    HoldSeconds,
    calculated_history,
    expectations_by_tag,
    oldest,
    require_calculated,
)
from ksys_app.services.rules import rules_by_tag
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer

RAW_UP_TO: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class TagStatistics:
    """The statistics of a tag.

    Attributes:
        tag: the tag.
        rule: its rule.
        row: its samples or buckets, None if it has none in the range.
        figures: the statistics.
        rate: how its values add up, None if its unit is not a rate.
    """

    tag: str
    rule: QcRule | None
    row: HistoryRow | None
    figures: Statistics
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class RangeStatistics:
    """The statistics of some tags.

    Attributes:
        span: the range, with the buckets that were read.
        start: when the first bucket begins.
        end: when the last bucket ends, now at the latest.
        answer: the rows that were read.
        tags: each tag, in the order of the request.
    """

    span: Range
    start: datetime
    end: datetime
    answer: Answer[HistoryRow]
    tags: Sequence[TagStatistics]


async def read_statistics(tags: Sequence[str], span: Range) -> RangeStatistics:
    """The statistics of some tags over a range: from samples up to 6 hours, else from buckets.

    Raises:
        UnknownTag: a tag has no samples in the range and does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    span = replace(span, bucket="raw" if span.duration <= RAW_UP_TO else finest(span))
    answer = await tag_histories(tags, span)
    checked = await require_known_tags(tags, {row.tag_name for row in answer.rows})
    calculated = [
        await require_calculated(tag.tag_name) for tag in checked if tag.expression is not None
    ]
    # Read minutes if a tag has too many samples, or if a calculated tag has no samples of its own.
    if span.bucket == "raw" and (
        any((row.count or 0) >= MOST_SAMPLES for row in answer.rows)
        or not all(tag.pointwise for tag in calculated)
    ):
        span = replace(span, bucket="1m")
        answer = await tag_histories(tags, span)
    rows, holds = {row.tag_name: row for row in answer.rows}, dict[str, HoldSeconds]()
    for tag in calculated:
        more, holds[tag.name] = await calculated_history(tag, span, MOST_SAMPLES)
        answer = oldest([answer, more])
        rows |= {row.tag_name: row for row in more.rows}
    rules, expected = await rules_by_tag(fresh=False), await expectations_by_tag()
    holds |= {
        tag: allowed_gap(rules.get(tag), expected.get(tag)).total_seconds()
        for tag in tags
        if tag not in holds
    }
    days, zone = await days_of(span), runtime.current().zone
    now = next((row.now for row in rows.values()), span.end)
    zone = zone if days is None else ZoneInfo(days)
    start, end = axis(as_read(answer, span), span.width, now, zone)
    end = min(end, now)
    figures = await asyncio.to_thread(
        lambda: [
            _of_tag(tag, rows.get(tag), rules.get(tag), holds[tag], span, end, zone) for tag in tags
        ]
    )
    return RangeStatistics(span, start, end, answer, figures)


def _of_tag(
    tag: str,
    row: HistoryRow | None,
    rule: QcRule | None,
    hold: HoldSeconds,
    span: Range,
    end: datetime,
    zone: ZoneInfo,
) -> TagStatistics:
    rate = rate_of("" if rule is None else rule.unit)
    at, value = ([], []) if row is None else (row.at, row.value)
    if span.bucket == "raw":
        steps = steps_of_samples(at, value, end.timestamp(), hold)
    else:
        steps = steps_of_buckets(at, value, widths(at, span.width, zone), end.timestamp())
    return TagStatistics(tag, rule, row, statistics(steps, rule, rate), rate)
