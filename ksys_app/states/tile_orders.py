"""The order of tiles and rows, computed once for all tabs with the same selection."""

from __future__ import annotations

from typing import Final

from ksys_app.domain import ordering
from ksys_app.services.tiles import TileSet

INDEX_BYTES: Final = 8


def tile_orders(
    tile_set: TileSet,
    words: str,
    only: str,
    group: str,
    sort: tuple[str, ...],
    table_sort: tuple[str, bool],
) -> tuple[list[int], list[int], ordering.Tally]:
    """The order of tiles, the order of table rows (both as indexes of tiles), and the counts.

    Args:
        tile_set: the tiles.
        words: the words of the filter.
        only: the one kind of trouble to show, or ``pinned``; empty for all tags.
        group: the one group to show. All groups are shown if it has no tag.
        sort: the order of the tiles, followed by the pinned tags, which come first.
        table_sort: the column that sorts the table, and whether the order is descending.
    """

    def compute() -> tuple[list[int], list[int], ordering.Tally]:
        by, pins = sort[0], frozenset(sort[1:])
        # A link may name a group that has no tag any more, or none among these tiles.
        shown_group = group if any(tile.group == group for tile in tile_set.tiles) else ""
        return (
            ordering.tile_order(tile_set.tiles, words, by, pins, only, shown_group),
            ordering.table_order(tile_set.tiles, words, *table_sort, only, shown_group, pins),
            ordering.tally(tile_set.tiles, words, shown_group, pins),
        )

    name = repr((words, only, group, sort, table_sort))
    return tile_set.results.once(name, compute, 2 * INDEX_BYTES * len(tile_set.tiles))
