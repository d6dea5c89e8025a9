"""The tiles of a window: one query, the rules, and the limits that are held from before."""

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
from ksys_app.queries.qc import rules_by_tag, titled
from ksys_app.queries.realtime import tile_rows
from ksys_app.queries.runs import runs
from ksys_app.queries.sparklines import sparks
from ksys_app.queries.statistics import past_rows
from ksys_app.queries.tags import matching_tags, tag_list
from ksys_app.services.alarm_feed import AlarmFeed
from ksys_app.services.pieces import past_of, plan
from ksys_app.texts import say
from ksys_app.utils.cache import Answer
from ksys_app.utils.made import Made

# A line may cross one empty slot, not two: that is a hole in the data.
SPARK_GAP: Final = 2.5 / SPARK_POINTS
NO_LINES: Final[Answer[Spark]] = Answer((), 0, 0)
# The most faulty rules that are logged at once; `ksys db verify` names them all.
FAULTS_LOGGED: Final = 20
# Windows that several screens show at the same time.
MAX_MAKERS: Final = 4


@dataclass(frozen=True, slots=True)
class TileSet:
    """Tiles at one moment of the database's clock.

    Attributes:
        selection: what was asked for.
        tiles: one tile for each tag, by name.
        db_now: the database's clock when it answered, None where it never has.
        fetched_ms: our clock at that moment, epoch milliseconds.
        error: why the database could not be asked since then, None while the tiles are fresh.
        age_s: seconds since the database answered.
        more: how many more tags the selection has, which are not shown. Where it has more than
            ``MAX_TAGS`` tags, the others are not counted.
        judged_s: seconds that judging the badges took.
        days: IANA name of the zone whose days the buckets are, None of shorter buckets.
        lines: the points of the sparklines; ``rules`` the rules, ``drawer`` what draws them.
        made: results computed from the tiles.
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
    made: Made = field(default_factory=Made, init=False, compare=False, repr=False)

    @property
    def window(self) -> Window:
        """The time range."""
        return self.selection.window

    @property
    def truncated(self) -> bool:
        """Whether the selection has more tags than are shown."""
        return self.more > 0

    def now_age_s(self, wall: float) -> float:
        """Seconds since the database answered, at ``wall`` epoch seconds of our clock."""
        return max(self.age_s, wall - self.fetched_ms / 1000)

    def drawings(self, tiles: Iterable[Tile]) -> list[Drawing]:
        """The sparklines of some of the tiles, in their order."""
        lines = self.lines.once("by_tag", lambda: {one.tag_name: one for one in self.lines.rows}, 0)
        return [
            self.drawer.draw(
                tile, self.rules.get(tile.title), lines.get(tile.title) or Spark(tile.title)
            )
            for tile in tiles
        ]

    def covers(self, words: str) -> bool:
        """Whether the tiles are of every tag whose name holds ``words``."""
        return self.selection.words == words or (self.selection.whole and not self.truncated)


class TileSource:
    """Loads tiles. A caller changes nothing of what others get.

    Args:
        zone: the display zone.
        max_tags: the most tags that are shown.
        alarms: the alarms of the tags; None: the newest samples are judged here.
    """

    def __init__(self, zone: ZoneInfo, max_tags: int, alarms: AlarmFeed | None = None) -> None:
        self._zone, self._max_tags, self._alarms = zone, max_tags, alarms
        self._faults: dict[str, str] = {}
        self._bloated = False
        self._makers: OrderedDict[Selection, tuple[TileMaker, Drawer]] = OrderedDict()

    async def shared(self, wanted: Selection) -> Selection:
        """``wanted``, or all tags of its window where they fit on a page.

        So tabs with different filters and pins share one query. Only where the tags do not fit are
        they filtered before they are cut.
        """
        if wanted.whole or (await matching_tags("", self._max_tags)).rowcount > self._max_tags:
            return wanted
        return Selection(wanted.window)

    async def load(self, selection: Selection, held: Held = NOTHING_HELD) -> TileSet:
        """The tiles of ``selection`` now.

        Args:
            selection: what is asked for.
            held: the limits that were broken at the last judgement, by tag.

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
        rows = answer.rows[: self._max_tags]
        found = await runs(suspects(rows, rules))
        lines = await sparks(window, self._max_tags, cut)
        maker, drawer = self._maker(selection)
        # Of many tags this takes a while, in which others are served.
        alarms = None if self._alarms is None else await self._alarms.by_tag()
        made, judged_s = await asyncio.to_thread(_made, maker, rows, rules, held, found, alarms)
        dur_ms = (time.monotonic() - started) * 1000
        self._log(selection, answer, dur_ms)
        return TileSet(
            selection,
            made,
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
        """The rows of a window; of all tags, its past is remembered for some minutes."""
        cap = self._max_tags + 1
        past = None if names is not None else await past_of(window)
        before = None if past is None else await _remembered(window, past, cap)
        if past is None or before is None:
            return await tile_rows(window, cap, names, plan=await plan(window))
        return await tile_rows(window, cap, past=(past.end, before))

    def _maker(self, selection: Selection) -> tuple[TileMaker, Drawer]:
        """What makes and draws a selection; the last few that are whole remember their tiles."""
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
        found = {
            rule.tag_name: "; ".join(say(fault.said) for fault in rule.faults)
            for rule in rules
            if rule.faults
        }
        changed = [
            tag
            for tag in sorted(found.keys() | self._faults.keys())
            if found.get(tag) != self._faults.get(tag)
        ]
        for tag in changed[:FAULTS_LOGGED]:
            log.event("rule_fault", tag=tag, faults=found.get(tag))
        self._faults = found

    async def _names(self, selection: Selection) -> list[str] | None:
        """The tags of ``selection``, pinned tags first; None for all by name."""
        if selection.whole:
            return None
        if selection.tags:
            return list(selection.tags)
        words = selection.words
        by_title = await titled(words)
        found = await matching_tags(words, titled=by_title)
        pinned = [tag for tag in selection.pins if tag in by_title or matches(tag, words)]
        return list(dict.fromkeys([*pinned, *(tag.tag_name for tag in found.rows)]))

    async def _more(self, names: list[str] | None, answer: Answer[TileRow]) -> int:
        """How many tags of a selection are not shown."""
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


async def _remembered(window: Window, past: Past, cap: int) -> Mapping[str, PastRow] | None:
    """What is past of a window, by tag; None where that cannot be had."""
    with suppress(KsysError):
        found = await past_rows(window, past, cap)
        # With as many rows as the cap, tags without a tile may stand for some that have one.
        if found.error is None and found.rowcount < cap:
            return found.once("by_tag", lambda: {row.tag_name: row for row in found.rows}, 0)
    return None


def _made(
    maker: TileMaker,
    rows: Sequence[TileRow],
    rules: Mapping[str, QcRule],
    held: Held,
    found: Mapping[str, Run],
    alarms: TagAlarms | None,
) -> tuple[tuple[Tile, ...], float]:
    """The tiles, and the seconds that judging their badges took."""
    started = time.monotonic()
    maker.judge(rows, rules, held, found, alarms)
    seconds = time.monotonic() - started
    meters.BADGE_SECONDS.observe(seconds)
    return maker.tiles(), seconds
