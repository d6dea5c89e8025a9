"""Reads rows for CSV files in slices of time, one statement for each slice (PRD §8.6).

A cursor over the complete window would occupy a connection until the slowest reader is done. The
embedded database has only one connection, so all other readers would wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, LiteralString

from psycopg import sql

from ksys_app import db
from ksys_app.domain.windows import VIEW, BucketName
from ksys_app.models.series import Bucket, Clock, Feature

CLOCK: Final = "SELECT now() AS now"

_BUCKETS: Final[LiteralString] = """
SELECT bucket, n, avg, sum, min, max, last, first, diff, now() AS now
FROM {view}
WHERE tag_name = %(tag)s AND bucket >= %(start)s AND bucket <= now()
  AND (%(end)s::timestamptz IS NULL OR bucket < %(end)s)
ORDER BY bucket
"""

BUCKETS: Final[Mapping[BucketName, sql.Composed]] = {
    name: sql.SQL(_BUCKETS).format(view=sql.Identifier("public", view))
    for name, view in VIEW.items()
}

FEATURES: Final = """
SELECT bucket, mean_5m, std_5m, min_5m, max_5m, p10_5m, p90_5m, n_5m, now() AS now
FROM public.features_5m
WHERE tag_name = %(tag)s AND bucket >= %(start)s AND bucket <= now()
  AND (%(end)s::timestamptz IS NULL OR bucket < %(end)s)
ORDER BY bucket
"""


async def clock() -> datetime:
    """The database's clock."""
    rows = await db.current().fetch_all(Clock, CLOCK, {}, name="clock")
    return rows[0].now


async def bucket_slice(
    bucket: BucketName, tag_name: str, start: datetime, end: datetime | None, timeout_s: float
) -> list[Bucket]:
    """Buckets that begin at ``start`` or later and before ``end``, ascending; None: until now."""
    params = _params(tag_name, start, end)
    return await db.current().fetch_all(
        Bucket, BUCKETS[bucket], params, timeout_s, name="export_buckets"
    )


async def feature_slice(
    tag_name: str, start: datetime, end: datetime | None, timeout_s: float
) -> list[Feature]:
    """Rows of ``features_5m``, selected as in :func:`bucket_slice`, ascending."""
    params = _params(tag_name, start, end)
    return await db.current().fetch_all(
        Feature, FEATURES, params, timeout_s, name="export_features"
    )


def _params(tag_name: str, start: datetime, end: datetime | None) -> dict[str, object]:
    return {"tag": tag_name, "start": start, "end": end}
