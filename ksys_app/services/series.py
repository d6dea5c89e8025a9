"""Reads the series of a tag, or of all tags, over a window or a range (PRD §8.5, §33.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from ksys_app.domain.indicators import Band
from ksys_app.domain.ranges import Period, Range
from ksys_app.domain.windows import BUCKET_WIDTH, DEFAULT_WINDOW, FEATURE_WIDTH, parse_window
from ksys_app.errors import BadParameter, KsysError
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule, Tag
from ksys_app.queries import all_tags, features, indicators, metrics
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.features import MAX_ROWS as MAX_ROWS
from ksys_app.services.calculated import bucket_rows
from ksys_app.services.calculated_figures import feature_rows, indicator_rows
from ksys_app.services.rules import rule_of
from ksys_app.services.tag_state import TagNow, read_now
from ksys_app.services.tags import require_known_tag
from ksys_app.utils.cache import Answer

Kind = Literal["buckets", "indicators", "features"]


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """The rows to read.

    Attributes:
        kind: buckets, indicators, or 5-minute features.
        window: the window or the range.
        tag: the tag, None for all tags.
        band: the centre of the bands, for ``indicators``.
    """

    kind: Kind
    window: Period
    tag: str | None = None
    band: Band = "plant"

    @property
    def bucket(self) -> str:
        """The name of the bucket width."""
        return "5m" if self.kind == "features" else self.window.bucket

    @property
    def width(self) -> timedelta:
        """The length of one bucket."""
        return FEATURE_WIDTH if self.kind == "features" else self.window.width

    @property
    def view(self) -> str:
        """The continuous aggregate with these rows."""
        return "features_5m" if self.kind == "features" else self.window.view


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of a tag, or of all tags, in a window or a range.

    Attributes:
        query: the query of the rows.
        answer: the rows, ascending by time.
        tag_without_rows: the tag if it has no stored rows there, else None.
        days: IANA name of the zone of daily buckets, None for shorter buckets.
    """

    query: SeriesQuery
    answer: Answer[Any]
    tag_without_rows: Tag | None
    days: str | None

    @property
    def truncated(self) -> bool:
        """Whether there are more rows; then these are the newest ``MAX_ROWS``."""
        query = self.query
        capped = query.kind == "features" or query.tag is None or query.bucket == "raw"
        return capped and self.answer.rowcount >= MAX_ROWS


@dataclass(frozen=True, slots=True)
class TagSeries:
    """A tag over a window or a range, for a chart and a table.

    Attributes:
        chart: the series of the chart.
        table: the rows of the table.
        refused: why a calculated tag has no such rows, None if they were read.
        rule: the tag's rule.
        now: the current state of the tag, None if it cannot be read.
    """

    chart: Series
    table: Answer[Any]
    refused: Message | None
    rule: QcRule | None
    now: TagNow | None


async def read_rows(query: SeriesQuery, *, fresh: bool = False) -> Answer[Any]:
    """The rows of one tag, or the newest 10,000 of all tags, ascending by time.

    Args:
        query: the rows to read.
        fresh: for one tag, read from the database and not from the cache.
    """
    tag, window = query.tag, query.window
    if query.kind == "buckets":
        if tag is None:
            return await all_tags.buckets(window)
        return await metrics.buckets(tag, window, fresh=fresh)
    if query.kind == "indicators":
        if tag is None:
            return await all_tags.indicators(window, query.band)
        return await indicators.indicators(tag, window, query.band, fresh=fresh)
    if tag is None:
        return await all_tags.features(window)
    return await features.history(tag, window, fresh=fresh)


async def read_checked_rows(
    query: SeriesQuery, *, fresh: bool = False
) -> tuple[Answer[Any], Tag | None]:
    """The rows of :func:`read_rows`, or those of a calculated tag; and the tag without stored rows.

    The tag is None if it has stored rows, or if the rows are of all tags.

    Raises:
        UnknownTag: the tag has no rows and does not exist.
        BadParameter: a calculated tag has no such rows, or needs too many.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    answer = await read_rows(query, fresh=fresh)
    if query.tag is None or answer.rows:
        return answer, None
    tag = await require_known_tag(query.tag)
    if tag.expression is None:
        return answer, tag
    if query.kind == "buckets":
        return await bucket_rows(query.tag, query.window, fresh=fresh), tag
    if query.kind == "indicators":
        return await indicator_rows(query.tag, query.window, query.band, fresh=fresh), tag
    return await feature_rows(query.tag, query.window, fresh=fresh), tag


async def read_series(query: SeriesQuery, *, fresh: bool = False) -> Series:
    """The series of one tag, or of all tags.

    Args:
        query: the rows to read.
        fresh: for one tag, read from the database and not from the cache.

    Raises:
        UnknownTag: the tag has no rows and does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    answer, tag_without_rows = await read_checked_rows(query, fresh=fresh)
    days = await days_of(query.window) if query.width == BUCKET_WIDTH["1d"] else None
    return Series(query, answer, tag_without_rows, days)


async def read_tag(
    chart: SeriesQuery, table: SeriesQuery, tag: str, *, fresh: bool = False
) -> TagSeries:
    """A tag over a window or a range.

    Args:
        chart: the rows of the chart.
        table: the rows of the table.
        tag: the tag of both.
        fresh: read from the database, not from the cache.

    Raises:
        UnknownTag: the tag does not exist.
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    chart_series = await read_series(chart, fresh=fresh)
    rows, refused = chart_series.answer, None
    if table != chart:
        try:
            rows, _ = await read_checked_rows(table, fresh=fresh)
        except BadParameter as error:
            rows, refused = chart_series.answer.of_rows([]), error.sentence
    rule = await rule_of(tag)
    return TagSeries(chart_series, rows, refused, rule, await _now(tag, chart.window, rule))


async def _now(tag: str, period: Period, rule: QcRule | None) -> TagNow | None:
    """The current state of the tag, None if it cannot be read; cached rows are shown without it."""
    window = parse_window(DEFAULT_WINDOW) if isinstance(period, Range) else period
    try:
        return await read_now(tag, window, rule)
    except KsysError:
        return None
