"""The pieces of a window, as the database stands now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.jobs import judge
from ksys_app.domain.pieces import Piece, pieces, settled
from ksys_app.domain.windows import Window
from ksys_app.queries.aggregates import day_zone, stored_to
from ksys_app.queries.jobs import jobs

# A shorter window has so few buckets that coarser ones save less than they cost.
SHORTEST: Final = timedelta(hours=12)


async def plan(window: Window) -> tuple[Piece, ...]:
    """The pieces that statistics of ``window`` are computed from; valid for some seconds.

    Raises:
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    if window.duration < SHORTEST:
        return (Piece(window.bucket),)
    found = await jobs()
    if not found.rows:
        return (Piece(window.bucket),)
    stored = settled((await stored_to()).rows, judge(found.rows))
    now = found.rows[0].now + timedelta(seconds=found.age_s)
    return pieces(window, now, stored, ZoneInfo(await day_zone()))
