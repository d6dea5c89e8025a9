"""Splits a window into pieces, by the state of the aggregates in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.jobs import judge
from ksys_app.domain.pieces import Past, Piece, past, pieces, settled
from ksys_app.domain.windows import BucketName, Window
from ksys_app.queries.aggregates import day_zone, stored_to
from ksys_app.queries.jobs import jobs

# In a shorter window coarser buckets save less time than the additional queries take.
SHORTEST: Final = timedelta(hours=12)


async def plan(window: Window) -> tuple[Piece, ...]:
    """The pieces that statistics of ``window`` are computed from; valid for some seconds.

    Raises:
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    parts = None if window.duration < SHORTEST else await _parts()
    return (Piece(window.bucket),) if parts is None else pieces(window, *parts)


async def past_of(window: Window) -> Past | None:
    """The past part of ``window``, which may be cached; None if the window is read at once.

    Raises:
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    parts = None if window.duration < SHORTEST else await _parts()
    return None if parts is None else past(window, *parts)


async def _parts() -> tuple[datetime, Mapping[BucketName, datetime], ZoneInfo] | None:
    """The database's clock, the end of the usable coarser buckets by name, and the zone of days.

    None if the database has no jobs.
    """
    answer = await jobs()
    if not answer.rows:
        return None
    stored = settled((await stored_to()).rows, judge(answer.rows))
    now = answer.rows[0].now + timedelta(seconds=answer.age_s)
    return now, stored, ZoneInfo(await day_zone())
