"""Reads buckets, samples and columns of calculated tags (PRD §33.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ksys_app.domain.expressions.calculated import CalculatedTag
from ksys_app.domain.expressions.moments import Moments, Numbers, member, newest
from ksys_app.domain.expressions.parse import names
from ksys_app.domain.figures import finite
from ksys_app.domain.names import quoted_name
from ksys_app.domain.quality import allowed_gap
from ksys_app.domain.ranges import MOST_BUCKETS, Period, Range
from ksys_app.domain.shared_columns import as_columns
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import Expectation, Sample
from ksys_app.models.series import Bucket, Columns
from ksys_app.queries.members import MemberRow, member_samples
from ksys_app.queries.qc import expectations, rules_by_tag
from ksys_app.queries.range_statistics import HistoryRow
from ksys_app.queries.realtime import MOST_SAMPLES
from ksys_app.services import runtime
from ksys_app.services.answered import as_read
from ksys_app.services.catalogue import find_calculated
from ksys_app.services.evaluated import Calculated, prepare, require_names
from ksys_app.utils.cache import Answer

T = TypeVar("T")
HoldSeconds = float | Numbers
"""Seconds for which a sample is valid: one number for all samples, or one for each."""


async def require_calculated(name: str, period: Period | None = None) -> CalculatedTag:
    """The calculated tag with this name.

    Raises:
        UnknownTag: there is no such calculated tag.
        BadParameter: the period is one of samples, and the calculated tag has none.
    """
    calculated = await find_calculated(name)
    if calculated is None:
        raise UnknownTag(Message("errors.unknown_tag", {"tag": quoted_name(name)}))
    if period is not None and period.bucket == "raw" and not calculated.pointwise:
        raise BadParameter(Message("errors.calculated_no_samples", {"tag": quoted_name(name)}))
    return calculated


async def bucket_rows(name: str, period: Period, *, fresh: bool = False) -> Answer[Bucket]:
    """The buckets of a calculated tag, or its samples if the range is one of samples, ascending.

    Only ``avg`` and ``last`` of a bucket are set; its other figures are None.

    Args:
        name: the calculated tag.
        period: the window or range.
        fresh: read from the database, not from the cache.

    Raises:
        BadParameter: the calculated tag has no samples, or needs too many buckets.
        UnknownTag: one of its tags does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    calculated = await require_calculated(name, period)
    if isinstance(period, Range) and period.bucket == "raw":
        moments, answer = await samples(calculated, period, MOST_BUCKETS, fresh=fresh)
        now = answer.rows[0].now if answer.rows else period.end
        pairs = zip(moments.at.tolist(), moments.value.tolist(), strict=True)
        return _as(answer, [_sample(at, value, now) for at, value in pairs])
    series = await evaluated(calculated, period, fresh=fresh)
    starts, (avg, last) = await asyncio.to_thread(series.values)
    now = series.answer.rows[0].now if series.answer.rows else series.end
    columns = zip(starts, avg, last, strict=True)
    return _as(series.answer, [_bucket(ms, mean, newest, now) for ms, mean, newest in columns])


async def column_rows(
    tags: Sequence[str], period: Period, figures: Sequence[str], *, fresh: bool = False
) -> Answer[Columns]:
    """The buckets or samples of several calculated tags as columns, in the order of ``tags``.

    Args:
        tags: the calculated tags, at least one.
        period: the window or range.
        figures: which figures; the others are empty.
        fresh: read from the database, not from the cache.
    """
    answers = [await bucket_rows(tag, period, fresh=fresh) for tag in tags]
    rows = [
        as_columns(tag, answer.rows, figures) for tag, answer in zip(tags, answers, strict=True)
    ]
    return _as(oldest(answers), [row for row in rows if row is not None])


async def calculated_history(
    calculated: CalculatedTag, span: Range, cap: int
) -> tuple[Answer[HistoryRow], HoldSeconds]:
    """The values of a calculated tag over a range, and the seconds for which each sample is valid.

    For buckets, the count and the extremes of the samples are None, and the seconds are 0.

    Args:
        calculated: the calculated tag; it must be pointwise if the range is one of samples.
        span: the range and its buckets.
        cap: most samples; the newest ones are read.
    """
    if span.bucket != "raw":
        buckets = await bucket_rows(calculated.name, span)
        if not buckets.rows:
            return _as(buckets, list[HistoryRow]()), 0.0
        return _as(buckets, [_bucket_history_row(calculated.name, buckets.rows)]), 0.0
    moments, answer = await samples(calculated, span, cap)
    if not len(moments.at):
        return _as(answer, list[HistoryRow]()), 0.0
    row = _history_row(calculated.name, answer.rows[0].now, moments)
    return _as(answer, [row]), moments.held


def _bucket_history_row(name: str, rows: Sequence[Bucket]) -> HistoryRow:
    newest = next((row for row in reversed(rows) if row.last is not None), None)
    return HistoryRow(
        tag_name=name,
        now=rows[0].now,
        count=None,
        low=None,
        low_at=None,
        high=None,
        high_at=None,
        newest=None if newest is None else newest.last,
        newest_at=None if newest is None else newest.bucket,
        at=[row.bucket.timestamp() for row in rows],
        value=[row.avg for row in rows],
    )


def _history_row(name: str, now: datetime, moments: Moments) -> HistoryRow:
    low, low_at = moments.extreme(largest=False)
    high, high_at = moments.extreme(largest=True)
    newest, newest_at = moments.last()
    return HistoryRow(
        tag_name=name,
        now=now,
        count=moments.finite_count,
        low=low,
        low_at=_moment(low_at),
        high=high,
        high_at=_moment(high_at),
        newest=newest,
        newest_at=_moment(newest_at),
        at=moments.at.tolist(),
        value=[finite(value) for value in moments.value.tolist()],
    )


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def oldest(answers: Sequence[Answer[T]]) -> Answer[T]:
    """The answer with the oldest rows; a stale answer counts as older than any fresh one."""
    return max(answers, key=lambda answer: (answer.stale, answer.age_s))


async def samples(
    calculated: CalculatedTag, span: Range, cap: int, *, fresh: bool = False
) -> tuple[Moments, Answer[MemberRow]]:
    """The values of a pointwise calculated tag in a range: one at each sample of one of its tags.

    Args:
        calculated: the calculated tag.
        span: the range.
        cap: most values, and most samples of each of its tags; the newest ones are read.
        fresh: read from the database, not from the cache.

    Raises:
        UnknownTag: one of its tags does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    rules, expected = await rules_by_tag(fresh=False), await expectations_by_tag()
    holds = {tag: allowed_gap(rules.get(tag), expected.get(tag)) for tag in calculated.tags}
    answer = await member_samples(holds, span, cap, fresh=fresh)
    await require_tags(calculated, {row.tag_name for row in answer.rows})
    read = as_read(answer, span)
    assert isinstance(read, Range)
    start = read.bounds(timedelta())[0].timestamp()
    return await asyncio.to_thread(_evaluate, calculated, holds, answer.rows, start, cap), answer


async def last_hour(calculated: CalculatedTag, now: datetime) -> list[Sample]:
    """The values of a pointwise calculated tag in the hour before ``now``, ascending.

    Raises:
        UnknownTag: one of its tags does not exist.
        KsysError: the database cannot be read.
    """
    span = Range(now - timedelta(hours=1), now, True, "raw")
    moments, _ = await samples(calculated, span, MOST_SAMPLES, fresh=True)
    pairs = zip(moments.at.tolist(), moments.value.tolist(), strict=True)
    values = [(datetime.fromtimestamp(at, UTC), value) for at, value in pairs]
    return [Sample(at, value) for at, value in values if finite(value) is not None and at <= now]


async def expectations_by_tag() -> Mapping[str, Expectation]:
    """Tag to the number of samples that it should send."""
    return {row.tag_name: row for row in (await expectations()).rows}


def _evaluate(
    calculated: CalculatedTag,
    holds: Mapping[str, timedelta],
    rows: Sequence[MemberRow],
    start: float,
    cap: int,
) -> Moments:
    members = {tag: member((), (), 0.0) for tag in calculated.tags}
    for row in rows:
        hold = holds[row.tag_name].total_seconds()
        members[row.tag_name] = member(row.at, row.value, hold)
    return newest(calculated.node, members, start, cap)


async def evaluated(
    calculated: CalculatedTag, period: Period, *, lead: int = 0, fresh: bool = False
) -> Calculated:
    """The expression of a calculated tag over a window or a range, ready to be evaluated.

    Args:
        calculated: the calculated tag.
        period: the window or range, not of samples.
        lead: number of additional buckets before the period.
        fresh: read from the database, not from the cache.

    Raises:
        BadParameter: the expression needs too many buckets.
        UnknownTag: one of its tags does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    zone = runtime.current().zone
    try:
        return await prepare(
            calculated.saved.text, calculated.node, period, zone, lead=lead, fresh=fresh
        )
    except KsysError as error:
        # The place is in the saved text, not in the text of the request.
        error.span = None
        raise


async def require_tags(calculated: CalculatedTag, sure: Collection[str] = ()) -> None:
    """Check that the tags of a calculated tag exist; those of ``sure`` need no check.

    Raises:
        UnknownTag: one of them does not; the error names it.
    """
    try:
        await require_names(names(calculated.node), sure)
    except KsysError as error:
        error.span = None
        raise


def _as(answer: Answer[Any], rows: Sequence[T]) -> Answer[T]:
    """An answer of the same moment with other rows."""
    return answer.of_rows(rows)


def _bucket(ms: int, mean: float, newest: float, now: datetime) -> Bucket:
    return Bucket(
        datetime.fromtimestamp(ms / 1000, UTC),
        n=None,
        avg=finite(mean),
        sum=None,
        min=None,
        max=None,
        last=finite(newest),
        first=None,
        diff=None,
        now=now,
    )


def _sample(at: float, reading: float, now: datetime) -> Bucket:
    moment, value = datetime.fromtimestamp(at, UTC), finite(reading)
    difference = None if value is None else 0.0
    return Bucket(moment, 1, value, value, value, value, value, value, difference, now)
