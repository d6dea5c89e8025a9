"""The state that ``/trend`` and ``/tech`` share: the series of one tag over a window or a range.

The chart fetches its columns itself. The state holds the selection and one page of the table.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

import reflex as rx

from ksys_app import log
from ksys_app.domain import names
from ksys_app.domain.indicators import Band
from ksys_app.domain.kpi import series_decimals
from ksys_app.domain.paging import page
from ksys_app.errors import KsysError
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.series import SeriesQuery, TagSeries, read_tag
from ksys_app.services.tags import first_tag
from ksys_app.states import series_link as address
from ksys_app.states.current_tag import CurrentTag
from ksys_app.states.followed import FollowedState
from ksys_app.states.series_empty import answer_time, empty_texts
from ksys_app.states.series_table import SeriesTable, Table, means_only
from ksys_app.states.standing import standing_list
from ksys_app.states.views import drawn_limits, names_text, page_link
from ksys_app.states.windowed import log_load


class SeriesState(CurrentTag, SeriesTable, FollowedState, mixin=True):
    """One tag, its period, the shown series of the chart, and one page of the table."""

    places: int = 2
    limits: dict[str, float] = {}
    url: str = ""
    csv_url: str = ""
    csv_zoom_url: str = ""
    # The address of the same tag and period on /explore.
    explore_url: str = ""
    shown: list[str] = []
    # Whether the tag is calculated, so that its buckets have neither ends nor a number of samples.
    means_only: bool = False
    empty_why: Message = Message()
    empty_do: Message = Message()

    # Each page stores its own shown series in the browser.
    saved_series: str = ""

    # The rows that the chart draws, and the series that a person can switch on and off.
    _chart: ClassVar[Table]
    _series: ClassVar[tuple[str, ...]] = ()
    _window_var: ClassVar[str] = "saved_span"

    @rx.event
    def choose_tag(self, tag: str) -> Any:
        """Show another tag."""
        if names.lookup_flaw(tag) is not None or tag == self.tag:
            return None
        self._set_tag(tag)
        self.saved_tag = tag
        self._reset_view()
        log.event("tag_filter_ok", range=self.window, tag=tag)
        return self._load_selection()

    @rx.event
    def toggle_series(self, key: str) -> None:
        """Switch a series of the chart on or off."""
        if key not in self._series:
            return
        switched_on = {*self.shown} ^ {key}
        self.shown = [series for series in self._series if series in switched_on]
        self.saved_series = address.series_text(self.shown, self._series)
        self.link = self._link()
        log.event(
            "overlay_toggle", range=self.window, tag=self.tag, series=key, on=key in switched_on
        )

    @rx.event
    def go_to(self, number: int) -> Any:
        """Show another page of the table."""
        self._set_page(page(self.total, number).number)
        self.link = self._link()
        return self.__class__.show

    @rx.event(background=True, supersedes=True)
    async def find_row(self, ms: int) -> None:
        """Show the page of the table that has the row of a time, and mark the row."""
        async with self:
            self.found_ms = ms
        await self._load(find=True)

    def _reset_view(self) -> None:
        """Show the whole period and the first page of the table, for another series."""
        self.zoom = []
        self._set_page(1)

    def _selection(self) -> tuple[str, ...]:
        """All selected values that the rows of the table depend on."""
        return (self.tag, self.window, self.start, self.end)

    def _clear_data(self) -> None:
        self._clear_rows()
        self._answer_selection = ()

    def _load_selection(self) -> Any:
        """Set the address of the chart at once, and return the event that loads the table."""
        self._update_links()
        self.is_loading = True
        return self.__class__.show

    def _update_links(self) -> None:
        self.link = self._link()
        self.url = address.chart_url(self._chart.endpoint, self._chart_params())
        self.csv_url = address.file_url(self._table().kind, self._chart_params())
        self.csv_zoom_url = address.zoom_url(
            self._table().kind, self._chart_params(), self.zoom, self._bucket
        )
        beside = {"tags": names_text([self.tag]), "zoom": address.zoom_text(self.zoom)}
        self._set_changed(explore_url=page_link("/explore", beside | self._period_params()))
        self._set_finer()

    def _table(self) -> Table:
        """The rows and columns that the table shows."""
        return self._chart

    def _band(self) -> Band:
        """The selected kind of bands."""
        return "plant"

    def _chart_params(self) -> dict[str, str]:
        """The query parameters of the chart's request."""
        return {"tag": self.tag, **self._period_params()}

    def _link(self) -> str:
        """The address of the page with all selected values that are not defaults."""
        view_params = address.view_params(self.shown, self._series, self.zoom, self.page)
        return page_link(self._path, self._chart_params() | view_params)

    def _read_selection(self) -> None:
        """Set the selection from the address, else from the last one of this browser.

        Raises:
            BadParameter: the address has an invalid window, range or tag name.
        """
        query = self._query()
        tag = query.get("tag")
        self._set_tag(address.valid_tag(tag) if tag else self._last_tag() or self.tag)
        self._read_period()
        self.zoom = address.parse_zoom(query.get("zoom", ""))
        self.shown = address.valid_series(query.get("series") or self.saved_series, self._series)
        self.page, self._until_ms = address.valid_page(query.get("page", "")), 0

    async def _start_page(self) -> bool:
        """Set the selection from the address; without a tag, use the first tag.

        Returns:
            Whether there is a tag to show.
        """
        async with self:
            if not self._apply_address():
                return False
            tag = self.tag
            if "tag" in self._query() and {"window", "to"} & self._query().keys():
                # Set the link at once, because a person may press Back before the answer arrives.
                self.link = self._link()
        try:
            first = tag or await first_tag()
        except KsysError as error:
            async with self:
                self._fail(error)
            return False
        async with self:
            self._set_tag(first)
            # Do not store a tag that the page chose itself: /comm would show it, not the worst tag.
            self.saved_tag = tag or self.saved_tag
            if first:
                self._update_links()
            else:
                self._succeed(empty=True)
        return bool(first)

    async def _load(self, *, find: bool = False, fresh: bool = False) -> None:
        """Read the selection, and show the answer or the error.

        If the selection has changed meanwhile, nothing is shown.

        Args:
            find: show the page of the table that has the row of ``found_ms``.
            fresh: read from the database even if the cache has an answer.
        """
        started = time.monotonic()
        async with self:
            self.is_loading = True
            selection, tag = self._selection(), self.tag
            try:
                period = self._period()
            except KsysError as error:
                return self._fail(error)
            chart = SeriesQuery(self._chart.kind, period, tag, self._band())
            table = SeriesQuery(self._table().kind, period, tag, self._band())
        try:
            series = await read_tag(chart, table, tag, fresh=fresh)
        except Exception as error:
            if not isinstance(error, KsysError):
                log.logger.exception("loading %s of %s", period.label, tag)
            async with self:
                if self._selection() == selection:
                    self._fail(error)
            return
        async with self:
            if self._selection() == selection:
                self._show(series, find=find)
        log_load(period, tag, started, series.table.rowcount, cache_hit=series.table.cache_hit)

    def _show(self, series: TagSeries, *, find: bool) -> None:
        rule, answer, zone = series.rule, series.table, runtime.current().zone
        chart, period = series.chart.answer, series.chart.query.window
        self._set_rule(rule, None if series.now is None else standing_list(series.now, rule))
        self.places = series_decimals(rule, chart.rows)
        self.limits = drawn_limits(rule)
        self._set_ends(period)
        self._caption_days(series.chart.days)
        self.means_only = means_only(chart.rows)
        columns = self._table().columns_of(means_only=self.means_only)
        self._show_rows(answer.rows, columns, self.places, find=find)
        self.link = self._link()
        fetched_at = answer_time(chart.fetched_ms)
        if answer.rows:
            self.empty_why, self.empty_do = Message(), Message()
        elif series.refused is not None:
            self.empty_why, self.empty_do = series.refused, Message()
        else:
            tag = None if chart.rows else series.chart.tag_without_rows
            self.empty_why, self.empty_do = empty_texts(tag, period, fetched_at, zone)
        self._set_answer(self._selection(), chart.fetched_ms)
        self._set_clock(series)
        if answer.error is None:
            self._succeed(empty=False)
        else:
            self._fail(answer.error)
