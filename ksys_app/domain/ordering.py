"""The tiles that a page shows, their order, and the trouble of their tags."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ksys_app.domain.names import matches
from ksys_app.domain.windows import Window
from ksys_app.models.tiles import Tile
from ksys_app.models.views import KINDS, PINNED

MAX_PINS: Final = 200
_COMM: Final = {"lost": 0, "late": 1, "unchanged": 2, "never": 3, "ok": 4}
# The kind of trouble of a tag with a normal level, by the rank of its Comm state.
_QUIET: Final = ("old", "old", "still", "never", "ok")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tiles to read.

    Attributes:
        window: the time range.
        words: words that the name or the title of a tag must have; empty for all tags.
        pins: names of tags that are always included, even after the first tags by name.
        tags: read only these tags; empty for all.
    """

    window: Window
    words: str = ""
    pins: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the selection is the first tags by name, without any filter."""
        return not (self.words or self.pins or self.tags)


def _comm(tile: Tile) -> str:
    return tile.comm if tile.unchanged_s is None else "unchanged"


def severity(tile: Tile) -> tuple[int, int]:
    """Sort key, the worst first: critical, lost, warning, late, unchanged, never seen, normal."""
    level = max(tile.status_level, tile.alarm_level)
    if level == 2:
        return (0, 0)
    if tile.comm == "lost":
        return (1, 0)
    return (2 if level == 1 else 3, _COMM[_comm(tile)])


def kind(tile: Tile) -> str:
    """The worst kind of trouble that a tag has, in the order of :func:`severity`; or ``ok``."""
    worst, comm = severity(tile)
    return ("crit", "old", "warn")[worst] if worst < 3 else _QUIET[comm]


def kinds(tile: Tile) -> tuple[str, ...]:
    """The kinds of trouble that a tag has: its level, late or lost, unchanged, never seen."""
    level = max(tile.status_level, tile.alarm_level)
    wrong: dict[str, bool] = {
        "crit": level == 2,
        "warn": level == 1,
        "old": tile.comm in ("late", "lost"),
        "still": tile.unchanged_s is not None,
        "never": tile.comm == "never",
    }
    return tuple(kind for kind in KINDS if wrong[kind])


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tags match a filter, and how many of them have trouble.

    Attributes:
        tags: number of tags that match.
        kinds: kind of trouble to the number of matching tags with it; kinds with 0 are left out.
        outside: number of tags that do not match and have trouble.
        pinned: number of tags that match and are pinned.
    """

    tags: int
    kinds: dict[str, int]
    outside: int
    pinned: int = 0


def _fits(tile: Tile, wanted: str, group: str) -> bool:
    if not (wanted or group):
        return True
    return (not group or tile.group == group) and matches(
        tile.title, wanted, f"{tile.about} {tile.group}"
    )


def tally(
    tiles: Iterable[Tile], wanted: str, group: str = "", pinned: Collection[str] = ()
) -> Tally:
    """Count the tags that match ``wanted``, and the trouble of the tags inside and outside.

    Args:
        tiles: all tiles.
        wanted: words that the name, the title or the group holds.
        group: only tags of this group match; empty for all.
        pinned: names of the pinned tags.
    """
    found: Counter[str] = Counter()
    tags = outside = pins = 0
    for tile in tiles:
        if _fits(tile, wanted, group):
            tags += 1
            pins += tile.title in pinned
            found.update(kinds(tile))
        elif kinds(tile):
            outside += 1
    return Tally(tags, {kind: found[kind] for kind in KINDS if found[kind]}, outside, pins)


def chosen(
    tiles: Sequence[Tile],
    wanted: str,
    only: str = "",
    group: str = "",
    pinned: Collection[str] = (),
) -> list[int]:
    """Indexes of the tiles that match.

    Args:
        tiles: all tiles.
        wanted: words that the name, the title or the group holds.
        only: the kind of trouble that a tag must have, or :data:`PINNED`; empty for all.
        group: the group that a tag must belong to; empty for all.
        pinned: names of the pinned tags.
    """
    if not (wanted or only or group):
        return list(range(len(tiles)))

    def has(tile: Tile) -> bool:
        return tile.title in pinned if only == PINNED else not only or only in kinds(tile)

    return [i for i, tile in enumerate(tiles) if _fits(tile, wanted, group) and has(tile)]


def tile_order(
    tiles: Sequence[Tile],
    wanted: str,
    sort: str,
    pinned: Collection[str],
    only: str = "",
    group: str = "",
) -> list[int]:
    """Indexes of the shown tiles: pinned tiles first, the others by ``worst`` or by ``name``."""

    def key(index: int) -> tuple[object, ...]:
        tile = tiles[index]
        worst = severity(tile) if sort == "worst" else ()
        return (tile.title not in pinned, worst, tile.title)

    return sorted(chosen(tiles, wanted, only, group, pinned), key=key)


_COLUMNS: Final[dict[str, Callable[[Tile], float | str | None]]] = {
    "tag": lambda tile: tile.title,
    "ts": lambda tile: None if tile.ts is None else tile.ts.timestamp(),
    "value": lambda tile: tile.value,
    "comm": lambda tile: _COMM[_comm(tile)],
    "alarm": lambda tile: -max(tile.alarm_level, tile.status_level),
}
COLUMNS: Final = tuple(_COLUMNS)


def table_order(
    tiles: Sequence[Tile],
    wanted: str,
    column: str,
    descending: bool,
    only: str = "",
    group: str = "",
    pinned: Collection[str] = (),
) -> list[int]:
    """Indexes of the table's rows sorted by ``column``; rows without a value are always last."""
    value = _COLUMNS[column]
    rows = chosen(tiles, wanted, only, group, pinned)
    rows.sort(key=lambda i: tiles[i].title)
    present = [i for i in rows if value(tiles[i]) is not None]
    missing = [i for i in rows if value(tiles[i]) is None]
    present.sort(key=lambda i: value(tiles[i]), reverse=descending)  # type: ignore[arg-type,return-value]
    return present + missing


def keep_order(before: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """``wanted`` in the order of ``before``; names that ``before`` does not have come last."""
    place = {name: at for at, name in enumerate(before)}
    return sorted(wanted, key=lambda name: place.get(name, len(place)))


def moves(shown: Sequence[str], wanted: Sequence[str]) -> int:
    """The least number of names that have to move to turn ``shown`` into ``wanted``.

    A tag that moves to the front shifts all others by one place, but only that tag has moved. So
    the names of the longest increasing subsequence stay, and all other names move.
    """
    place = {name: at for at, name in enumerate(wanted)}
    ends: list[int] = []
    for name in shown:
        at = bisect_left(ends, place[name])
        ends[at : at + 1] = [place[name]]
    return len(shown) - len(ends)


def places(text: str, count: int) -> list[int]:
    """The places below ``count`` that ``text`` lists, such as ``0-59,130``, ascending."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), min(int(last or first) + 1, count)))
    return sorted(found)
