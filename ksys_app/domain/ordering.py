"""Which tiles are shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from ksys_app.domain.names import MAX_TAG_LENGTH
from ksys_app.models.tiles import Tile

MAX_FILTER: Final = MAX_TAG_LENGTH
_COMM: Final = {"lost": 0, "late": 1, "never": 2, "ok": 3}


def clean_filter(text: str) -> str:
    """What a tag filter may hold: printable, trimmed, at most 200 characters."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:MAX_FILTER].rstrip()


def matches(name: str, wanted: str) -> bool:
    """Whether every word of ``wanted`` is somewhere in ``name``, whatever the case."""
    folded = name.casefold()
    return all(word in folded for word in wanted.casefold().split())


def severity(tile: Tile) -> tuple[int, int]:
    """Sorts the worst first: critical, lost, warning, late, never seen, normal."""
    level = max(tile.status_level, tile.alarm_level)
    if level == 2:
        return (0, 0)
    if tile.comm == "lost":
        return (1, 0)
    return (2 if level == 1 else 3, _COMM[tile.comm])


def tile_order(tiles: Sequence[Tile], wanted: str, sort: str, pinned: Collection[str]) -> list[int]:
    """Indexes of the tiles shown: pinned first, then ``worst`` first or by ``name``."""

    def key(index: int) -> tuple[object, ...]:
        tile = tiles[index]
        worst = severity(tile) if sort == "worst" else ()
        return (tile.title not in pinned, worst, tile.title)

    shown = [i for i, tile in enumerate(tiles) if matches(tile.title, wanted)]
    return sorted(shown, key=key)


_COLUMNS: Final[dict[str, Callable[[Tile], float | str | None]]] = {
    "tag": lambda tile: tile.title,
    "ts": lambda tile: None if tile.ts is None else tile.ts.timestamp(),
    "value": lambda tile: tile.value,
    "comm": lambda tile: _COMM[tile.comm],
    "alarm": lambda tile: -max(tile.alarm_level, tile.status_level),
}
COLUMNS: Final = tuple(_COLUMNS)


def table_order(tiles: Sequence[Tile], wanted: str, column: str, descending: bool) -> list[int]:
    """Indexes of the table's rows sorted by ``column``; rows without a value stay last."""
    value = _COLUMNS[column]
    shown = [i for i, tile in enumerate(tiles) if matches(tile.title, wanted)]
    shown.sort(key=lambda i: tiles[i].title)
    known = [i for i in shown if value(tiles[i]) is not None]
    missing = [i for i in shown if value(tiles[i]) is None]
    known.sort(key=lambda i: value(tiles[i]), reverse=descending)  # type: ignore[arg-type,return-value]
    return known + missing
