"""Minutes and samples of a tag, for what limits would have done."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ksys_app import db
from ksys_app.models.rule_preview import Minutes, Samples
from ksys_app.models.series import Clock

NOW: Final = "SELECT now() AS now LIMIT 1"
# Arrays in place of rows: the driver reads them several times as fast.
MINUTES: Final = """
SELECT coalesce(array_agg(extract(epoch FROM bucket)::bigint ORDER BY bucket), '{}') AS at,
       coalesce(array_agg(min ORDER BY bucket), '{}') AS low,
       coalesce(array_agg(max ORDER BY bucket), '{}') AS high
FROM public.influx_agg_1m
WHERE tag_name = %(tag)s AND bucket >= %(start)s AND bucket < %(end)s
  AND min IS NOT NULL AND max IS NOT NULL
LIMIT 1
"""
# A refused sample without a usable value is a bad sample (PRD §32.1).
SAMPLES: Final = """
SELECT coalesce(array_agg((extract(epoch FROM ts) * 1000000)::bigint ORDER BY ts), '{}') AS at,
       coalesce(array_agg(value ORDER BY ts), '{}') AS value,
       coalesce(array_agg(qc ORDER BY ts), '{}') AS qc
FROM (
  SELECT ts, value, coalesce(qc, 0)::integer AS qc
  FROM public.influx_hist
  WHERE tag_name = %(tag)s AND ts >= %(start)s AND ts < %(end)s
  UNION ALL
  SELECT ts, 'NaN', 0
  FROM public.ingest_reject
  WHERE tag_name = %(tag)s AND ts >= %(start)s AND ts < %(end)s AND received_at >= %(start)s
    AND reason IN ('NOT_FINITE', 'MAGNITUDE', 'NO_VALUE')
  ORDER BY ts
  LIMIT %(cap)s
) AS sample
LIMIT 1
"""


async def now() -> datetime:
    """The database's clock."""
    return (await db.current().fetch_all(Clock, NOW, {}, name="preview_now"))[0].now


async def minutes(tag: str, start: datetime, end: datetime, timeout_s: float) -> Minutes:
    """Smallest and largest value of each minute with a sample."""
    params = {"tag": tag, "start": start, "end": end}
    rows = await db.current().fetch_all(Minutes, MINUTES, params, timeout_s, name="preview_minutes")
    return rows[0]


async def samples(tag: str, start: datetime, end: datetime, cap: int, timeout_s: float) -> Samples:
    """The samples of a stretch of time; at most ``cap``."""
    params = {"tag": tag, "start": start, "end": end, "cap": cap}
    rows = await db.current().fetch_all(Samples, SAMPLES, params, timeout_s, name="preview_samples")
    return rows[0]
