"""Reads the tiles of a window and judges them by rules and held limits."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app import log, meters
from ksys_app.domain.alarms.badge import TagAlarms
from ksys_app.domain.drawing import Drawer
from ksys_app.domain.names import matches
from ksys_app.domain.ordering import Selection
from ksys_app.domain.pieces import Past
from ksys_app.domain.still import suspects
from ksys_app.domain.tiles import NOTHING_HELD, Held, TileMaker
from ksys_app.domain.windows import SPARK_POINTS, Window
from ksys_app.errors import KsysError
from ksys_app.models.rows import PastRow, QcRule, Run, Spark, TileRow
from ksys_app.models.tiles import Drawing, Tile
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.realtime import tile_rows
from ksys_app.queries.runs import runs
from ksys_app.queries.sparklines import sparks
from ksys_app.queries.statistics import past_rows
from ksys_app.queries.tags import matching_tags, tag_list
from ksys_app.services.alarm_feed import AlarmFeed
from ksys_app.services.calculated_tiles import calculated_of, fill_tiles, missing_members
from ksys_app.services.pieces import past_of, plan
from ksys_app.services.rules import rules_by_tag, tags_by_title
from ksys_app.texts import say
from ksys_app.utils.cache import Answer
from ksys_app.utils.results import Results

# A line may cross one empty slot. Two empty slots are a gap in the data.
SPARK_GAP: Final = 2.5 / SPARK_POINTS
NO_LINES: Final[Answer[Spark]] = Answer((), 0, 0)
# Most faulty rules in one log; `ksys db verify` names all of them.
FAULTS_LOGGED: Final = 20
# Most selections whose tiles are remembered from one load to the next.
MAX_MAKERS: Final = 4


@dataclass(frozen=True, slots=True)
class TileSet:
    """Tiles at one moment of the database's clock.

    Attributes:
        selection: the requested selection.
        tiles: one tile for each tag, by name.
        db_now: the database's clock when it answered, None if it has never answered.
        fetched_ms: the app's clock at that moment, epoch milliseconds.
        error: why the latest read failed, None while the tiles are fresh.
        age_s: seconds since the database answered.
        more: number of tags of the selection that are not shown. Tags beyond ``MAX_TAGS`` are not
            counted.
        judged_s: seconds that judging the badges took.
        days: IANA name of the zone of daily buckets, None for shorter buckets.
        lines: the points of the sparklines; ``rules`` are the rules, ``drawer`` draws the lines.
        results: results computed from the tiles.
    """

    selection: Selection
    tiles: tuple[Tile, ...] = ()
    db_now: datetime | None = None
    fetched_ms: int = 0
    error: Exception | None = None
    age_s: float = 0.0
    more: int = 0
    judged_s: float = 0.0
    days: str | None = None
    lines: Answer[Spark] = field(default=NO_LINES, compare=False, repr=False)
    rules: Mapping[str, QcRule] = field(default_factory=dict, compare=False, repr=False)
    drawer: Drawer = field(default_factory=lambda: Drawer(SPARK_GAP), compare=False, repr=False)
    results: Results = field(default_factory=Results, init=False, compare=False, repr=False)

    @property
    def window(self) -> Window:
        """The time range."""
        return self.selection.window

    @property
    def truncated(self) -> bool:
        """Whether the selection has more tags than are shown."""
        return self.more > 0

    def now_age_s(self, wall: float) -> float:
        """Seconds since the database answered, at ``wall`` epoch seconds of the app's clock."""
        return max(self.age_s, wall - self.fetched_ms / 1000)

    def drawings(self, tiles: Iterable[Tile]) -> list[Drawing]:
        """The sparklines of some of the tiles, in their order."""
        lines = self.lines.once(
            "by_tag", lambda: {line.tag_name: line for line in self.lines.rows}, 0
        )
        return [
            self.drawer.draw(
                tile, self.rules.get(tile.title), lines.get(tile.title) or Spark(tile.title)
            )
            for tile in tiles
        ]

    def covers(self, words: str) -> bool:
        """Whether there is a tile for every tag with ``words`` in its name."""
        return self.selection.words == words or (self.selection.whole and not self.truncated)


class TileSource:
    """Loads tiles. A load does not change the results of other callers.

    Args:
        zone: the display zone.
        max_tags: the most tags that are shown.
        alarms: the alarms of the tags; None: the tiles judge the newest samples themselves.
    """

    def __init__(self, zone: ZoneInfo, max_tags: int, alarms: AlarmFeed | None = None) -> None:
        self._zone, self._max_tags, self._alarms = zone, max_tags, alarms
        self._faults: dict[str, str] = {}
        self._bloated = False
        self._makers: OrderedDict[Selection, tuple[TileMaker, Drawer]] = OrderedDict()

    async def shared(self, wanted: Selection) -> Selection:
        """``wanted``, or all tags of its window if they fit on a page.

        Thus tabs with different filters and pins share one query. If the tags do not fit, the
        filter is applied before the rest is cut off.
        """
        if wanted.whole or (await matching_tags("", self._max_tags)).rowcount > self._max_tags:
            return wanted
        return Selection(wanted.window)

    async def load(self, selection: Selection, held: Held = NOTHING_HELD) -> TileSet:
        """The tiles of ``selection`` now.

        Args:
            selection: which tiles.
            held: tag to the limits that it held at the last tick.

        Raises:
            KsysError: the database cannot be read, and the cache has no older rows.
        """
        started = time.monotonic()
        window = selection.window
        rules = await rules_by_tag()
        self._log_faults(rules.values())
        names = await self._names(selection)
        cut = None if names is None else names[: self._max_tags]
        answer = await self._rows(window, cut)
        rows: Sequence[TileRow] = answer.rows[: self._max_tags]
        unchanged_runs = await runs(suspects(rows, rules))
        lines = await sparks(window, self._max_tags, cut)
        rows, lines = await self._calculated(window, rows, lines, rules)
        maker, drawer = self._maker(selection)
        # Judging many tags takes a while, so it runs in a thread.
        alarms = None if self._alarms is None else await self._alarms.by_tag()
        tiles, judged_s = await asyncio.to_thread(
            _judged_tiles, maker, rows, rules, held, unchanged_runs, alarms
        )
        dur_ms = (time.monotonic() - started) * 1000
        self._log(selection, answer, dur_ms)
        return TileSet(
            selection,
            tiles,
            rows[0].now if rows else None,
            answer.fetched_ms,
            answer.error,
            answer.age_s,
            more=await self._more(names, answer),
            judged_s=judged_s,
            days=await days_of(window),
            lines=lines,
            rules=rules,
            drawer=drawer,
        )

    async def _rows(self, window: Window, names: Sequence[str] | None) -> Answer[TileRow]:
        """The rows of a window. For all tags, the rows of its past part are cached for minutes."""
        cap = self._max_tags + 1
        past = None if names is not None else await past_of(window)
        before = None if past is None else await _past_rows(window, past, cap)
        if past is None or before is None:
            return await tile_rows(window, cap, names, plan=await plan(window))
        return await tile_rows(window, cap, past=(past.end, before))

    async def _calculated(
        self,
        window: Window,
        rows: Sequence[TileRow],
        lines: Answer[Spark],
        rules: Mapping[str, QcRule],
    ) -> tuple[Sequence[TileRow], Answer[Spark]]:
        """The rows and lines, with the values of calculated tags filled in."""
        calculated_tags = await calculated_of(rows)
        if not calculated_tags:
            return rows, lines
        members, more = list[TileRow](), list[Spark]()
        if others := missing_members(calculated_tags, {row.tag_name for row in rows}):
            members += (await tile_rows(window, len(others), others)).rows
            more += (await sparks(window, len(others), others)).rows
        filled = await fill_tiles(
            window, calculated_tags, rows, members, lines, more, rules, self._zone
        )
        return filled.rows, filled.lines

    def _maker(self, selection: Selection) -> tuple[TileMaker, Drawer]:
        """The maker and the drawer of a selection; those of the last complete ones are reused."""
        makers = self._makers.get(selection)
        if makers is None:
            window = selection.window
            gap = max(SPARK_GAP, 1.5 * (window.width / window.duration))
            makers = TileMaker(self._zone), Drawer(gap)
        if selection.whole:
            self._makers[selection] = makers
            self._makers.move_to_end(selection)
            if len(self._makers) > MAX_MAKERS:
                self._makers.popitem(last=False)
        return makers

    def _log_faults(self, rules: Iterable[QcRule]) -> None:
        faults = {
            rule.tag_name: "; ".join(say(fault.sentence) for fault in rule.faults)
            for rule in rules
            if rule.faults
        }
        changed = [
            tag
            for tag in sorted(faults.keys() | self._faults.keys())
            if faults.get(tag) != self._faults.get(tag)
        ]
        for tag in changed[:FAULTS_LOGGED]:
            log.event("rule_fault", tag=tag, faults=faults.get(tag))
        self._faults = faults

    async def _names(self, selection: Selection) -> list[str] | None:
        """The tags of ``selection``, pinned tags first; None for all tags by name."""
        if selection.whole:
            return None
        if selection.tags:
            return list(selection.tags)
        words = selection.words
        by_title = await tags_by_title(words)
        matching = await matching_tags(words, titled=by_title)
        pinned = [tag for tag in selection.pins if tag in by_title or matches(tag, words)]
        return list(dict.fromkeys([*pinned, *(tag.tag_name for tag in matching.rows)]))

    async def _more(self, names: list[str] | None, answer: Answer[TileRow]) -> int:
        """The number of tags of a selection that are not shown."""
        if names is not None:
            return max(0, len(names) - self._max_tags)
        if answer.rowcount <= self._max_tags:
            return 0
        return max(1, (await tag_list()).rowcount - self._max_tags)

    def _log(self, selection: Selection, answer: Answer[TileRow], dur_ms: float) -> None:
        window = selection.window
        fields = {
            "range": window.label,
            "tag": " ".join(selection.tags[:9]) or selection.words or None,
            "view": window.view,
            "rowcount": answer.rowcount,
        }
        log.event("snapshot_refresh", **fields, dur_ms=dur_ms, cache_hit=answer.cache_hit)
        bloated = answer.rowcount > self._max_tags
        if bloated and not self._bloated:
            log.event("payload_bloat", **fields, limit=self._max_tags)
        if selection.whole:
            self._bloated = bloated


async def _past_rows(window: Window, past: Past, cap: int) -> Mapping[str, PastRow] | None:
    """Tag to the row of the past part of a window; None if the rows cannot be used."""
    with suppress(KsysError):
        answer = await past_rows(window, past, cap)
        # At the cap some rows are missing, and a missing row would look like a tag without data.
        if answer.error is None and answer.rowcount < cap:
            return answer.once("by_tag", lambda: {row.tag_name: row for row in answer.rows}, 0)
    return None


def _judged_tiles(
    maker: TileMaker,
    rows: Sequence[TileRow],
    rules: Mapping[str, QcRule],
    held: Held,
    unchanged_runs: Mapping[str, Run],
    alarms: TagAlarms | None,
) -> tuple[tuple[Tile, ...], float]:
    """The tiles, and the time for judging their badges, seconds."""
    started = time.monotonic()
    maker.judge(rows, rules, held, unchanged_runs, alarms)
    seconds = time.monotonic() - started
    meters.BADGE_SECONDS.observe(seconds)
    return maker.tiles(), seconds
