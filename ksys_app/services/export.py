"""The rows of a CSV file: those on screen, or more rows in slices (PRD §8.6)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from ksys_app.domain.ranges import Range
from ksys_app.domain.windows import BUCKET_WIDTH, FEATURE_WIDTH, BucketName, slices
from ksys_app.errors import DatabaseTimeout
from ksys_app.queries import export as export_rows
from ksys_app.services import runtime
from ksys_app.services.series import MAX_ROWS, SeriesQuery, read_rows
from ksys_app.services.tags import require_known_tag, require_known_tags
from ksys_app.utils.cache import Answer

# Rows of one statement: two days of minutes, small beside what the loop may be held up for.
SLICE_ROWS: Final = 2880

Part = tuple[str, Sequence[Any]]
Slice = Callable[[str, datetime, datetime | None, float], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Export:
    """The content of a file.

    Attributes:
        tags: the tags, one after the other.
        query: the rows of each tag.
        bucket: the bucket width, None for that of the window or range.
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
        """Whether the file has a part of the window."""
        return self.start is not None or self.end is not None

    def covers(self, bucket: datetime) -> bool:
        """Whether the file has a row that begins at this time."""
        early = self.start is not None and bucket < self.start
        late = self.end is not None and bucket >= self.end
        return not early and not late


def _many(export: Export) -> tuple[timedelta, Slice] | None:
    """The width of the rows and what reads a slice of them; None for the rows of the page."""
    query, bucket = export.query, export.bucket
    if query.kind == "buckets" and bucket is not None:
        return BUCKET_WIDTH[bucket], partial(export_rows.bucket_slice, bucket)
    if query.kind == "features" and query.window.duration > FEATURE_WIDTH * (MAX_ROWS - 1):
        return FEATURE_WIDTH, export_rows.feature_slice
    return None


async def read_answers(export: Export) -> dict[str, Answer[Any]] | None:
    """Each tag with the answer that the page shows; None where a file has other or more rows.

    Raises:
        UnknownTag: a tag has no rows and is not known.
        KsysError: the database cannot be asked, and a file cannot say that its rows are stale.
    """
    if _many(export) is not None:
        return None
    answers = {}
    for tag in export.tags:
        answers[tag] = answer = await read_rows(replace(export.query, tag=tag))
        if not answer.fresh_rows():
            await require_known_tag(tag)
    return answers


async def read_parts(export: Export) -> AsyncIterator[Part]:
    """Each tag in turn with some of its rows, ascending by time.

    Raises:
        UnknownTag: a tag is not known.
        DatabaseTimeout: the rows of a tag take longer than the setting allows.
        KsysError: the database cannot be read.
    """
    many = _many(export)
    if many is not None:
        await require_known_tags(export.tags)
        async for part in _sliced(export, *many):
            yield part
        return
    for tag, answer in (await read_answers(export) or {}).items():
        yield tag, [row for row in answer.rows if export.covers(row.bucket)]


async def _sliced(export: Export, width: timedelta, load: Slice) -> AsyncIterator[Part]:
    now, period = await export_rows.clock(), export.query.window
    start, stop = now - period.duration, export.end
    if isinstance(period, Range):
        start, stop = period.bounds(width)
    start, last = max(start, export.start or start), min(now, stop or now)
    for tag in export.tags:
        left = allowed = runtime.current().settings.export_timeout_s
        for begin, end in slices(start, last, SLICE_ROWS * width):
            if left <= 0:
                raise DatabaseTimeout(
                    f"the export of {tag!r} took longer than {allowed:g} s; "
                    "ask for a shorter window or raise KSYS_EXPORT_TIMEOUT_S"
                )
            asked = time.monotonic()
            rows = await load(tag, begin, end or stop, left)
            left -= time.monotonic() - asked
            yield tag, rows
