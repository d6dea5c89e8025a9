"""The HTTP endpoints of KPI tiles: all tiles, changed tiles, and sparklines (PRD §6.2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import orjson
from fastapi import APIRouter, Request, Response

from ksys_app.api import render, responses
from ksys_app.api.conditional_json import JSON
from ksys_app.api.render import Json, json_response
from ksys_app.api.stored_body import send, stored_body
from ksys_app.api.tile_params import KpiParams, KpiQuery, PartParams, PlacesQuery
from ksys_app.api.tile_schemas import drawn, tiles
from ksys_app.api.too_many import too_many
from ksys_app.domain.ordering import places
from ksys_app.domain.windows import Window
from ksys_app.models.tiles import Tile
from ksys_app.services import runtime
from ksys_app.services.live import Snapshot
from ksys_app.services.tags import require_known_tags
from ksys_app.services.tiles import TileSet
from ksys_app.utils.results import Results

NO_STORE = {"Cache-Control": "no-store"}

router = APIRouter(prefix="/api/v1")


@router.get(
    "/kpi",
    summary="KPI tiles of a window",
    responses=tiles() | responses.ANY_TAG,
)
async def kpi(query: KpiQuery, request: Request) -> Response:
    """One object for each tile: newest value, change, gauge, status and the window's figures.

    ``tag`` may appear several times; without it, ``search`` selects the tags whose name, title or
    group holds every word. If more match than an answer has, that is an error, but with ``part``
    the answer has those of ``pin`` and the first others by name. ``fields`` selects fields; the
    title is always included.
    ``since`` is the ``seq`` of an earlier answer: the answer then has only the tiles that changed
    since. ``since=0`` gives all tiles and the first ``seq``. ``format=columns`` gives one list for
    each field in place of an object for each tile.
    """
    now = runtime.current()
    selection = query.selection
    if query.since is not None:
        return await _since(query, request, await now.feed.now(selection, query.since), query.since)
    tile_set = await now.tiles.read(selection)
    await _check(query, tile_set)
    stale = render.stale_mark(tile_set.error, tile_set.age_s)

    def content() -> object:
        laid_out = _laid_out(query, tile_set.tiles, tile_set.db_now, stale)
        if query.format == "rows":
            return laid_out["tiles"]
        return {**_head(query.window, tile_set), **stale, **laid_out}

    if stale or query.tag:
        return json_response(content())
    name = f"tiles {query.fields} {query.format}"
    return await _send_stored(request, tile_set.results, name, content)


@router.get(
    "/sparklines",
    summary="Sparklines of some tiles",
    responses=drawn() | responses.ALL_TAGS,
)
async def sparklines(query: PlacesQuery, request: Request) -> Response:
    """What a page draws of the tiles in sight: sparkline, limits beside it, and value in full.

    ``places`` are places in the list that ``/api/v1/kpi`` answers for the same tags. A place
    after the last tile is ignored. ``title`` says which tiles these are.
    """
    now = runtime.current()
    snapshot = now.feed.at_hand(query.selection) or await now.feed.refresh(query.selection)
    tile_set = snapshot.tile_set
    _check_room(query, tile_set)
    stale = render.stale_mark(snapshot.error, tile_set.now_age_s(time.time()))

    def content() -> Json:
        tiles = [tile_set.tiles[place] for place in places(query.places, len(tile_set.tiles))]
        columns = render.drawn_columns(tiles, tile_set.drawings(tiles))
        return {**_head(query.window, tile_set), **stale, "columns": columns}

    if stale:
        return json_response(content())
    return await _send_stored(request, snapshot.results_in_sight, query.places, content)


async def _since(query: KpiParams, request: Request, snapshot: Snapshot, since: int) -> Response:
    tile_set = snapshot.tile_set
    await _check(query, tile_set)
    stale = render.stale_mark(snapshot.error, tile_set.now_age_s(time.time()))
    changes = snapshot.changes.since(since)

    def content() -> Json:
        return {
            **_head(query.window, tile_set),
            "seq": snapshot.seq,
            "whole": changes.whole,
            "removed": list(changes.removed),
            **stale,
            **_laid_out(query, changes.items, tile_set.db_now, stale),
        }

    if stale:
        return json_response(content())
    name = f"since {0 if changes.whole else since} {query.fields} {query.format}"
    return await _send_stored(request, snapshot.results, name, content)


async def _check(query: KpiParams, tile_set: TileSet) -> None:
    """Raise an error if a tag does not exist, or if there are too many tags for the answer."""
    existing = {tile.title for tile in tile_set.tiles} if query.tag else set()
    await require_known_tags(query.tag, existing)
    _check_room(query, tile_set)


def _check_room(query: PartParams, tile_set: TileSet) -> None:
    if tile_set.truncated and not query.part:
        raise too_many(runtime.current().settings.max_tags)


def _head(window: Window, tile_set: TileSet) -> Json:
    return {"window": window.label, "now": render.time(tile_set.db_now, runtime.current().zone)}


def _laid_out(query: KpiParams, tiles: Sequence[Tile], now: datetime | None, stale: Json) -> Json:
    """The tiles as rows or as columns, whichever the query requests."""
    names = () if query.fields is None else query.fields.split(",")
    zone = runtime.current().zone
    if query.format == "rows":
        return {"tiles": render.tiles(tiles, zone, now, stale, names)}
    return {"columns": render.tile_columns(tiles, zone, now, stale, names)}


async def _send_stored(
    request: Request, results: Results, name: str, content: Callable[[], object]
) -> Response:
    """The response with ``content`` as JSON, encoded and compressed once for all equal requests."""
    body = await stored_body(results, name, lambda: orjson.dumps(content()))
    return send(request, body, JSON, NO_STORE)
