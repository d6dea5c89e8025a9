"""The buckets that cover a window: coarse ones where they fit, finer ones at its ends (PRD §5.1).

Statistics over the pieces equal statistics over the buckets of the window, because every bucket
of a coarser aggregate is computed from the buckets of the finer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.buckets import bucket_end, bucket_start
from ksys_app.domain.jobs import Judgement
from ksys_app.domain.windows import BUCKET_WIDTH, VIEW, BucketName, Window
from ksys_app.models.rows import Mark, PastRow, TileRow

COARSEST_FIRST: Final[tuple[BucketName, ...]] = tuple(reversed(tuple(BUCKET_WIDTH)))
# A piece of fewer buckets saves less than it costs to plan.
FEWEST: Final = 3
# A late sample appears first in the minutes. It reaches a coarser width at the next refresh of
# that width. So a coarser bucket may lack the sample for the sum of the refresh intervals. This
# limit leaves time for the refreshes themselves and for the cache of the past part.
SETTLED_IN: Final = timedelta(minutes=10)
# Buckets in the last piece of a long window: enough that most tags have two buckets in it.
NEWEST: Final = 5
# A window of fewer buckets is one piece, unless coarser buckets fit in it.
LONG: Final = 12
# How old a plan may be, and how wrong its clock may be, when its statement runs.
LEEWAY: Final = timedelta(minutes=1)
# A bucket that ended this long ago has all samples except late ones.
ARRIVED: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Piece:
    """Buckets of one width from ``start`` (inclusive) to ``end`` (exclusive).

    ``start`` is None for the piece at the start of the window. ``end`` is None for the piece that
    ends now. The database sets these two ends by its own clock.
    """

    bucket: BucketName
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """The part of a window from ``start`` to ``end`` (exclusive), which is some minutes ago.

    ``start`` is the first bucket of the window. Both change only when a bucket ends, so that the
    rows of this part can be cached.
    """

    start: datetime
    end: datetime
    pieces: tuple[Piece, ...]


def past(
    window: Window, now: datetime, stored: Mapping[BucketName, datetime], zone: ZoneInfo
) -> Past | None:
    """The part of ``window`` that may be cached for some minutes; None for windows of minutes.

    The first minute bucket of a window changes each minute, so such a window is not cached.

    Args:
        window: the time range.
        now: the database's clock.
        stored: as for :func:`pieces`.
        zone: the zone of daily buckets.
    """
    if window.bucket == COARSEST_FIRST[-1]:
        return None
    start = _up(window.view, now - window.duration, zone)
    end = bucket_start(window.view, now - ARRIVED, zone)
    return Past(start, end, _pieces(window, start, end, stored, zone))


def settled(marks: Iterable[Mark], jobs: Judgement) -> dict[BucketName, datetime]:
    """Width to the time up to which its buckets equal the finer ones, except for late samples.

    A width is left out, together with all coarser widths, if nothing of it is stored, if its
    refresh job is not in order, or if late samples reach it too slowly (PRD §5.1).

    Args:
        marks: the time up to which each aggregate is stored.
        jobs: the jobs of the database.
    """
    stored = {mark.view: mark.stored_to for mark in marks}
    found: dict[BucketName, datetime] = {}
    late = timedelta()
    for name in reversed(COARSEST_FIRST[:-1]):
        job, stored_to = jobs.found.get(f"refresh {VIEW[name]}"), stored.get(VIEW[name])
        if job is None or stored_to is None or job.state != "ok":
            break
        late += job.every
        if late > SETTLED_IN:
            break
        found[name] = stored_to
    return found


def pieces(
    window: Window, now: datetime, stored: Mapping[BucketName, datetime], zone: ZoneInfo
) -> tuple[Piece, ...]:
    """The pieces of ``window`` in order of time, without gaps and without overlaps.

    The first and the last piece have the bucket width of the window. The last piece is short.

    Args:
        window: the time range.
        now: the database's clock; a statement that uses the result must run within LEEWAY.
        stored: width to the time up to which its buckets may replace finer ones, from
            :func:`settled`; a missing width is not used.
        zone: the zone of daily buckets.
    """
    return _pieces(window, now + LEEWAY - window.duration, now, stored, zone)


def _pieces(
    window: Window,
    start: datetime,
    end: datetime,
    stored: Mapping[BucketName, datetime],
    zone: ZoneInfo,
) -> tuple[Piece, ...]:
    base = window.bucket
    found = _cover(base, start, end, stored, zone, COARSEST_FIRST)
    inner = found[_is_base(found[:1], base) : len(found) - _is_base(found[-1:], base)]
    last = inner[-1].end if inner else None
    cut = bucket_start(window.view, end - NEWEST * window.width, zone)
    older = (Piece(base, None, inner[0].start), *inner) if inner else ()
    if window.duration < LONG * window.width or (last is not None and cut <= last):
        return (*older, Piece(base, last))
    return (*older, Piece(base, last, cut), Piece(base, cut))


def _cover(
    base: BucketName,
    start: datetime,
    end: datetime,
    stored: Mapping[BucketName, datetime],
    zone: ZoneInfo,
    widths: tuple[BucketName, ...],
) -> tuple[Piece, ...]:
    """The pieces from ``start`` to ``end``, of the widths in ``widths`` down to ``base``."""
    for at, name in enumerate(widths[: widths.index(base)]):
        if name not in stored:
            continue
        low = _up(VIEW[name], start, zone)
        high = bucket_start(VIEW[name], min(end, stored[name]), zone)
        if high - low < FEWEST * BUCKET_WIDTH[name] or not _ends_fit(base, low, high, zone):
            continue
        finer = widths[at + 1 :]
        before = _cover(base, start, low, stored, zone, finer)
        after = _cover(base, high, end, stored, zone, finer)
        return (*before, Piece(name, low, high), *after)
    return (Piece(base, start, end),) if start < end else ()


def _is_base(found: tuple[Piece, ...], base: BucketName) -> bool:
    return any(piece.bucket == base for piece in found)


def _up(view: str, moment: datetime, zone: ZoneInfo) -> datetime:
    begin = bucket_start(view, moment, zone)
    return begin if begin == moment else bucket_end(view, moment, zone)


def _ends_fit(base: BucketName, low: datetime, high: datetime, zone: ZoneInfo) -> bool:
    """Whether both times are bounds of base buckets.

    The days of a zone are not if its offset is not a multiple of the base width.
    """
    return all(bucket_start(VIEW[base], end, zone) == end for end in (low, high))


def joined(before: Mapping[str, PastRow], row: TileRow) -> TileRow:
    """The row of a whole window, from the row of its newest buckets and the past rows by tag."""
    past = before.get(row.tag_name)
    if past is None:
        return row
    lows = [low for low in (past.min, row.min) if low is not None]
    highs = [high for high in (past.max, row.max) if high is not None]
    last, prev_last = row.last, row.prev_last
    if row.count == 0:
        last, prev_last = past.last, past.prev_last if past.count else None
    elif prev_last is None:
        prev_last = past.last if past.count else past.prev_last
    return TileRow(
        row.tag_name,
        row.now,
        row.value,
        row.ts,
        count=past.count + row.count,
        min=min(lows, default=None),
        max=max(highs, default=None),
        first=past.first if past.count else row.first,
        last=last,
        prev_last=prev_last,
        prev_value=row.prev_value,
        prev_ts=row.prev_ts,
        recent_mean=row.recent_mean,
        recent_std=row.recent_std,
        exp_per_min=row.exp_per_min,
        refused=row.refused,
        refused_at=row.refused_at,
        refused_value=row.refused_value,
        refused_reason=row.refused_reason,
    )
