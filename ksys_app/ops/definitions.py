"""The definitions of views and aggregates: normalises them, and lists the allowed ones.

Some versions of PostgreSQL print a view with the table's name before each column, other versions
without. :func:`normalised` gives both the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from psycopg import sql

from ksys_app.ops.golden import Golden

_QUALIFIER: Final = re.compile(r"\b[a-z_][a-z_0-9]*\.(?=[a-z_])")
_SPACE: Final = re.compile(r"\s+")

ZONE: Final = "{zone}"
"""The placeholder for the display zone in the golden files."""

_EXACT: Final = re.compile(
    r"percentile_cont\((\(0\.\d\)::[a-z ]+)\) WITHIN GROUP \(ORDER BY value\)"
)
_TOOLKIT: Final = r"approx_percentile(\1, percentile_agg(value))"
_BOUND: Final = re.compile(r" WHERE \(bucket >= \(now\(\) - '[0-9:]+'::interval\)\)")
_INDICATORS: Final = (
    "SELECT bucket, tag_name, avg, avg(avg) OVER w10 AS sma_10, avg(avg) OVER w60 AS sma_60, "
    "(avg + ((2)::double precision * stddev_samp(avg) OVER w20)) AS bb_top, (avg - "
    "((2)::double precision * stddev_samp(avg) OVER w20)) AS bb_bot, (avg - lag(avg, 60) OVER "
    "(PARTITION BY tag_name ORDER BY bucket)) AS slope_60 FROM influx_agg_1m WINDOW w10 AS "
    "(PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 9 PRECEDING AND CURRENT ROW), w20 AS "
    "(PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 19 PRECEDING AND CURRENT ROW), w60 "
    "AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 59 PRECEDING AND CURRENT ROW)"
)
_MINUTE: Final = "'00:01:00'::interval"
_WIDTHS: Final = {
    "influx_agg_1m": _MINUTE,
    "influx_agg_10m": "'00:10:00'::interval",
    "influx_agg_1h": "'01:00:00'::interval",
    "influx_agg_1d": "'1 day'::interval",
}


def normalised(definition: str) -> str:
    """The definition in one line, with single spaces, without qualifiers and semicolon."""
    text = _SPACE.sub(" ", definition).strip().rstrip(";")
    return _QUALIFIER.sub("", text)


def without_zone(definition: str, zone: str) -> str:
    """A normalised definition with the placeholder of the golden files for the zone."""
    return definition.replace(_literal(zone), ZONE)


def allowed(golden: Golden, zone: str) -> dict[str, tuple[str, ...]]:
    """Name to the allowed definitions: first that of the schema, then equivalent ones.

    Args:
        golden: the golden file of the schema.
        zone: IANA zone of the days of ``influx_agg_1d``.
    """
    texts = {name: text.replace(ZONE, _literal(zone)) for name, text in _texts(golden).items()}
    return {name: (text, *_equivalents(name, text)) for name, text in texts.items()}


def _equivalents(name: str, text: str) -> Iterator[str]:
    if name == "influx_agg_1d":
        # In a zone whose offset is not a whole hour, days are computed from the minutes.
        yield text.replace("FROM influx_agg_1h ", "FROM influx_agg_1m ")
    if name == "features_5m":
        yield _EXACT.sub(_TOOLKIT, text)


def as_in_the_spec(golden: Golden) -> dict[str, str]:
    """Name to definition as in the plant's specification: from raw rows, with days of UTC."""
    minutes = _texts(golden)["influx_agg_1m"]
    return {name: minutes.replace(_MINUTE, width) for name, width in _WIDTHS.items()}


def is_indicators_view(definition: str) -> bool:
    """Whether a normalised definition of ``tech_ind_1m_mv`` is a view that a table replaces.

    The plant's specification has a materialized view over all history, and versions up to 0.1.0
    had one over the last 25 hours.
    """
    return _BOUND.sub("", definition) == _INDICATORS


def _texts(golden: Golden) -> dict[str, str]:
    return {row["name"]: row["definition"] for row in golden.definitions}


def _literal(zone: str) -> str:
    return sql.Literal(zone).as_string(None)
