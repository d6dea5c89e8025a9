"""Reads the series of some tags as the table of a file (PRD §33.11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.compare import Comparison
from ksys_app.domain.file_tables import (
    Column,
    Layout,
    Part,
    columns_of,
    complete,
    most_buckets,
    part_of,
)
from ksys_app.domain.ranges import MOST_BUCKETS, Range, WrongRange, with_bucket
from ksys_app.domain.shared_columns import Placed, placed
from ksys_app.domain.windows import slices
from ksys_app.errors import DatabaseTimeout, PayloadBloat
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.models.series import Columns
from ksys_app.queries import file_rows
from ksys_app.queries.comm import database_clock
from ksys_app.services import runtime
from ksys_app.services.rules import rules_by_tag
from ksys_app.services.series import MAX_ROWS
from ksys_app.services.several import comparison_of, read_several
from ksys_app.services.tags import require_known_tags

MOST_ROWS: Final = 5_000_000
"""Most rows of all tags together in a file. A year of minutes of nine tags has 4.7 million."""
# Most buckets of a tag in one statement, and the time that one statement of samples covers.
SLICE_ROWS: Final = 2880
RAW_SLICE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FileQuery:
    """The content of a file.

    Attributes:
        tags: the tags.
        span: the range, and the width of the buckets.
        figures: the figures of each bucket.
        layout: tags as columns or as rows.
        compare: the time that the tags are compared with, None for no comparison.
    """

    tags: Sequence[str]
    span: Range
    figures: Sequence[str]
    layout: Layout
    compare: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """A file that is ready to be written.

    Attributes:
        query: its content.
        columns: its columns.
        rules: the rules by tag.
        comparison: the time that the tags are compared with, None for no comparison.
        lines: the most lines that it can have.
        at_once: whether its rows are those of the page; then they are read at once.
    """

    query: FileQuery
    columns: Sequence[Column]
    rules: Mapping[str, QcRule]
    comparison: Comparison | None
    lines: int
    at_once: bool

    async def parts(self) -> AsyncGenerator[Part]:
        """The lines in parts, ascending by time. In the layout of rows, one tag follows another.

        Raises:
            DatabaseTimeout: reading the rows takes longer than the setting allows.
            KsysError: the database cannot be read; a file cannot say that its rows are stale.
        """
        query = self.query
        rows = _rows_at_once(self) if self.at_once else _sliced(self)
        async for tags, own, compared in rows:
            part = await asyncio.to_thread(part_of, own, compared, query.figures)
            yield part if query.layout == "columns" else [tags[0], *part]


async def open_file(query: FileQuery) -> SeriesFile:
    """A file, if it is not too large.

    Raises:
        UnknownTag: a tag does not exist.
        BadParameter: the tags cannot be compared with this time.
        PayloadBloat: the file would have too many rows.
        KsysError: the database cannot be read.
    """
    checked_tags = await require_known_tags(query.tags)
    comparison = await comparison_of(query.span, query.compare)
    compared = comparison is not None
    calculated = any(tag.expression is not None for tag in checked_tags)
    if calculated or compared:
        _require_page_size(query.span)
    fits_page = query.span.bucket != "raw" and most_buckets(query.span) <= MOST_BUCKETS
    rows = await _rows(query)
    if rows > MOST_ROWS:
        raise too_large("errors.file_rows", rows, MOST_ROWS)
    raw = query.span.bucket == "raw"
    lines = rows if raw or query.layout == "rows" else most_buckets(query.span)
    columns = columns_of(query.tags, query.figures, query.layout, compared=compared)
    rules = await rules_by_tag(fresh=False)
    return SeriesFile(query, columns, rules, comparison, lines, compared or calculated or fits_page)


async def _rows(query: FileQuery) -> int:
    """The most rows that all tags can have together."""
    if query.span.bucket == "raw":
        timeout = runtime.current().settings.export_timeout_s
        return await file_rows.samples(query.tags, query.span, timeout)
    return most_buckets(query.span) * len(query.tags)


def _require_page_size(span: Range) -> None:
    """Check that the range has no more buckets than the page may show.

    Such a file is read at once: a comparison needs all rows, and a calculated tag may add up over
    its range, so that it cannot be computed in slices.

    Raises:
        PayloadBloat: there are more.
    """
    try:
        with_bucket(span, span.bucket)
    except WrongRange as error:
        raise PayloadBloat(error.sentence) from None


def too_large(key: str, count: int, most: int) -> PayloadBloat:
    """The error for a file that is too large.

    Args:
        key: key of its text.
        count: the number of rows or the like.
        most: the most that a file may have.
    """
    return PayloadBloat(Message(key, {"found": f"{count:,}", "most": f"{most:,}"}))


_Rows = tuple[Sequence[str], list[Placed], list[Placed] | None]


async def _rows_at_once(file: SeriesFile) -> AsyncIterator[_Rows]:
    """The rows of the page, read at once."""
    query = file.query
    series = await read_several(query.tags, query.span, query.figures, file.comparison)
    own = _placed_columns(file, query.tags, series.answer.fresh_rows(), None)
    compared = None
    if series.compared is not None:
        compared = _placed_columns(file, query.tags, series.compared.fresh_rows(), file.comparison)
    if query.span.bucket == "raw":
        longest = max(len(item.columns.bucket) for item in (*own, *(compared or ())))
        if longest >= MAX_ROWS:
            raise too_large("errors.file_compared", longest, MAX_ROWS)
    if query.layout == "columns":
        yield query.tags, own, compared
        return
    for at, tag in enumerate(query.tags):
        yield [tag], [own[at]], None if compared is None else [compared[at]]


async def _sliced(file: SeriesFile) -> AsyncIterator[_Rows]:
    query = file.query
    groups = [query.tags] if query.layout == "columns" else [[tag] for tag in query.tags]
    remaining_s = runtime.current().settings.export_timeout_s * len(query.tags)
    for tags in groups:
        async for start, end in _times(query.span):
            begin: datetime | None = start
            while begin is not None:
                if remaining_s <= 0:
                    raise DatabaseTimeout(Message("errors.file_slow"))
                started = time.monotonic()
                rows = await file_rows.slice_of(
                    tags, query.span.bucket, query.figures, begin, end, SLICE_ROWS, remaining_s
                )
                remaining_s -= time.monotonic() - started
                rows, begin = (
                    complete(rows, SLICE_ROWS) if query.span.bucket == "raw" else (rows, None)
                )
                yield tags, _placed_columns(file, tags, rows, None), None


async def _times(span: Range) -> AsyncIterator[tuple[datetime, datetime | None]]:
    start, stop = span.bounds(span.width)
    width = SLICE_ROWS * span.width or RAW_SLICE
    for begin, end in slices(start, stop or await database_clock(), width):
        yield begin, end or stop


def _placed_columns(
    file: SeriesFile,
    tags: Sequence[str],
    rows: Sequence[Columns],
    comparison: Comparison | None,
) -> list[Placed]:
    by_tag = {row.tag_name: row for row in rows}
    empty = Columns("", datetime.min, None, None)
    pairs = [(by_tag.get(tag, empty), file.rules.get(tag)) for tag in tags]
    return placed(pairs, comparison)
