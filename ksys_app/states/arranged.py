"""The order of tiles and rows, computed once for all tabs with the same selection."""

from __future__ import annotations

from typing import Final

from ksys_app.domain import ordering
from ksys_app.services.tiles import TileSet

INDEX_BYTES: Final = 8


def arranged(
    of: TileSet,
    words: str,
    only: str,
    group: str,
    sort: tuple[str, ...],
    table_sort: tuple[str, bool],
) -> tuple[list[int], list[int], ordering.Tally]:
    """The order of tiles, the order of rows, and counts.

    Args:
        of: the tiles.
        words: the filter.
        only: the kind of trouble that is shown alone, or ``pinned``.
        group: the group that is shown alone; all are where it has no tag.
        sort: how tiles are sorted, and the tags that come first.
        table_sort: the column that sorts the table, and whether it is turned round.
    """

    def arrange() -> tuple[list[int], list[int], ordering.Tally]:
        by, pins = sort[0], frozenset(sort[1:])
        # A group of a link may have no tag any more, or none that is at hand.
        alone = group if any(tile.group == group for tile in of.tiles) else ""
        return (
            ordering.tile_order(of.tiles, words, by, pins, only, alone),
            ordering.table_order(of.tiles, words, *table_sort, only, alone, pins),
            ordering.tally(of.tiles, words, alone, pins),
        )

    name = repr((words, only, group, sort, table_sort))
    return of.made.once(name, arrange, 2 * INDEX_BYTES * len(of.tiles))
