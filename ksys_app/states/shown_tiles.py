"""The tiles that the dashboard shows, and the address from which a browser fetches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

import reflex as rx

from ksys_app.models.tiles import Tile
from ksys_app.models.views import TileView
from ksys_app.services.tiles import TileSet
from ksys_app.texts.tiles import tile_view

VIEW_BYTES: Final = 2000
TILES: Final = "/api/v1/kpi?fields=about,group,shown&format=columns"


def tiles_url(tile_set: TileSet) -> str:
    """The address from which a browser fetches these tiles."""
    query: dict[str, str | list[str]] = {"window": tile_set.window.label}
    if tile_set.truncated or not tile_set.selection.whole:
        query |= {
            "part": "true",
            "search": tile_set.selection.words,
            "pin": list(tile_set.selection.pins),
        }
    return f"{TILES}&{urlencode(query, doseq=True)}"


def tile_views(tile_set: TileSet, pins: Sequence[str]) -> list[TileView]:
    """All tiles as the page shows them. They are computed once for all tabs."""

    def compute() -> list[TileView]:
        drawn = zip(tile_set.tiles, tile_set.drawings(tile_set.tiles), strict=True)
        return [tile_view(tile, drawing) for tile, drawing in drawn]

    all_views = tile_set.results.once("views", compute, VIEW_BYTES * len(tile_set.tiles))
    if not pins:
        return all_views
    return [replace(view, pinned=True) if view.title in pins else view for view in all_views]


class ShownTiles(rx.State, mixin=True):
    """The newest tiles of the selection; ``_tile_set`` is None until they are read."""

    _tile_set: TileSet | None = None

    @property
    def _tiles(self) -> tuple[Tile, ...]:
        return () if self._tile_set is None else self._tile_set.tiles

    def _tile_of(self, tag: str) -> Tile | None:
        return next((tile for tile in self._tiles if tile.title == tag), None)

    def _show_tiles(self) -> None:
        """Show the tiles of ``_tile_set``."""
        raise NotImplementedError
