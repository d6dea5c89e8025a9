"""Reads rows of series for files in slices of time, one statement for each slice (PRD §33.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.ranges import Range, Resolution
from ksys_app.domain.windows import BUCKET_WIDTH, bucket_for
from ksys_app.models.series import Columns
from ksys_app.queries.periods import fetch_period, of_ranges
from ksys_app.queries.several import FIGURES, statement

_SAMPLES: Final[LiteralString] = """
SELECT coalesce(sum(n), 0)::bigint AS count
FROM {view}
WHERE tag_name = ANY (%(tags)s) AND bucket >= {start} AND {end}
"""
SAMPLES: Final = of_ranges(_SAMPLES)


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def samples(tags: Sequence[str], span: Range, timeout_s: float | None = None) -> int:
    """An upper estimate of the number of samples of these tags in a range; not from a cache."""
    statement, params = _counting(tags, span)
    rows = await db.current().fetch_all(_Count, statement, params, timeout_s, name="file_samples")
    return rows[0].count


async def cached_samples(tags: Sequence[str], span: Range) -> int:
    """As :func:`samples`, from the cache while the database does not answer."""
    statement, params = _counting(tags, span)
    answer = await fetch_period(
        "metrics", _Count, statement, params, span, name="calculated_samples"
    )
    return answer.rows[0].count


def _counting(tags: Sequence[str], span: Range) -> tuple[sql.Composed, dict[str, object]]:
    """The statement that counts the samples of these tags in a range, and its parameters."""
    bucket = bucket_for(span.duration)
    start, end = span.bounds(span.width)
    # A bucket that began before the range may contain samples of the range.
    return SAMPLES[bucket], {"tags": list(tags), "start": start - BUCKET_WIDTH[bucket], "end": end}


async def slice_of(
    tags: Sequence[str],
    bucket: Resolution,
    figures: Sequence[str],
    start: datetime,
    end: datetime | None,
    cap: int,
    timeout_s: float,
) -> list[Columns]:
    """The oldest rows of each tag between two times, by name; a tag without rows has none.

    Args:
        tags: the tags.
        bucket: the bucket width, or ``raw``.
        figures: which figures, of :data:`FIGURES`; the others are empty.
        start: only rows that begin at this time or later.
        end: only rows that begin before this time; None: until now.
        cap: most rows of a tag.
        timeout_s: longest time, seconds.
    """
    chosen = tuple(name for name in FIGURES if name in figures)
    query = statement(bucket, chosen, of_a_range=True, oldest=True)
    params = {"tags": sorted(tags), "most": len(tags), "cap": cap, "start": start, "end": end}
    return await db.current().fetch_all(Columns, query, params, timeout_s, name="file_rows")
