"""Writes the demo plant's samples, reads the newest one, and sets the tags' first sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import nan
from typing import Final

from psycopg import AsyncConnection

from ksys_app.ops.demo.plant.signals import TAGS
from ksys_app.store import samples
from ksys_app.store.samples import Existing

# The newest sample of the plant's tags, at which its history ends.
NEWEST: Final = "SELECT max(ts) FROM public.influx_latest WHERE tag_name = ANY(%(tags)s)"

# A thinned sample replaces many messages, so /comm must not count messages before the first sample
# that is not thinned.
BEGIN_LIFE: Final = """
UPDATE public.tag_latest SET first_ts = to_timestamp(%(start)s) WHERE tag_name = ANY(%(tags)s)
"""


async def newest(conn: AsyncConnection) -> datetime | None:
    """Time of the plant's newest sample, None before the first."""
    cursor = await conn.execute(NEWEST, {"tags": list(TAGS)})
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def write_grid(
    conn: AsyncConnection,
    start: int,
    step: int,
    values: Sequence[float | None],
    *,
    thinned: bool = False,
    append: bool = False,
) -> int:
    """Write the values of all tags at ``start``, ``start + step``, …; return the new rows' number.

    Args:
        conn: an autocommit connection that may write.
        start: epoch seconds of the first tick.
        step: seconds between two ticks.
        values: the values of the first tick in the order of ``TAGS``, then of the next tick, etc.
        thinned: record in ``meta`` that a sample stands for ``step`` seconds (``thinned_s``).
        append: whether the caller is sure that the table has no sample of these times.
    """
    meta = {"thinned_s": step} if thinned else {}
    grid = samples.Grid(start, step, TAGS, values, meta)
    return await samples.write_grid(conn, grid, Existing.NONE if append else Existing.KEEP)


async def write_unreadable(conn: AsyncConnection, tag_name: str, t: int) -> None:
    """Write a sample with NaN at ``t`` (epoch seconds), which the database refuses."""
    await samples.write_grid(conn, samples.Grid(t, 1, [tag_name], [nan], {}), Existing.KEEP)


async def begin_life(conn: AsyncConnection, start: int) -> None:
    """Set the first sample of the tags to ``start`` (epoch seconds), which is not thinned."""
    await conn.execute(BEGIN_LIFE, {"start": start, "tags": list(TAGS)})


def epoch(ts: datetime) -> int:
    """Whole epoch seconds at or before ``ts``."""
    return int(ts.timestamp() // 1)


def utc(t: int) -> datetime:
    """Epoch seconds as a time."""
    return datetime.fromtimestamp(t, UTC)
