"""The tiles that the dashboard has at hand."""

from __future__ import annotations

import reflex as rx

from ksys_app.models.tiles import Tile
from ksys_app.services.tiles import TileSet


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
