"""The state of ``/``: what is selected, and the newest snapshot of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import reflex as rx

from ksys_app import log
from ksys_app.domain.names import clean_filter
from ksys_app.domain.ordering import Selection
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import Window, parse_window
from ksys_app.errors import KsysError
from ksys_app.models.message import Message
from ksys_app.models.views import MOST_IN_STATE, TileView
from ksys_app.reflex_compat import inside
from ksys_app.services import runtime
from ksys_app.services.live import Snapshot
from ksys_app.services.tiles import TileSet
from ksys_app.states.arranged import arranged
from ksys_app.states.base import BaseState
from ksys_app.states.captions import delta_caption
from ksys_app.states.detail import TagDetail
from ksys_app.states.loading import LoadingState
from ksys_app.states.pinned import Pinned
from ksys_app.states.shown_tiles import shown, tiles_url
from ksys_app.states.sorted_tiles import SORTS, Sorted
from ksys_app.states.tallied import ONLY, Tallied
from ksys_app.states.views import page_link
from ksys_app.states.windowed import WindowedState, log_load


class DashboardState(TagDetail, Sorted, Pinned, Tallied, WindowedState, LoadingState, BaseState):
    """Tiles and snapshot table of one window."""

    kpi_rows: list[TileView] = []
    # Where there are many tags, the browser fetches the tiles from here, at each new number; else
    # empty.
    tiles_url: str = ""
    tiles_seq: int = 0
    # Not part of the rows: rows are sent whole at each tick, titles change only with the rules.
    titles: list[str] = []
    delta_caption: Message = Message()
    tag_filter: str = ""
    # How many more tags match than are shown.
    more: int = 0
    searched: bool = False
    saved_window: str = rx.LocalStorage("", name="ksys.window")

    # The sequence number of the tiles at hand.
    _seq: int = 0

    _path: ClassVar[str] = "/"
    _window_kept_in: ClassVar[str] = "saved_window"

    @rx.event(background=True, supersedes=True)
    async def load(self) -> AsyncIterator[Any]:
        """Read the selection from the URL, show its tiles, then follow them while live."""
        async with self:
            try:
                self._fill_footer()
                self._read_address()
                self._read_mode()
                self._read_selection()
            except KsysError as error:
                self._fail(error)
                return
            self._begin()
        await self._read_tiles()
        yield DashboardState.follow_feed

    @rx.event
    def start_realtime(self) -> Any:
        """Live: follow the feed from now on."""
        self._set_mode(live=True)
        return DashboardState.follow_feed

    @rx.event(background=True, supersedes=True)
    async def follow_feed(self) -> AsyncIterator[Any]:
        """Show each snapshot of the live feed until paused, superseded or gone."""
        async with self:
            wanted = self._wanted()
            if not self.realtime_mode:
                return
        selection = await runtime.current().tiles.watched(wanted)
        while True:
            async with runtime.current().feed.subscribe(selection) as subscription:
                searched = True
                while searched:
                    snapshot = await subscription.next()
                    async with self:
                        tab = inside(self)
                        if not tab._watches(selection.window):
                            return
                        tab._follow(snapshot)
                        searched = tab.searched or snapshot.error is not None
                        wanted = wanted if searched else tab._wanted()
                        detailed = tab.detail_open and snapshot.error is None
                    if detailed:
                        yield DashboardState.read_detail
            # By now there are more tags than a page shows: the filter has to ask for all of them.
            selection = wanted

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> AsyncIterator[Any]:
        """Ask the database now."""
        async with self:
            self.is_loading = True
        await self._read_tiles()
        yield DashboardState.read_detail

    @rx.event
    def set_tag_filter(self, text: str) -> Any:
        """Show only tags that hold every word of ``text``; ask for them where not all are here."""
        self.tag_filter = clean_filter(text)
        self._choose()
        log.event("tag_filter_ok", tag=self.tag_filter or None, rowcount=len(self.tile_order))
        if self.searched:
            return None
        self.is_loading = True
        return [DashboardState.refresh, DashboardState.follow_feed]

    def _watches(self, window: Window) -> bool:
        """Whether this tab still shows ``window`` live: a loop may outlive its page."""
        here = self._open_in("/") and not self._asked_wrong()
        return here and self.realtime_mode and self.window == window.label

    def _holds_data(self) -> bool:
        shown = self._tile_set
        if shown is None or not shown.tiles or shown.window.label != self.window:
            return False
        # Where the filter has not asked for all tags yet, the matching ones are better than none.
        return self.searched or bool(self.tile_order)

    def _drop(self) -> None:
        self._tile_set = None
        self._place()

    def _wanted(self) -> Selection:
        """What is selected: window, filter and pins."""
        return Selection(parse_window(self.window), self.tag_filter, tuple(self._pins()))

    def _wants(self, selection: Selection) -> bool:
        """Whether ``selection`` is still what is selected; a pin changes only the order."""
        return (selection.window.label, selection.words) == (self.window, self.tag_filter)

    def _link(self) -> str:
        selection = {"window": self.window, "tag": self.tag_filter, "sort": self.tile_sort}
        pins = self._pins_text(self.only)
        selection |= {"group": self.group, "only": self.only, "pins": pins}
        return page_link("/", selection)

    def _choose(self) -> None:
        self._let_go()
        self._order()
        self.link = self._link()

    def _chosen(self) -> list[Any]:
        """Load what is selected, and follow it while live."""
        self.link = self._link()
        return [DashboardState.refresh, DashboardState.follow_feed]

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self._let_go()
        self.delta_caption = delta_caption(window)

    def _read_selection(self) -> Window:
        """Take window, filter and order from the URL, else from this browser's last ones."""
        query = self._query()
        self._held = ()
        self.tag_filter = clean_filter(query.get("tag", ""))
        self.group = clean_filter(query.get("group", ""))
        self.only = query["only"] if query.get("only") in ONLY else ""
        self._read_pins(query)
        sort = query.get("sort") or self.saved_sort
        self.tile_sort = self.saved_sort = sort if sort in SORTS else SORTS[0]
        window = self._read_window()
        self._select_window(window)
        self.link = self._link()
        return window

    def _show(self, tile_set: TileSet, seq: int = 0) -> None:
        """Show ``tile_set``, whoever has read it; ``seq`` is the number of its snapshot."""
        interval = round(runtime.current().feed.interval)
        self._become(tick_s=interval, more=tile_set.more)
        self._tile_set, self._seq = tile_set, seq
        self._say_days(tile_set.days)
        self._place()
        if tile_set.db_now is not None:
            self.db_now_ms = epoch_ms(tile_set.db_now)
        self.updated_ms = tile_set.fetched_ms
        if tile_set.error is None:
            self._succeed(empty=not tile_set.tiles and not tile_set.selection.words)
        else:
            self._fail(tile_set.error)

    def _follow(self, snapshot: Snapshot) -> None:
        if snapshot.error is None:
            self._show(snapshot.tile_set, snapshot.seq)
            return
        self._fail(snapshot.error, snapshot.failing_since_ms, snapshot.retry_in_s)

    def _place(self) -> None:
        pins = self._pins()
        self._announce()
        of = None if self.tiles_url else self._tile_set
        self._become(
            kpi_rows=[] if of is None else shown(of, pins),
            titles=[] if of is None else [tile.about for tile in of.tiles],
        )
        self._stand()
        self._order()

    def _announce(self) -> None:
        """Say where the browser fetches the tiles, if they are too many for the state."""
        of, many = self._tile_set, len(self._tiles) > MOST_IN_STATE
        if of is not None and many and self._seq:
            self._become(tiles_url=tiles_url(of), tiles_seq=self._seq)
        else:
            self._become(tiles_url="", tiles_seq=0)

    def _order(self) -> None:
        searched = self._tile_set is not None and self._tile_set.covers(self.tag_filter)
        known, words, only = self._tiles, self.tag_filter, self.only
        of = TileSet(self._wanted()) if self._tile_set is None else self._tile_set
        tiles, table, counts = arranged(
            of,
            words,
            only,
            self.group,
            (self.tile_sort, *self._pins()),
            (self.table_sort, self.table_desc),
        )
        tiles, tiles_moved = self._arrange("tiles", known, tiles)
        table, table_moved = self._arrange("table", known, table)
        self._become(tile_order=tiles, table_order=table, searched=searched)
        self._become(tiles_moved=tiles_moved, table_moved=table_moved)
        partial = self._tile_set is not None and (of.truncated or of.selection.words != "")
        self._count(known, counts, len(tiles), partial=partial)

    async def _read_tiles(self) -> None:
        """Read the tiles that are selected, and show them or what failed."""
        started = time.monotonic()
        async with self:
            wanted = self._wanted()
        window = wanted.window
        try:
            now = runtime.current()
            snapshot = await now.feed.refresh(await now.tiles.shared(wanted))
            tile_set = snapshot.tile_set
        except Exception as error:
            if not isinstance(error, KsysError):
                log.logger.exception("loading %s", window.label)
            async with self:
                if self._wants(wanted):
                    self._fail(error)
            return
        async with self:
            if self._wants(wanted):
                self._show(tile_set, snapshot.seq)
        words, kept = wanted.words or None, tile_set.error is not None
        log_load(window, words, started, len(tile_set.tiles), cache_hit=kept)
