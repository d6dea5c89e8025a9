"""Rows and tiles as JSON: times in the display zone, numbers finite or null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import Response

from ksys_app import texts_alarm
from ksys_app.api.schemas import Kpi
from ksys_app.domain.columns import drawn
from ksys_app.domain.figures import finite
from ksys_app.domain.timefmt import epoch_ms, iso_local
from ksys_app.domain.windows import Window, edges
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.models.tiles import Tile
from ksys_app.utils.cache import Answer

Json = dict[str, Any]
KPI_FIELDS = tuple(Kpi.model_fields)
RULE_COLUMNS = tuple(field.name for field in fields(QcRule) if field.compare)


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """``content`` as JSON that no cache may keep."""
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )


def stale_mark(error: Exception | None, age_s: float) -> Json:
    """What every object of a stale answer carries; nothing while fresh."""
    return {} if error is None else {"stale": True, "stale_s": round(age_s, 1)}


def time(ts: datetime | None, zone: ZoneInfo) -> str | None:
    """ISO 8601 in the display zone, None for None."""
    return None if ts is None else iso_local(ts, zone)


def tag(row: Tag, rule: QcRule | None, zone: ZoneInfo) -> Json:
    """A known tag with the title of its rule; ``last_ts`` null where it never reported."""
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
    """A QC rule under the column names of the table."""
    return {name: getattr(row, name) for name in RULE_COLUMNS}


def tiles(
    found: Iterable[Tile], zone: ZoneInfo, stale: Json, fields: Sequence[str] = ()
) -> list[Json]:
    """Tiles with some fields, none for all; the title is always one."""
    made = [tile(one, zone, stale) for one in found]
    if not fields:
        return made
    names = [name for name in KPI_FIELDS if name == "title" or name in fields]
    return [{name: one[name] for name in names} | stale for one in made]


def tile(row: Tile, zone: ZoneInfo, stale: Json) -> Json:
    """A KPI tile: PRD §5.4."""
    age = None if row.age_s is None else round(row.age_s + stale.get("stale_s", 0.0), 3)
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
        "alarm": texts_alarm.alarm(row.violations),
        "alarm_level": row.alarm_level,
        **stale,
    }


def span(answer: Answer[Any], window: Window, width: timedelta, zone: ZoneInfo) -> Json:
    """When the window's first bucket begins and its running one ends, epoch milliseconds.

    By the database's clock; by ours where there is no row to tell it.
    """
    fetched = datetime.fromtimestamp(answer.fetched_ms / 1000, UTC)
    now = answer.rows[-1].now if answer.rows else fetched
    first, end = edges(window, width, now, zone)
    return {"from_ms": epoch_ms(first), "to_ms": epoch_ms(end)}


def rows(
    found: Sequence[Any], names: Sequence[str], zone: ZoneInfo, tag_name: str | None
) -> list[Json]:
    """One object a row; the first name is that of its time.

    Args:
        found: the rows, of one tag or with a ``tag_name`` each.
        names: the columns.
        zone: the display zone.
        tag_name: the tag, None where each row has its own.
    """
    time, *rest = names
    figures = [name for name in rest if name != "tag_name"]
    values = attrgetter(time, *figures) if figures else lambda row: (getattr(row, time),)
    made = []
    for row in found:
        ts, *numbers = values(row)
        one: Json = {time: iso_local(ts, zone)}
        if "tag_name" in names:
            one["tag_name"] = row.tag_name if tag_name is None else tag_name
        made.append(one | dict(zip(figures, map(finite, numbers), strict=True)))
    return made


def columns(found: Sequence[Any], names: Sequence[str], decimals: int) -> dict[str, list[Any]]:
    """One list a name, the first in epoch milliseconds.

    Args:
        found: the rows.
        names: the columns.
        decimals: those of the tag's figures; a chart writes what a table of the rows does.
    """
    ts, *rest = names
    made: dict[str, list[Any]] = {ts: [epoch_ms(moment) for moment in map(attrgetter(ts), found)]}
    for name in rest:
        values = list(map(attrgetter(name), found))
        counted = values and isinstance(values[0], int)
        made[name] = values if counted else drawn(values, decimals)
    return made
