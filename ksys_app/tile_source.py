"""The tiles of a window: one query, the rules, and what the last judgement left held."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app import log
from ksys_app.domain import tiles as tile_rules
from ksys_app.domain.windows import Window
from ksys_app.models.rows import TileRow
from ksys_app.models.tiles import Tile
from ksys_app.queries.qc import qc_rules
from ksys_app.queries.realtime import SPARK_POINTS, tile_rows
from ksys_app.utils.cache import Answer

# A line may cross one empty slot, not two: that is a hole in the data.
SPARK_GAP: Final = 2.5 / SPARK_POINTS


@dataclass(frozen=True, slots=True)
class TileSet:
    """The tiles of one window at one moment of the database's clock.

    Attributes:
        window: the time range.
        tiles: one a tag, by name.
        db_now: the database's clock when it answered, None where it never has.
        fetched_ms: ours, epoch milliseconds.
        error: why the database could not be asked since, None while fresh.
        age_s: seconds since it answered.
        truncated: whether there are more tags than may be shown.
    """

    window: Window
    tiles: tuple[Tile, ...] = ()
    db_now: datetime | None = None
    fetched_ms: int = 0
    error: Exception | None = None
    age_s: float = 0.0
    truncated: bool = False


class TileSource:
    """Loads tiles, and remembers which limits are held from one judgement to the next.

    Args:
        zone: the display zone.
        max_tags: most tags shown.
    """

    def __init__(self, zone: ZoneInfo, max_tags: int) -> None:
        self._zone, self._max_tags = zone, max_tags
        self._held: tile_rules.Held = {}
        self._alarms: dict[str, str] = {}
        self._bloated = False

    async def load(self, window: Window, tag_name: str | None = None) -> TileSet:
        """The tiles of ``window`` now, of every tag or of one.

        Raises:
            KsysError: the database cannot be asked and nothing older is at hand.
        """
        started = time.monotonic()
        rules = {rule.tag_name: rule for rule in (await qc_rules()).rows}
        answer = await tile_rows(window, self._max_tags + 1, tag_name)
        rows = answer.rows[: self._max_tags]
        gap = max(SPARK_GAP, 1.5 * (window.width / window.duration))
        made, held = tile_rules.tiles(rows, rules, self._zone, self._held, gap)
        self._held = {**self._held, **held}
        dur_ms = (time.monotonic() - started) * 1000
        self._log(window, tag_name, made, answer, dur_ms)
        return TileSet(
            window,
            made,
            rows[0].now if rows else None,
            answer.fetched_ms,
            answer.error,
            answer.age_s,
            truncated=len(answer.rows) > len(rows),
        )

    def _log(
        self,
        window: Window,
        tag_name: str | None,
        made: tuple[Tile, ...],
        answer: Answer[TileRow],
        dur_ms: float,
    ) -> None:
        fields = {
            "range": window.label,
            "tag": tag_name,
            "view": window.view,
            "rowcount": answer.rowcount,
        }
        log.event("snapshot_refresh", **fields, dur_ms=dur_ms, cache_hit=answer.cache_hit)
        bloated = answer.rowcount > self._max_tags
        if bloated and not self._bloated:
            log.event("payload_bloat", **fields, limit=self._max_tags)
        self._bloated = bloated
        for tile in made:
            reason = tile.alarm.partition(" ")[2].partition(" ")[0] if tile.alarm_level else "-"
            if self._alarms.get(tile.title, "-") != reason:
                log.event("qc_badge_eval", range=window.label, tag=tile.title, alarm=tile.alarm)
            self._alarms[tile.title] = reason
