"""The state of ``/``: what is selected, and the newest snapshot of it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import reflex as rx

from ksys_app import log, runtime, texts
from ksys_app.domain import ordering
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import Window, parse_window
from ksys_app.errors import KsysError
from ksys_app.live import Snapshot
from ksys_app.models.tiles import Tile
from ksys_app.models.views import DetailView, TileView
from ksys_app.states.base import BaseState
from ksys_app.states.detail import load_detail
from ksys_app.states.present import page_link, tile_view
from ksys_app.states.windowed import WindowedState
from ksys_app.tile_source import TileSet

MAX_PINS: Final = 50
SORTS: Final = ("name", "worst")


class DashboardState(WindowedState, BaseState):
    """Tiles and snapshot table of one window."""

    kpi_rows: list[TileView] = []
    tile_order: list[int] = []
    table_order: list[int] = []
    delta_caption: str = ""
    tag_filter: str = ""
    table_sort: str = "tag"
    table_desc: bool = False
    tile_sort: str = "name"
    truncated: bool = False
    detail_open: bool = False
    detail_loading: bool = False
    detail: DetailView = DetailView()
    saved_sort: str = rx.LocalStorage("", name="ksys.sort")
    saved_pins: str = rx.LocalStorage("[]", name="ksys.pins")

    _tiles: tuple[Tile, ...] = ()
    _tiles_of: str = ""

    @rx.event(background=True, supersedes=True)
    async def load(self) -> AsyncIterator[Any]:
        """Read the selection from the URL, show its tiles, then follow them while live."""
        async with self:
            try:
                self._fill_footer()
                window = self._read_selection()
            except KsysError as error:
                self.link = ""
                self._fail(error)
                return
            self._begin()
        await _fetch(self, window)
        yield DashboardState.follow_feed

    @rx.event
    def start_realtime(self) -> Any:
        """Live: follow the feed from now on."""
        self.realtime_mode = True
        return DashboardState.follow_feed

    @rx.event(background=True, supersedes=True)
    async def follow_feed(self) -> None:
        """Show each snapshot of the live feed until paused, superseded or gone."""
        async with self:
            window = parse_window(self.window)
            if not self.realtime_mode:
                return
        async with runtime.current().feed.subscribe(window) as subscription:
            while True:
                snapshot = await subscription.next()
                async with self:
                    if not self._watches(window):
                        return
                    self._follow(snapshot)

    @rx.event(background=True, supersedes=True)
    async def refresh(self) -> None:
        """Ask the database now."""
        async with self:
            self.is_loading = True
            window = parse_window(self.window)
        await _fetch(self, window)

    @rx.event
    def set_tag_filter(self, text: str) -> None:
        """Show only tags that hold every word of ``text``."""
        self.tag_filter = ordering.clean_filter(str(text))
        self._order()
        self.link = self._link()
        log.event("tag_filter_ok", tag=self.tag_filter or None, rowcount=len(self.tile_order))

    @rx.event
    def set_tile_sort(self, value: str) -> None:
        """``worst`` first or by ``name``."""
        if value not in SORTS:
            return
        self.tile_sort = self.saved_sort = value
        self._order()
        self.link = self._link()

    @rx.event
    def sort_table(self, column: str) -> None:
        """Sort the table by a column; the same column again turns the order round."""
        if column not in ordering.COLUMNS:
            return
        self.table_desc = not self.table_desc if column == self.table_sort else False
        self.table_sort = column
        self._order()

    @rx.event
    def toggle_pin(self, tag: str) -> None:
        """Keep a tag in front, or no longer; kept in this browser."""
        pins = self._pins()
        if tag in pins:
            pins.remove(tag)
        elif len(pins) < MAX_PINS and any(tile.title == tag for tile in self._tiles):
            pins.append(tag)
        self.saved_pins = json.dumps(pins, ensure_ascii=False)
        self._place()

    @rx.event(background=True, supersedes=True)
    async def open_detail(self, tag: str) -> None:
        """Open the detail of a tag: its rule, newest samples and features."""
        async with self:
            tile = next((tile for tile in self._tiles if tile.title == tag), None)
            if tile is None:
                return
            self.detail = DetailView(title=tile.title)
            self.detail_open = self.detail_loading = True
        try:
            detail = await load_detail(tile, runtime.current().zone)
        except KsysError as error:
            detail = DetailView(title=tile.title, note=error.message)
        async with self:
            self.detail, self.detail_loading = detail, False

    @rx.event
    def close_detail(self) -> None:
        """Close the detail."""
        self.detail_open = False

    def _watches(self, window: Window) -> bool:
        """Whether this tab still shows ``window`` live: a loop outlives the page that began it."""
        return self._open_in("/") and self.realtime_mode and self.window == window.label

    def _holds_data(self) -> bool:
        return bool(self._tiles) and self._tiles_of == self.window

    def _drop(self) -> None:
        self._tiles = ()
        self._place()

    def _link(self) -> str:
        selection = {"window": self.window, "tag": self.tag_filter, "sort": self.tile_sort}
        return page_link("/", selection)

    def _chosen(self) -> list[Any]:
        """Load what is selected, and follow it while live."""
        self.link = self._link()
        return [DashboardState.refresh, DashboardState.follow_feed]

    def _select_window(self, window: Window) -> None:
        super()._select_window(window)
        self.delta_caption = texts.delta_caption(window)

    def _read_selection(self) -> Window:
        """Take window, filter and order from the URL, else from this browser's last ones."""
        query = self._query()
        window = self._read_window()
        self._select_window(window)
        self.tag_filter = ordering.clean_filter(query.get("tag", ""))
        sort = query.get("sort") or self.saved_sort
        self.tile_sort = sort if sort in SORTS else SORTS[0]
        self.link = self._link()
        return window

    def _pins(self) -> list[str]:
        try:
            pins = json.loads(self.saved_pins or "[]")
        except ValueError:
            return []
        return [str(tag) for tag in pins][:MAX_PINS] if isinstance(pins, list) else []

    def _show(self, tile_set: TileSet) -> None:
        """Show ``tile_set``; the newest first time counts, whoever fetched it."""
        self.tick_s = round(runtime.current().feed.interval)
        self.truncated = tile_set.truncated
        self._tiles, self._tiles_of = tile_set.tiles, tile_set.window.label
        self._place()
        if tile_set.db_now is not None:
            self.db_now_ms = epoch_ms(tile_set.db_now)
        self.updated_ms = tile_set.fetched_ms
        if tile_set.error is None:
            self._succeed(empty=not tile_set.tiles)
        else:
            self._fail(tile_set.error)

    def _follow(self, snapshot: Snapshot) -> None:
        if snapshot.error is None:
            self._show(snapshot.tile_set)
            return
        self._fail(snapshot.error, snapshot.failing_since_ms, snapshot.retry_in_s)

    def _place(self) -> None:
        pins = self._pins()
        rows = [tile_view(tile, pinned=tile.title in pins) for tile in self._tiles]
        if rows != self.kpi_rows:
            self.kpi_rows = rows
        self._order()

    def _order(self) -> None:
        tiles = ordering.tile_order(self._tiles, self.tag_filter, self.tile_sort, self._pins())
        table = ordering.table_order(self._tiles, self.tag_filter, self.table_sort, self.table_desc)
        if tiles != self.tile_order:
            self.tile_order = tiles
        if table != self.table_order:
            self.table_order = table


async def _fetch(state: DashboardState, window: Window) -> None:
    """Ask for the tiles of ``window`` outside the state's lock, and show them or what failed."""
    started = time.monotonic()
    try:
        tile_set = await runtime.current().tiles.load(window)
    except Exception as error:
        if not isinstance(error, KsysError):
            log.logger.exception("loading %s", window.label)
        async with state:
            state._fail(error)
        return
    async with state:
        state._show(tile_set)
    log.event(
        "dash_load_ok",
        range=window.label,
        view=window.view,
        rowcount=len(tile_set.tiles),
        dur_ms=(time.monotonic() - started) * 1000,
        cache_hit=tile_set.error is not None,
    )
