"""The tiles that the dashboard has at hand."""

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


def tiles_url(of: TileSet) -> str:
    """Where a browser fetches these tiles."""
    query: dict[str, str | list[str]] = {"window": of.window.label}
    if of.truncated or not of.selection.whole:
        query |= {"part": "true", "search": of.selection.words, "pin": list(of.selection.pins)}
    return f"{TILES}&{urlencode(query, doseq=True)}"


def shown(of: TileSet, pins: Sequence[str]) -> list[TileView]:
    """All tiles as the page shows them, computed once for all tabs."""

    def views() -> list[TileView]:
        drawn = zip(of.tiles, of.drawings(of.tiles), strict=True)
        return [tile_view(tile, drawing) for tile, drawing in drawn]

    made = of.made.once("views", views, VIEW_BYTES * len(of.tiles))
    if not pins:
        return made
    return [replace(one, pinned=True) if one.title in pins else one for one in made]


class ShownTiles(rx.State, mixin=True):
    """The newest tiles of what is selected, None before there are any."""

    _tile_set: TileSet | None = None

    @property
    def _tiles(self) -> tuple[Tile, ...]:
        return () if self._tile_set is None else self._tile_set.tiles

    def _tile_of(self, tag: str) -> Tile | None:
        return next((tile for tile in self._tiles if tile.title == tag), None)

    def _place(self) -> None:
        """Show the tiles at hand."""
        raise NotImplementedError
