"""The state of ``/``: the selection, and its newest snapshot."""

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
from ksys_app.reflex_compat import without_proxy
from ksys_app.services import runtime
from ksys_app.services.live import Snapshot
from ksys_app.services.tiles import TileSet
from ksys_app.states.base import BaseState
from ksys_app.states.captions import delta_caption
from ksys_app.states.detail import TagDetail
from ksys_app.states.loading import LoadingState
from ksys_app.states.pins import PinnedTags
from ksys_app.states.shown_tiles import tile_views, tiles_url
from ksys_app.states.sorted_tiles import SORTS, SortedTiles
from ksys_app.states.tally import ONLY, TagTally
from ksys_app.states.tile_orders import tile_orders
from ksys_app.states.views import page_link
from ksys_app.states.windowed import WindowedState, log_load


class DashboardState(
    TagDetail, SortedTiles, PinnedTags, TagTally, WindowedState, LoadingState, BaseState
):
    """The tiles and the snapshot table of one window."""

    kpi_rows: list[TileView] = []
    # If there are many tags, the browser fetches the tiles from this address at each new tiles_seq.
    # Else it is empty, and the tiles are in kpi_rows.
    tiles_url: str = ""
    tiles_seq: int = 0
    # Not a field of the rows: all rows are sent at each tick, and titles change only with rules.
    titles: list[str] = []
    delta_caption: Message = Message()
    tag_filter: str = ""
    # The number of tags that match and are not shown.
    more: int = 0
    searched: bool = False
    saved_window: str = rx.LocalStorage("", name="ksys.window")

    # The sequence number of the snapshot in _tile_set.
    _seq: int = 0

    _path: ClassVar[str] = "/"
    _window_var: ClassVar[str] = "saved_window"

    @rx.event(background=True, supersedes=True)
    async def load(self) -> AsyncIterator[Any]:
        """Read the selection from the address, show its tiles, then follow the feed while live."""
        async with self:
            try:
                self._fill_footer()
                self._read_address()
                self._read_mode()
                self._read_selection()
            except KsysError as error:
                self._fail(error)
                return
            self._start_loading()
        await self._read_tiles()
        yield DashboardState.follow_feed

    @rx.event
    def start_realtime(self) -> Any:
        """Live: follow the feed from now on."""
        self._set_mode(live=True)
        return DashboardState.follow_feed

    @rx.event(background=True, supersedes=True)
    async def follow_feed(self) -> AsyncIterator[Any]:
        """Show each snapshot of the live feed until the page is paused, left or loaded again."""
        async with self:
            selected = self._selection()
            if not self.realtime_mode:
                return
        selection = await runtime.current().tiles.watched(selected)
        while True:
            async with runtime.current().feed.subscribe(selection) as subscription:
                searched = True
                while searched:
                    snapshot = await subscription.next()
                    async with self:
                        tab = without_proxy(self)
                        if not tab._watches(selection.window):
                            return
                        tab._show_snapshot(snapshot)
                        searched = tab.searched or snapshot.error is not None
                        selected = selected if searched else tab._selection()
                        detailed = tab.detail_open and snapshot.error is None
                    if detailed:
                        yield DashboardState.read_detail
            # The plant has more tags by now than a page shows, so the feed must filter them.
            selection = selected

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> AsyncIterator[Any]:
        """Read the tiles from the database now."""
        async with self:
            self.is_loading = True
        await self._read_tiles()
        yield DashboardState.read_detail

    @rx.event
    def set_tag_filter(self, text: str) -> Any:
        """Show only tags that contain every word of ``text``; read them if the page lacks some."""
        self.tag_filter = clean_filter(text)
        self._show_selection()
        log.event("tag_filter_ok", tag=self.tag_filter or None, rowcount=len(self.tile_order))
        if self.searched:
            return None
        self.is_loading = True
        return [DashboardState.refresh, DashboardState.follow_feed]

    def _watches(self, window: Window) -> bool:
        """Whether this tab still shows ``window`` live. A loop may outlive its page."""
        open_here = self._is_open("/") and not self._is_bad_address()
        return open_here and self.realtime_mode and self.window == window.label

    def _has_data(self) -> bool:
        tile_views = self._tile_set
        if tile_views is None or not tile_views.tiles or tile_views.window.label != self.window:
            return False
        # Before all tags are filtered, the matching tags of the page are better than no tags.
        return self.searched or bool(self.tile_order)

    def _clear_data(self) -> None:
        self._tile_set = None
        self._show_tiles()

    def _selection(self) -> Selection:
        """The selected window, filter and pins."""
        return Selection(parse_window(self.window), self.tag_filter, tuple(self._pins()))

    def _is_selected(self, selection: Selection) -> bool:
        """Whether ``selection`` is still selected. Pins are ignored: they change only the order."""
        return (selection.window.label, selection.words) == (self.window, self.tag_filter)

    def _link(self) -> str:
        selection = {"window": self.window, "tag": self.tag_filter, "sort": self.tile_sort}
        pins = self._pins_text(self.only)
        selection |= {"group": self.group, "only": self.only, "pins": pins}
        return page_link("/", selection)

    def _show_selection(self) -> None:
        self._release_order()
        self._order_lists()
        self.link = self._link()

    def _load_selection(self) -> list[Any]:
        """The events that load the selection, and follow it while live."""
        self.link = self._link()
        return [DashboardState.refresh, DashboardState.follow_feed]

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self._release_order()
        self.delta_caption = delta_caption(window)

    def _read_selection(self) -> Window:
        """Set window, filter and order from the address, else from this browser's last ones."""
        query = self._query()
        self._held_lists = ()
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
        """Show ``tile_set``. ``seq`` is the sequence number of its snapshot."""
        interval = round(runtime.current().feed.interval)
        self._set_changed(tick_s=interval, more=tile_set.more)
        self._tile_set, self._seq = tile_set, seq
        self._caption_days(tile_set.days)
        self._show_tiles()
        if tile_set.db_now is not None:
            self.db_now_ms = epoch_ms(tile_set.db_now)
        self.updated_ms = tile_set.fetched_ms
        if tile_set.error is None:
            self._succeed(empty=not tile_set.tiles and not tile_set.selection.words)
        else:
            self._fail(tile_set.error)

    def _show_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.error is None:
            self._show(snapshot.tile_set, snapshot.seq)
            return
        self._fail(snapshot.error, snapshot.failing_since_ms, snapshot.retry_in_s)

    def _show_tiles(self) -> None:
        """Show the tiles of ``_tile_set``: in the state, or by their address if there are many."""
        pins = self._pins()
        self._set_tiles_url()
        tile_set = None if self.tiles_url else self._tile_set
        self._set_changed(
            kpi_rows=[] if tile_set is None else tile_views(tile_set, pins),
            titles=[] if tile_set is None else [tile.about for tile in tile_set.tiles],
        )
        self._show_standing()
        self._order_lists()

    def _set_tiles_url(self) -> None:
        """Set the address from which the browser fetches tiles that are too many for the state."""
        tile_set, many = self._tile_set, len(self._tiles) > MOST_IN_STATE
        if tile_set is not None and many and self._seq:
            self._set_changed(tiles_url=tiles_url(tile_set), tiles_seq=self._seq)
        else:
            self._set_changed(tiles_url="", tiles_seq=0)

    def _order_lists(self) -> None:
        """Compute the order of tiles and table rows, and the counts above them."""
        searched = self._tile_set is not None and self._tile_set.covers(self.tag_filter)
        tiles_at_hand, words, only = self._tiles, self.tag_filter, self.only
        tile_set = TileSet(self._selection()) if self._tile_set is None else self._tile_set
        tiles, table, counts = tile_orders(
            tile_set,
            words,
            only,
            self.group,
            (self.tile_sort, *self._pins()),
            (self.table_sort, self.table_desc),
        )
        tiles, tiles_moved = self._arrange("tiles", tiles_at_hand, tiles)
        table, table_moved = self._arrange("table", tiles_at_hand, table)
        self._set_changed(tile_order=tiles, table_order=table, searched=searched)
        self._set_changed(tiles_moved=tiles_moved, table_moved=table_moved)
        partial = self._tile_set is not None and (
            tile_set.truncated or tile_set.selection.words != ""
        )
        self._set_tally(tiles_at_hand, counts, len(tiles), partial=partial)

    async def _read_tiles(self) -> None:
        """Read the selected tiles, and show them or the error."""
        started = time.monotonic()
        async with self:
            selection = self._selection()
        window = selection.window
        try:
            now = runtime.current()
            snapshot = await now.feed.refresh(await now.tiles.shared(selection))
            tile_set = snapshot.tile_set
        except Exception as error:
            if not isinstance(error, KsysError):
                log.logger.exception("loading %s", window.label)
            async with self:
                if self._is_selected(selection):
                    self._fail(error)
            return
        async with self:
            if self._is_selected(selection):
                self._show(tile_set, snapshot.seq)
        words, cached = selection.words or None, tile_set.error is not None
        log_load(window, words, started, len(tile_set.tiles), cache_hit=cached)
