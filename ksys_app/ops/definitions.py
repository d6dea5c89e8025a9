"""The definitions of views and aggregates: made comparable, and which ones a database may have.

PostgreSQL deparses a view with or without the table's name before each column, depending on its
version; :func:`normalised` makes the two equal.
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
"""Stands for the display zone in the golden files."""

_EXACT: Final = re.compile(
    r"percentile_cont\((\(0\.\d\)::[a-z ]+)\) WITHIN GROUP \(ORDER BY value\)"
)
_TOOLKIT: Final = r"approx_percentile(\1, percentile_agg(value))"
_BOUND: Final = re.compile(r" WHERE \(bucket >= \(now\(\) - '[0-9:]+'::interval\)\)")
_MINUTE: Final = "'00:01:00'::interval"
_WIDTHS: Final = {
    "influx_agg_1m": _MINUTE,
    "influx_agg_10m": "'00:10:00'::interval",
    "influx_agg_1h": "'01:00:00'::interval",
    "influx_agg_1d": "'1 day'::interval",
}


def normalised(definition: str) -> str:
    """One line, single spaces, no qualifiers, no semicolon."""
    text = _SPACE.sub(" ", definition).strip().rstrip(";")
    return _QUALIFIER.sub("", text)


def without_zone(definition: str, zone: str) -> str:
    """A normalised definition as a golden file has it: the same for every display zone."""
    return definition.replace(_literal(zone), ZONE)


def allowed(golden: Golden, zone: str) -> dict[str, tuple[str, ...]]:
    """Name to the definitions that will do: the schema's own first, then those that are as good.

    Args:
        golden: what the schema makes.
        zone: IANA zone of the days of ``influx_agg_1d``.
    """
    made = {name: text.replace(ZONE, _literal(zone)) for name, text in _texts(golden).items()}
    return {name: (text, *_as_good(name, text)) for name, text in made.items()}


def _as_good(name: str, text: str) -> Iterator[str]:
    if name == "influx_agg_1d":
        # In a zone off by part of an hour the days are counted from the minutes.
        yield text.replace("FROM influx_agg_1h ", "FROM influx_agg_1m ")
    if name == "features_5m":
        yield _EXACT.sub(_TOOLKIT, text)


def as_in_the_spec(golden: Golden) -> dict[str, str]:
    """What the plant's specification makes: from raw rows, in days of UTC, over all history."""
    made = _texts(golden)
    indicators = _BOUND.sub("", made["tech_ind_1m_mv"])
    raw = {name: made["influx_agg_1m"].replace(_MINUTE, width) for name, width in _WIDTHS.items()}
    return raw | {"tech_ind_1m_mv": indicators}


def _texts(golden: Golden) -> dict[str, str]:
    return {row["name"]: row["definition"] for row in golden.definitions}


def _literal(zone: str) -> str:
    return sql.Literal(zone).as_string(None)
