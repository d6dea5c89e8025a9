"""``/api/v1/kpi``: the tiles of a window, or those that changed since a tick (PRD §5.4, §6.2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import orjson
from fastapi import APIRouter, Request, Response

from ksys_app.api import render, responses
from ksys_app.api.conditional_json import JSON
from ksys_app.api.params import KpiParams, KpiQuery
from ksys_app.api.render import Json, json_response
from ksys_app.api.stored_body import send, stored_body
from ksys_app.api.tile_schemas import tiles
from ksys_app.api.too_many import too_many
from ksys_app.domain.ordering import Selection
from ksys_app.services import runtime
from ksys_app.services.live import Snapshot
from ksys_app.services.tags import require_known_tag
from ksys_app.services.tiles import TileSet
from ksys_app.utils.made import Made

NO_STORE = {"Cache-Control": "no-store"}

router = APIRouter(prefix="/api/v1")


@router.get(
    "/kpi",
    summary="KPI tiles of a window",
    responses=tiles() | responses.ANY_TAG,
)
async def kpi(query: KpiQuery, request: Request) -> Response:
    """One object for each tile: newest value, change, gauge, status and the window's figures.

    ``tag`` may appear several times. ``fields`` selects fields; the title is always included.
    ``since`` is the ``seq`` of an earlier answer: the answer then has only the tiles that changed
    since. ``since=0`` gives all tiles and the first ``seq``.
    """
    now = runtime.current()
    selection = Selection(query.window, tags=tuple(query.tag))
    if query.since is not None:
        return await _since(query, request, await now.feed.now(selection, query.since), query.since)
    tile_set = await now.tiles.read(selection)
    await _check(query, tile_set)
    names = _names(query)
    stale = render.stale_mark(tile_set.error, tile_set.age_s)

    def content() -> list[Json]:
        return render.tiles(tile_set.tiles, now.zone, tile_set.db_now, stale, names)

    if stale or query.tag:
        return json_response(content())
    return await _send_stored(request, tile_set.made, f"tiles {query.fields}", content)


async def _since(query: KpiParams, request: Request, snapshot: Snapshot, since: int) -> Response:
    tile_set, zone = snapshot.tile_set, runtime.current().zone
    await _check(query, tile_set)
    age_s = max(tile_set.age_s, time.time() - tile_set.fetched_ms / 1000)
    stale = render.stale_mark(snapshot.error, age_s)
    changes = snapshot.changes.since(since)
    names = _names(query)

    def content() -> Json:
        return {
            "window": query.window.label,
            "seq": snapshot.seq,
            "whole": changes.whole,
            "now": render.time(tile_set.db_now, zone),
            "removed": list(changes.removed),
            **stale,
            "tiles": render.tiles(changes.tiles, zone, tile_set.db_now, stale, names),
        }

    if stale:
        return json_response(content())
    name = f"since {0 if changes.whole else since} {query.fields}"
    return await _send_stored(request, snapshot.made, name, content)


async def _check(query: KpiParams, tile_set: TileSet) -> None:
    """Raise an error if a tag does not exist, or if there are too many tags for one answer."""
    found = {tile.title for tile in tile_set.tiles} if query.tag else set()
    for tag in query.tag:
        if tag not in found:
            await require_known_tag(tag)
    if tile_set.truncated:
        raise too_many(runtime.current().settings.max_tags)


def _names(query: KpiParams) -> Sequence[str]:
    return () if query.fields is None else query.fields.split(",")


async def _send_stored(
    request: Request, made: Made, name: str, content: Callable[[], object]
) -> Response:
    """``content`` as JSON, encoded and compressed once for all equal requests."""
    body = await stored_body(made, name, lambda: orjson.dumps(content()))
    return send(request, body, JSON, NO_STORE)
