"""Indicators and 5-minute features of a calculated tag (PRD §33.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ksys_app.domain.features import features
from ksys_app.domain.figures import finite
from ksys_app.domain.indicators import LOOKBACK_BUCKETS, Band, lookback, moving
from ksys_app.domain.names import quoted_name
from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import FEATURE_WIDTH
from ksys_app.errors import BadParameter
from ksys_app.models.message import Message
from ksys_app.models.series import Feature, Indicator
from ksys_app.queries import file_rows
from ksys_app.queries.comm import database_clock
from ksys_app.services.calculated import evaluated, require_calculated, samples
from ksys_app.services.evaluated import Calculated
from ksys_app.utils.cache import Answer

MOST_SAMPLES: Final = 100_000
"""Most samples of all its tags together, of which the features of a calculated tag are computed."""


async def indicator_rows(
    name: str, period: Period, band: Band, *, fresh: bool = False
) -> Answer[Indicator]:
    """The indicators of a calculated tag, ascending; a bucket that is a hole has no row.

    Args:
        name: the calculated tag.
        period: the window or range, not of samples.
        band: the centre of the bands.
        fresh: read from the database, not from the cache.

    Raises:
        BadParameter: it needs too many buckets.
        UnknownTag: it or one of its tags does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    calculated = await require_calculated(name)
    buckets = await evaluated(calculated, period, lead=LOOKBACK_BUCKETS, fresh=fresh)
    answer: Answer[Any] = buckets.answer
    return answer.of_rows(await asyncio.to_thread(_indicators, buckets, band))


def _indicators(buckets: Calculated, band: Band) -> Sequence[Indicator]:
    start, answer = buckets.start, buckets.answer
    now = answer.rows[0].now if answer.rows else buckets.end
    earliest = (start - lookback(buckets.period.width)).timestamp() * 1000
    starts_ms, (averages, _) = buckets.values()
    pairs = zip(starts_ms, averages, strict=True)
    bucket_means = [(at, avg) for at, avg in pairs if avg == avg and at >= earliest]
    figures = moving([avg for _, avg in bucket_means], band)
    # The figures have the order of the columns of an indicator.
    columns = zip(*(map(finite, figure.tolist()) for figure in figures), strict=True)
    return [
        Indicator._make((datetime.fromtimestamp(at / 1000, UTC), avg, *moved, now, ""))
        for (at, avg), moved in zip(bucket_means, columns, strict=True)
        if at >= start.timestamp() * 1000
    ]


async def feature_rows(name: str, period: Period, *, fresh: bool = False) -> Answer[Feature]:
    """The 5-minute features of a calculated tag, of its values at each sample, ascending.

    Args:
        name: the calculated tag.
        period: the window or range; the features are those of the buckets that begin in it.
        fresh: read from the database, not from the cache.

    Raises:
        BadParameter: it has no samples, or its tags have too many in this time.
        UnknownTag: it or one of its tags does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    calculated = await require_calculated(name)
    if not calculated.pointwise:
        raise BadParameter(Message("errors.calculated_features", {"tag": quoted_name(name)}))
    span = await _of_samples(period)
    # The count is read from buckets at once. Too many samples might not be read in time.
    if await file_rows.cached_samples(calculated.tags, span) > MOST_SAMPLES:
        raise _too_many_samples(name)
    moments, members = await samples(calculated, span, MOST_SAMPLES, fresh=fresh)
    if any(len(member.at) >= MOST_SAMPLES for member in members.rows):
        raise _too_many_samples(name)
    now = members.rows[0].now if members.rows else span.end
    answer: Answer[Any] = members
    return answer.of_rows(await asyncio.to_thread(features, moments.at, moments.value, now))


def _too_many_samples(name: str) -> BadParameter:
    values = {"tag": quoted_name(name), "most": f"{MOST_SAMPLES:,}"}
    return BadParameter(Message("errors.calculated_many", values))


async def _of_samples(period: Period) -> Range:
    """The samples of the five minutes that begin in a window or a range."""
    if not isinstance(period, Range):
        now = await database_clock()
        slides = str(period.duration)
        period = Range(now - period.duration, now, True, "raw", slides=slides)
    start, end = period.bounds(FEATURE_WIDTH)
    return replace(period, start=start, end=end or max(start, period.end), bucket="raw")
