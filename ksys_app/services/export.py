"""The rows of a CSV file: the rows of the page, or more rows, read in slices (PRD §8.6)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from ksys_app.domain.ranges import Range
from ksys_app.domain.windows import BUCKET_WIDTH, FEATURE_WIDTH, BucketName, slices
from ksys_app.errors import DatabaseTimeout
from ksys_app.queries import export as export_rows
from ksys_app.services import runtime
from ksys_app.services.calculated import bucket_rows
from ksys_app.services.calculated_figures import feature_rows
from ksys_app.services.series import MAX_ROWS, SeriesQuery, read_checked_rows
from ksys_app.services.tags import require_known_tags
from ksys_app.utils.cache import Answer

# Rows of one statement: two days of minutes. The event loop handles them without a delay.
SLICE_ROWS: Final = 2880

Part = tuple[str, Sequence[Any]]
Slice = Callable[[str, datetime, datetime | None, float], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Export:
    """The content of a file.

    Attributes:
        tags: the tags, one after the other.
        query: the rows of each tag.
        bucket: the bucket width, None for the width of the window or range.
        start: only rows that begin at this time or later; None: from the start of the window.
        end: only rows that begin before this time; None: to the end of the window.
    """

    tags: Sequence[str]
    query: SeriesQuery
    bucket: BucketName | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def partial(self) -> bool:
        """Whether the file has only a part of the window."""
        return self.start is not None or self.end is not None

    @property
    def width(self) -> timedelta:
        """The length of one row."""
        chosen = self.bucket if self.query.kind == "buckets" else None
        return self.query.width if chosen is None else BUCKET_WIDTH[chosen]

    def covers(self, bucket: datetime) -> bool:
        """Whether the file has a row that begins at this time."""
        before_start = self.start is not None and bucket < self.start
        after_end = self.end is not None and bucket >= self.end
        return not before_start and not after_end


def _slicing(export: Export) -> tuple[timedelta, Slice] | None:
    """The length of a row, and the function that reads a slice; None for the rows of the page."""
    query, bucket = export.query, export.bucket
    if query.kind == "buckets" and bucket is not None:
        return BUCKET_WIDTH[bucket], partial(export_rows.bucket_slice, bucket)
    if query.kind == "features" and query.window.duration > FEATURE_WIDTH * (MAX_ROWS - 1):
        return FEATURE_WIDTH, export_rows.feature_slice
    return None


async def read_answers(export: Export) -> dict[str, Answer[Any]] | None:
    """Tag to the answer that the page shows; None if the file has other or more rows.

    Raises:
        UnknownTag: a tag has no rows and does not exist.
        KsysError: the database cannot be read; a file cannot say that its rows are stale.
    """
    if _slicing(export) is not None:
        return None
    answers = {}
    for tag in export.tags:
        answers[tag], _ = await read_checked_rows(replace(export.query, tag=tag))
        answers[tag].fresh_rows()
    return answers


async def read_parts(export: Export) -> AsyncIterator[Part]:
    """The tags one after the other, each with some of its rows, ascending by time.

    Raises:
        UnknownTag: a tag does not exist.
        DatabaseTimeout: reading the rows of a tag takes longer than the setting allows.
        KsysError: the database cannot be read.
    """
    slicing = _slicing(export)
    if slicing is not None:
        tags = await require_known_tags(export.tags)
        calculated = {tag.tag_name for tag in tags if tag.expression is not None}
        async for part in _sliced(export, *slicing, calculated):
            yield part
        return
    for tag, answer in (await read_answers(export) or {}).items():
        yield tag, [row for row in answer.rows if export.covers(row.bucket)]


async def _sliced(
    export: Export, width: timedelta, load: Slice, calculated: Collection[str]
) -> AsyncIterator[Part]:
    now, period = await export_rows.clock(), export.query.window
    start, stop = now - period.duration, export.end
    if isinstance(period, Range):
        start, stop = period.bounds(width)
    start, last = max(start, export.start or start), min(now, stop or now)
    for tag in export.tags:
        if tag in calculated:
            yield tag, await _calculated(export, tag, now)
            continue
        remaining_s = allowed_s = runtime.current().settings.export_timeout_s
        for begin, end in slices(start, last, SLICE_ROWS * width):
            if remaining_s <= 0:
                raise DatabaseTimeout(
                    f"the export of {tag!r} took longer than {allowed_s:g} s; "
                    "ask for a shorter window or raise KSYS_EXPORT_TIMEOUT_S"
                )
            started = time.monotonic()
            rows = await load(tag, begin, end or stop, remaining_s)
            remaining_s -= time.monotonic() - started
            yield tag, rows


async def _calculated(export: Export, tag: str, now: datetime) -> Sequence[Any]:
    """The rows of a calculated tag: its features, or buckets of the width of the file."""
    period = export.query.window
    if export.bucket is None:
        features = (await feature_rows(tag, period)).fresh_rows()
        return [row for row in features if export.covers(row.bucket)]
    if isinstance(period, Range):
        span = replace(period, bucket=export.bucket)
    else:
        span = Range(now - period.duration, now, True, export.bucket)
    rows = (await bucket_rows(tag, span)).fresh_rows()
    return [row for row in rows if export.covers(row.bucket)]
