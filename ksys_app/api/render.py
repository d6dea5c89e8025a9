"""Rows and tiles as JSON: times in the display zone, numbers finite or null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import Response

from ksys_app.api.schemas import Kpi
from ksys_app.domain.columns import drawn
from ksys_app.domain.figures import finite
from ksys_app.domain.ranges import Period, Range, axis
from ksys_app.domain.timefmt import epoch_ms, iso_local
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.models.tiles import Drawing, Tile
from ksys_app.models.views import DRAWN, SHOWN
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
    """The fields that mark an object of a stale answer; empty while fresh."""
    return {} if error is None else {"stale": True, "stale_s": round(age_s, 1)}


def time(ts: datetime | None, zone: ZoneInfo) -> str | None:
    """ISO 8601 in the display zone, None for None."""
    return None if ts is None else iso_local(ts, zone)


def tag(row: Tag, rule: QcRule | None, zone: ZoneInfo) -> Json:
    """A tag with the title of its rule; ``last_ts`` is null if it never sent."""
    return {
        "tag_name": row.tag_name,
        "title": "" if rule is None else rule.title,
        "last_ts": time(row.last_ts, zone),
        "first_ts": time(row.first_ts, zone),
        "has_rule": row.has_rule,
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
    found: Sequence[Tile],
    zone: ZoneInfo,
    now: datetime | None,
    stale: Json,
    fields: Sequence[str] = (),
) -> list[Json]:
    """Tiles with some fields, none for all; the title is always one."""
    if not fields:
        return [tile(one, zone, now, stale) for one in found]
    made = tile_columns(found, zone, now, stale, fields)
    if "shown" in made:
        shown = zip(*made["shown"].values(), strict=True)
        made["shown"] = [dict(zip(SHOWN, values, strict=True)) for values in shown]
    names = tuple(made)
    return [
        dict(zip(names, values, strict=True)) | stale for values in zip(*made.values(), strict=True)
    ]


def tile_columns(
    found: Sequence[Tile],
    zone: ZoneInfo,
    now: datetime | None,
    stale: Json,
    fields: Sequence[str] = (),
) -> dict[str, Any]:
    """The same as one list for each field; ``shown`` is again one list for each of its fields."""
    names = [name for name in KPI_FIELDS if name == "title" or not fields or name in fields]
    if len(names) == 1:
        made: dict[str, Any] = {"title": [one.title for one in found]}
    else:
        whole = [tile(one, zone, now, stale) for one in found]
        made = {name: [one[name] for one in whole] for name in names}
    for name in ("about", "group"):
        if name in fields:
            made[name] = list(map(attrgetter(name), found))
    if "shown" in fields:
        shown = [_SHOWN(tile_view(one)) for one in found]
        lists = zip(*shown, strict=True) if shown else repeat((), len(SHOWN))
        made["shown"] = dict(zip(SHOWN, lists, strict=True))
    return made


def drawn_columns(found: Sequence[Tile], drawings: Sequence[Drawing]) -> dict[str, Any]:
    """What only tiles in sight need: one list for each field, with title and time."""
    views = [tile_view(*both) for both in zip(found, drawings, strict=True)]
    return {name: [getattr(one, name) for one in views] for name in ("title", "ts_ms", *DRAWN)}


def tile(row: Tile, zone: ZoneInfo, now: datetime | None, stale: Json) -> Json:
    """A KPI tile: PRD §5.4; ``now`` is the database's clock when it answered."""
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


def period(answer: Answer[Any], asked: Period, width: timedelta, zone: ZoneInfo) -> Json:
    """The name of a window; of a range its two ends, where its first and last buckets begin."""
    if not isinstance(asked, Range):
        return {"window": asked.label}
    start, end = asked.bounds(width)
    return {"window": None, "from": time(start, zone), "to": time(end or _clock(answer), zone)}


def span(answer: Answer[Any], asked: Period, width: timedelta, zone: ZoneInfo) -> Json:
    """The start of the first bucket and the end of the last one, epoch milliseconds."""
    first, end = axis(asked, width, _clock(answer), zone)
    return {"from_ms": epoch_ms(first), "to_ms": epoch_ms(end)}


def _clock(answer: Answer[Any]) -> datetime:
    """The database's clock at an answer; without a row, the app's clock."""
    fetched = datetime.fromtimestamp(answer.fetched_ms / 1000, UTC)
    now: datetime = answer.rows[-1].now if answer.rows else fetched
    return now


def rows(
    found: Sequence[Any], names: Sequence[str], zone: ZoneInfo, tag_name: str | None
) -> list[Json]:
    """One object for each row, for orjson; the first name is its time.

    Args:
        found: the rows, of one tag, or each with its ``tag_name``.
        names: the columns.
        zone: the display zone.
        tag_name: the tag, None where each row has its own.
    """
    columns: list[Iterable[Any]] = []
    for name in names:
        values = map(attrgetter(name), found)
        if name == names[0]:
            # orjson writes a time as isoformat does, in a fourth of the time, and NaN as null.
            columns.append(ts.astimezone(zone) for ts in values)
        elif name == "tag_name" and tag_name is not None:
            columns.append(repeat(tag_name, len(found)))
        else:
            columns.append(values)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def columns(found: Sequence[Any], names: Sequence[str], decimals: int) -> dict[str, list[Any]]:
    """One list for each name, the first in epoch milliseconds.

    Args:
        found: the rows.
        names: the columns.
        decimals: the decimals of the tag's figures, so that a chart writes the same as a table.
    """
    ts, *rest = names
    made: dict[str, list[Any]] = {ts: [epoch_ms(moment) for moment in map(attrgetter(ts), found)]}
    for name in rest:
        values = list(map(attrgetter(name), found))
        counted = values and isinstance(values[0], int)
        made[name] = values if counted else drawn(values, decimals)
    return made
