"""Rows and tiles as JSON. Times are in the display zone; a number that is not finite is null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import repeat
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import Response

from ksys_app.api.schemas import Kpi
from ksys_app.domain.columns import round_column
from ksys_app.domain.figures import finite
from ksys_app.domain.ranges import Period, Range, axis
from ksys_app.domain.timefmt import epoch_ms, iso_local
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.models.tiles import Drawing, Tile
from ksys_app.models.views import DRAWN, SHOWN
from ksys_app.services.answered import as_read, clock
from ksys_app.texts.alarm import alarm_of
from ksys_app.texts.tiles import tile_view
from ksys_app.utils.cache import Answer

Json = dict[str, Any]
KPI_FIELDS = tuple(Kpi.model_fields)
_SHOWN = attrgetter(*SHOWN)
RULE_COLUMNS = tuple(field.name for field in fields(QcRule) if field.compare)


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """``content`` as JSON that no cache may store."""
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )


def stale_mark(error: Exception | None, age_s: float) -> Json:
    """The fields that mark an object as stale; no fields if there was no error."""
    return {} if error is None else {"stale": True, "stale_s": round(age_s, 1)}


def time(ts: datetime | None, zone: ZoneInfo) -> str | None:
    """``ts`` in ISO 8601 with the offset of the display zone; None for None."""
    return None if ts is None else iso_local(ts, zone)


def tag(row: Tag, rule: QcRule | None, zone: ZoneInfo) -> Json:
    """A tag with the title of its rule; ``last_ts`` is null if it has never sent a sample."""
    return {
        "tag_name": row.tag_name,
        "title": "" if rule is None else rule.title,
        "last_ts": time(row.last_ts, zone),
        "first_ts": time(row.first_ts, zone),
        "has_rule": row.has_rule,
        **({} if row.expression is None else {"expression": row.expression}),
    }


def latest(row: Latest, zone: ZoneInfo) -> Json:
    """The newest sample of a tag."""
    return {
        "tag_name": row.tag_name,
        "value": finite(row.value),
        "ts": iso_local(row.ts, zone),
    }


def rule(row: QcRule) -> Json:
    """A QC rule with the column names of the table."""
    return {name: getattr(row, name) for name in RULE_COLUMNS}


def tiles(
    shown_tiles: Sequence[Tile],
    zone: ZoneInfo,
    now: datetime | None,
    stale: Json,
    fields: Sequence[str] = (),
) -> list[Json]:
    """One object for each tile, with its title and ``fields``; all fields if none are named."""
    if not fields:
        return [tile(row, zone, now, stale) for row in shown_tiles]
    columns = tile_columns(shown_tiles, zone, now, stale, fields)
    if "shown" in columns:
        shown_fields = zip(*columns["shown"].values(), strict=True)
        columns["shown"] = [dict(zip(SHOWN, values, strict=True)) for values in shown_fields]
    names = tuple(columns)
    return [
        dict(zip(names, values, strict=True)) | stale
        for values in zip(*columns.values(), strict=True)
    ]


def tile_columns(
    shown_tiles: Sequence[Tile],
    zone: ZoneInfo,
    now: datetime | None,
    stale: Json,
    fields: Sequence[str] = (),
) -> dict[str, Any]:
    """The tiles as one list for each field. ``shown`` holds one list for each of its own fields."""
    names = [name for name in KPI_FIELDS if name == "title" or not fields or name in fields]
    if len(names) == 1:
        columns: dict[str, Any] = {"title": [row.title for row in shown_tiles]}
    else:
        objects = [tile(row, zone, now, stale) for row in shown_tiles]
        columns = {name: [row[name] for row in objects] for name in names}
    for name in ("about", "group"):
        if name in fields:
            columns[name] = list(map(attrgetter(name), shown_tiles))
    if "shown" in fields:
        shown_fields = [_SHOWN(tile_view(row)) for row in shown_tiles]
        lists = zip(*shown_fields, strict=True) if shown_fields else repeat((), len(SHOWN))
        columns["shown"] = dict(zip(SHOWN, lists, strict=True))
    return columns


def drawn_columns(shown_tiles: Sequence[Tile], drawings: Sequence[Drawing]) -> dict[str, Any]:
    """The fields that only visible tiles need, as one list for each field, with title and time."""
    views = [
        tile_view(*tile_and_drawing) for tile_and_drawing in zip(shown_tiles, drawings, strict=True)
    ]
    return {name: [getattr(view, name) for view in views] for name in ("title", "ts_ms", *DRAWN)}


def tile(row: Tile, zone: ZoneInfo, now: datetime | None, stale: Json) -> Json:
    """A KPI tile (PRD §5.4). ``now`` is the database's time of the answer; it gives the age."""
    age = None
    if row.ts is not None and now is not None:
        age = round((now - row.ts).total_seconds() + stale.get("stale_s", 0.0), 3)
    return {
        "title": row.title,
        "unit": row.unit,
        "value": row.value,
        "value_s": row.value_s,
        "delta_pct": row.delta_pct,
        "delta_s": row.delta_s,
        "gauge_pct": row.gauge_pct,
        "status_level": row.status_level,
        "ts": time(row.ts, zone),
        "ts_s": row.ts_s,
        "range_label": row.range_label,
        "count": row.count,
        "min": row.min,
        "max": row.max,
        "first": row.first,
        "last": row.last,
        "comm": row.comm,
        "age_s": age,
        "alarm": alarm_of(row),
        "alarm_level": row.alarm_level,
        **stale,
    }


def period(answer: Answer[Any], shown_period: Period, width: timedelta, zone: ZoneInfo) -> Json:
    """``window`` with the name of a window; for a range, ``from`` and ``to`` with its ends.

    The ends of a range are those of its whole buckets.
    """
    shown_period = as_read(answer, shown_period)
    if not isinstance(shown_period, Range):
        return {"window": shown_period.label}
    start, end = shown_period.bounds(width)
    return {"window": None, "from": time(start, zone), "to": time(end or clock(answer), zone)}


def span(answer: Answer[Any], shown_period: Period, width: timedelta, zone: ZoneInfo) -> Json:
    """The start of the first bucket and the end of the last bucket, in epoch milliseconds."""
    first, end = axis(as_read(answer, shown_period), width, clock(answer), zone)
    return {"from_ms": epoch_ms(first), "to_ms": epoch_ms(end)}


def rows(
    series_rows: Sequence[Any], names: Sequence[str], zone: ZoneInfo, tag_name: str | None
) -> list[Json]:
    """One object for each row, to be written by orjson.

    Args:
        series_rows: the rows of one tag, or rows that each have a ``tag_name``.
        names: the columns; the first one is the time of the row.
        zone: the display zone.
        tag_name: the tag of all rows, None if each row has its own.
    """
    columns: list[Iterable[Any]] = []
    for name in names:
        values = map(attrgetter(name), series_rows)
        if name == names[0]:
            # orjson writes a time as isoformat does, in a fourth of the time, and NaN as null.
            columns.append(ts.astimezone(zone) for ts in values)
        elif name == "tag_name" and tag_name is not None:
            columns.append(repeat(tag_name, len(series_rows)))
        else:
            columns.append(values)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def columns(
    series_rows: Sequence[Any], names: Sequence[str], decimals: int
) -> dict[str, list[Any]]:
    """One list for each column, the first one in epoch milliseconds.

    Args:
        series_rows: the rows.
        names: the columns; the first one is the time of the row.
        decimals: the decimals of the tag's figures, so that charts and tables show equal figures.
    """
    ts, *figure_names = names
    lists: dict[str, list[Any]] = {
        ts: [epoch_ms(moment) for moment in map(attrgetter(ts), series_rows)]
    }
    for name in figure_names:
        values = list(map(attrgetter(name), series_rows))
        counted = values and isinstance(values[0], int)
        lists[name] = values if counted else round_column(values, decimals)
    return lists
