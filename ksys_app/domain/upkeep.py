"""The jobs and triggers that a database must have: refresh, compression, retention and others.

The SQL files in ``db/`` create them. The app and the commands compare the database with these
constants. A test compares the constants with the golden files (``db/verify/golden/``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

COMPRESSION: Final = {
    "influx_hist": timedelta(days=7),
    "influx_agg_1m": timedelta(days=60),
    "influx_agg_10m": timedelta(days=60),
    "features_5m": timedelta(days=60),
    "alarm_journal": timedelta(days=90),
}
"""The age after which a chunk is compressed."""
COMPRESSION_EVERY: Final = timedelta(hours=12)

RETENTION: Final = timedelta(days=365)
"""The age after which raw samples are deleted."""
RETENTIONS: Final = {"influx_hist": RETENTION, "ingest_reject": timedelta(days=90)}
RETENTION_EVERY: Final = timedelta(days=1)


class Refresh(NamedTuple):
    """A refresh policy of a continuous aggregate; ``batch``: buckets in one transaction."""

    start: timedelta
    end: timedelta
    every: timedelta
    batch: int


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

# The intervals are short, so that late samples reach the daily buckets in time (PRD §5.1).
# The order is from fine to coarse: an aggregate is refreshed before the aggregates that read it.
REFRESH: Final = {
    "influx_agg_1m": Refresh(timedelta(days=30), _MINUTE, _MINUTE, 1440),
    "features_5m": Refresh(timedelta(days=30), 5 * _MINUTE, 5 * _MINUTE, 288),
    "influx_agg_10m": Refresh(timedelta(days=30), 10 * _MINUTE, 3 * _MINUTE, 144),
    "influx_agg_1h": Refresh(timedelta(days=60), _HOUR, 3 * _MINUTE, 240),
    "comm_recv_1h": Refresh(timedelta(days=60), _HOUR, 15 * _MINUTE, 240),
    "influx_agg_1d": Refresh(timedelta(days=90), timedelta(days=1), 3 * _MINUTE, 100),
}
WIDTHS: Final = {
    "influx_agg_1m": _MINUTE,
    "features_5m": 5 * _MINUTE,
    "influx_agg_10m": 10 * _MINUTE,
    "influx_agg_1h": _HOUR,
    "comm_recv_1h": _HOUR,
    "influx_agg_1d": timedelta(days=1),
}
"""Bucket width of each aggregate."""
INDICATORS_JOB: Final = "refresh_tech_ind_1m_mv"
INDICATORS_SPAN: Final = timedelta(hours=25)
INDICATORS_EVERY: Final = _MINUTE
SETTLE_JOB: Final = "settle_tags"
SETTLE_EVERY: Final = _MINUTE

TRIGGERS: Final = (
    *("refuse_unusable", "keep_tag_latest_insert", "keep_tag_latest_update"),
    *("recheck_tag_latest_update", "recheck_tag_latest_delete", "recheck_tag_latest_truncate"),
)
"""Triggers of ``influx_hist``."""

HYPERTABLES: Final = ("influx_hist", "ingest_reject", "predictions", "anomalies", "alarm_journal")
RELATIONS: Final = frozenset({*HYPERTABLES, *REFRESH})
"""Relations that the policies of this product work on, all in schema ``public``."""
PROCEDURES: Final = (
    *("compute_indicators", "drop_empty_chunks", "gather_statistics", "quarantine_chunk"),
    *("refresh_tech_ind_1m_mv", "settle_tag", "settle_tags", "take_in_samples"),
)
"""Functions and procedures in schema ``public`` that do the work of the jobs."""

Values = Mapping[str, timedelta | int]


def _expected() -> dict[str, Values]:
    jobs: dict[str, Values] = {}
    for name, (start, end, every, batch) in REFRESH.items():
        values: Values = {"start_offset": start, "end_offset": end, "every": every, "batch": batch}
        jobs[f"refresh {name}"] = values
    for name, after in COMPRESSION.items():
        jobs[f"compression {name}"] = {"compress_after": after, "every": COMPRESSION_EVERY}
    for name, after in RETENTIONS.items():
        jobs[f"retention {name}"] = {"drop_after": after, "every": RETENTION_EVERY}
    jobs[INDICATORS_JOB] = {"every": INDICATORS_EVERY}
    jobs[SETTLE_JOB] = {"every": SETTLE_EVERY}
    return jobs


EXPECTED: Final = _expected()
"""Name of each job that a database must have, to the values that the job must have."""
JOBS: Final = tuple(EXPECTED)
"""Names of the jobs that a database must have."""

# A job is overdue when twice its interval plus this time has passed since its last run.
LATE: Final = timedelta(minutes=10)


def patience(every: timedelta) -> timedelta:
    """The time after its last run from which a job with the interval ``every`` is overdue."""
    return 2 * every + LATE


def may_lag(view: str) -> timedelta:
    """How far an aggregate may be behind the newest sample while its refresh job runs in time."""
    refresh = REFRESH[view]
    # A bucket is stored after it has ended, and a refresh leaves out the newest end_offset.
    return WIDTHS[view] + refresh.end + patience(refresh.every)
