"""The pieces of a window, as the database stands now."""

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

# A shorter window has so few buckets that coarser ones save less than they cost.
SHORTEST: Final = timedelta(hours=12)


async def plan(window: Window) -> tuple[Piece, ...]:
    """The pieces that statistics of ``window`` are computed from; valid for some seconds.

    Raises:
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    known = None if window.duration < SHORTEST else await _known()
    return (Piece(window.bucket),) if known is None else pieces(window, *known)


async def past_of(window: Window) -> Past | None:
    """What of ``window`` is past and may be remembered; None where it is read whole.

    Raises:
        KsysError: the database cannot be read, and the cache has no older rows.
    """
    known = None if window.duration < SHORTEST else await _known()
    return None if known is None else past(window, *known)


async def _known() -> tuple[datetime, Mapping[BucketName, datetime], ZoneInfo] | None:
    """The database's clock, how far coarser buckets may be used, and the zone of its days."""
    found = await jobs()
    if not found.rows:
        return None
    stored = settled((await stored_to()).rows, judge(found.rows))
    now = found.rows[0].now + timedelta(seconds=found.age_s)
    return now, stored, ZoneInfo(await day_zone())
