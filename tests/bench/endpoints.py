"""The HTTP endpoints that are measured, each with the bare statement that it answers from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ksys_app.domain import comm as comm_rules
from ksys_app.domain.windows import Window, parse_window
from ksys_app.ops.demo.screens.changed_tiles import IN_SIGHT
from ksys_app.queries import comm, export, indicators, metrics, realtime
from ksys_app.queries.pieces import shape
from ksys_app.queries.sparklines import SPARKS, spark_params
from ksys_app.services import pieces, runtime
from ksys_app.states.shown_tiles import TILES
from tests.bench.profiles import Profile

Statement = tuple[Any, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A request and its bare statement.

    Attributes:
        name: what the report calls it.
        path: the request; ``{seq}`` is the newest number of the tiles.
        bare: the statements without which nothing can answer it, each with its parameters.
        what: the name without its window, for the growth of its cost; else empty.
        hours: the length of the window.
        watched: whether a screen is open meanwhile: these are the requests of screens, and the live
            feed then has the tiles at hand.
    """

    name: str
    path: str
    bare: tuple[Statement, ...]
    what: str = ""
    hours: float = 0.0
    watched: bool = False


async def cases(profile: Profile, tag: str) -> list[Case]:
    """All requests of a profile; the runtime must be open."""
    all_cases = [await _kpi(label) for label in profile.windows]
    all_cases += [await _kpi(label, tag) for label in profile.windows]
    first = profile.windows[0]
    all_cases += [await _since(first, "0"), await _since(first, "{seq}")]
    all_cases.append(_lines(parse_window(first)))
    for label in profile.windows:
        window = parse_window(label)
        all_cases += [_timeseries(window, tag), _indicators(window, tag), _export(window, tag)]
    return sorted([*all_cases, _heatmap(tag)], key=lambda case: case.name.partition(" ")[0])


async def tiles(window: Window, tags: Sequence[str] | None = None) -> Statement:
    """The statement of the tiles with the pieces that the window has now."""
    plan = await pieces.plan(window)
    statement = realtime.tiles_statement(window.bucket, shape(plan))
    return statement, realtime.tile_params(window, plan, _cap(), tags)


async def tick(window: Window) -> Statement | None:
    """The statement of a tick of all tags, if it need not read what is past of the window."""
    past = await pieces.past_of(window)
    if past is None:
        return None
    params = realtime.tile_params(window, (), _cap()) | {"since": past.end}
    return realtime.tiles_statement(window.bucket, ()), params


def _cap() -> int:
    return runtime.current().settings.max_tags + 1


def _hours(window: Window) -> float:
    return window.duration / timedelta(hours=1)


def _sparks(window: Window, tags: Sequence[str] | None = None) -> Statement:
    return SPARKS[window], spark_params(window, _cap(), tags)


async def _kpi(label: str, tag: str | None = None) -> Case:
    window, tags = parse_window(label), None if tag is None else [tag]
    bare = await tiles(window, tags), _sparks(window, tags)
    path = f"/api/v1/kpi?window={label}" + ("" if tag is None else f"&tag={quote(tag)}")
    name = "kpi" if tag is None else "kpi?tag"
    return Case(f"{name} {label}", path, bare, name, _hours(window))


async def _since(label: str, seq: str) -> Case:
    """The tiles that pages of many tags fetch: all of them, or those that changed."""
    path = f"{TILES}&window={label}&since={seq}"
    name = f"kpi?since={'0' if seq == '0' else 'last'} {label}"
    return Case(name, path, (await tiles(parse_window(label)),), watched=True)


def _lines(window: Window) -> Case:
    """The sparklines of the tiles in sight; the statement reads those of all tags."""
    path = f"/api/v1/sparklines?window={window.label}&places={IN_SIGHT}"
    return Case(f"sparklines {window.label}", path, (_sparks(window),), watched=True)


def _timeseries(window: Window, tag: str) -> Case:
    path = f"/api/v1/timeseries?window={window.label}&tag={quote(tag)}&format=columns"
    bare = metrics.BUCKETS[window.bucket], {"tag": tag, "window": window.duration}
    return Case(f"timeseries {window.label}", path, (bare,), "timeseries", _hours(window))


def _indicators(window: Window, tag: str) -> Case:
    path = f"/api/v1/indicators?window={window.label}&tag={quote(tag)}&format=columns"
    bare = indicators.INDICATORS[window.bucket], indicators.indicator_params(tag, window)
    return Case(f"indicators {window.label}", path, (bare,), "indicators", _hours(window))


def _export(window: Window, tag: str) -> Case:
    path = f"/api/v1/export.csv?window={window.label}&tag={quote(tag)}"
    start = datetime.now(UTC) - window.duration
    bare = export.BUCKETS[window.bucket], {"tag": tag, "start": start, "end": None}
    return Case(f"export.csv {window.label}", path, (bare,), "export.csv", _hours(window))


def _heatmap(tag: str) -> Case:
    zone = runtime.current().zone
    days = comm_rules.calendar(comm_rules.recent_start(datetime.now(UTC), zone), zone)
    bare = comm.HOURS, comm.hour_params(tag, days.bounds[0], days.bounds[-1])
    return Case("heatmap", f"/api/v1/comm/heatmap?tag={quote(tag)}", (bare,))
