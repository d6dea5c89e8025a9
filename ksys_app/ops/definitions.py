"""The definitions of views and aggregates as the server writes them back, without qualifiers.

PostgreSQL deparses a view with or without the table's name before each column, depending on its
version; :func:`normalised` makes the two equal.
"""

from __future__ import annotations

import re
from typing import Final

from psycopg import sql

_QUALIFIER: Final = re.compile(r"\b[a-z_][a-z_0-9]*\.(?=[a-z_])")
_SPACE: Final = re.compile(r"\s+")


def normalised(definition: str) -> str:
    """One line, single spaces, no qualifiers, no semicolon."""
    text = _SPACE.sub(" ", definition).strip().rstrip(";")
    return _QUALIFIER.sub("", text)


_RAW: Final = (
    "SELECT {bucket} AS bucket, tag_name, count(*) AS n, "
    "avg(value) AS avg, sum(value) AS sum, min(value) AS min, max(value) AS max, "
    "last(value, ts) AS last, first(value, ts) AS first, "
    "(last(value, ts) - first(value, ts)) AS diff "
    "FROM influx_hist GROUP BY ({bucket}), tag_name"
)
_OF_SAMPLES: Final = "time_bucket('{width}'::interval, ts)"
_WIDTHS: Final = {
    "influx_agg_1m": "00:01:00",
    "influx_agg_10m": "00:10:00",
    "influx_agg_1h": "01:00:00",
    "influx_agg_1d": "1 day",
}

_COARSER: Final = (
    "SELECT {bucket} AS bucket, tag_name, (sum(n))::bigint AS n, "
    "(sum(sum) / (sum(n))::double precision) AS avg, sum(sum) AS sum, min(min) AS min, "
    "max(max) AS max, last(last, bucket) AS last, first(first, bucket) AS first, "
    "(last(last, bucket) - first(first, bucket)) AS diff "
    "FROM {parent} GROUP BY ({bucket}), tag_name"
)

_FEATURES: Final = (
    "SELECT time_bucket('00:05:00'::interval, ts) AS bucket, tag_name, avg(value) AS mean_5m, "
    "stddev_samp(value) AS std_5m, min(value) AS min_5m, max(value) AS max_5m, "
    "{p10} AS p10_5m, {p90} AS p90_5m, count(*) AS n_5m "
    "FROM influx_hist GROUP BY (time_bucket('00:05:00'::interval, ts)), tag_name"
)
_EXACT: Final = "percentile_cont(({})::double precision) WITHIN GROUP (ORDER BY value)"
_TOOLKIT: Final = "approx_percentile(({})::double precision, percentile_agg(value))"

_HOUR: Final = "time_bucket('01:00:00'::interval, bucket)"

_RECV: Final = (
    "SELECT {bucket} AS bucket, tag_name, (sum(n))::bigint AS recv_msgs, "
    "max(bucket) AS last_seen_min FROM influx_agg_1m GROUP BY ({bucket}), tag_name"
)

_INDICATORS: Final = (
    "SELECT bucket, tag_name, avg, avg(avg) OVER w10 AS sma_10, avg(avg) OVER w60 AS sma_60, "
    "(avg + ((2)::double precision * stddev_samp(avg) OVER w20)) AS bb_top, "
    "(avg - ((2)::double precision * stddev_samp(avg) OVER w20)) AS bb_bot, "
    "(avg - lag(avg, 60) OVER (PARTITION BY tag_name ORDER BY bucket)) AS slope_60 "
    "FROM influx_agg_1m{bound} WINDOW "
    + ", ".join(
        f"w{n} AS (PARTITION BY tag_name ORDER BY bucket "
        f"ROWS BETWEEN {n - 1} PRECEDING AND CURRENT ROW)"
        for n in (10, 20, 60)
    )
)

_NEWEST: Final = " WHERE (bucket >= (now() - '25:00:00'::interval))"

_COMM: Final = (
    "SELECT bucket, tag_name, recv_msgs, "
    "((COALESCE(exp_per_min, 1))::bigint * 60) AS exp_msgs, "
    "LEAST(1.0, GREATEST(0.0, ((recv_msgs)::numeric / "
    "(NULLIF(((COALESCE(exp_per_min, 1))::bigint * 60), 0))::numeric))) AS success_rate, "
    "GREATEST((0)::bigint, (((COALESCE(exp_per_min, 1))::bigint * 60) - recv_msgs)) "
    "AS missing_msgs, "
    "last_seen_min "
    "FROM (comm_recv_1h r LEFT JOIN ingest_expectation e ON ((tag_name = tag_name)))"
)


def _features(percentile: str) -> str:
    return _FEATURES.format(p10=percentile.format("0.1"), p90=percentile.format("0.9"))


AS_IN_THE_SPEC: Final[dict[str, str]] = {
    **{
        name: _RAW.format(bucket=_OF_SAMPLES.format(width=width)) for name, width in _WIDTHS.items()
    },
    "tech_ind_1m_mv": _INDICATORS.format(bound=""),
}
"""What the plant's specification makes: from raw rows, in days of UTC, over all history."""


def allowed(zone: str) -> dict[str, tuple[str, ...]]:
    """Name to the definitions that will do; more than one where the server decides.

    Args:
        zone: IANA zone of the days of ``influx_agg_1d``.
    """
    day = f"time_bucket('1 day'::interval, bucket, {sql.Literal(zone).as_string(None)}::text)"
    ten = "time_bucket('00:10:00'::interval, bucket)"
    return {
        "influx_agg_1m": (AS_IN_THE_SPEC["influx_agg_1m"],),
        "influx_agg_10m": (_COARSER.format(bucket=ten, parent="influx_agg_1m"),),
        "influx_agg_1h": (_COARSER.format(bucket=_HOUR, parent="influx_agg_10m"),),
        "influx_agg_1d": (
            _COARSER.format(bucket=day, parent="influx_agg_1h"),
            _COARSER.format(bucket=day, parent="influx_agg_1m"),
        ),
        "features_5m": (_features(_EXACT), _features(_TOOLKIT)),
        "comm_recv_1h": (_RECV.format(bucket=_HOUR),),
        "comm_success_1h": (_COMM,),
        "tech_ind_1m_mv": (_INDICATORS.format(bound=_NEWEST),),
        "influx_latest": ("SELECT tag_name, value, ts FROM tag_latest",),
        "influx_live": (
            "SELECT tag_name, ts, value, qc FROM influx_hist "
            "WHERE ((ts >= (now() - '01:00:00'::interval)) AND (ts <= (now() + ksys_max_ahead())))",
        ),
    }
