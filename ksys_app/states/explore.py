"""The state of ``/explore``: the selected tags and time, and the layout (PRD §33.5).

The browser fetches the series itself. The state holds the selection, which is also in the address.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final, get_args

import reflex as rx

from ksys_app.domain.compare import compared
from ksys_app.domain.ranges import Resolution, WrongRange
from ksys_app.domain.timefmt import epoch_ms
from ksys_app.domain.windows import parse_window
from ksys_app.errors import BadParameter, KsysError, UnknownTag
from ksys_app.models.message import Message
from ksys_app.services import runtime
from ksys_app.services.periods import read_period
from ksys_app.services.several import SeveralSeries, comparison_of, read_several
from ksys_app.services.tags import existing_tags, first_tag
from ksys_app.states import explore_link as address
from ksys_app.states.base import BaseState
from ksys_app.states.followed import FollowedState
from ksys_app.states.loading import NO_PROBLEM
from ksys_app.states.series_link import parse_zoom, valid_zoom, zoom_text
from ksys_app.states.views import names_text, page_link, tag_facts
from ksys_app.states.windowed import log_load

# The browser requests the same columns, so the cache has its answer already.
FIGURES: Final = ("avg", "min", "max")
RESOLUTIONS: Final = ("", *get_args(Resolution))


class ExploreState(FollowedState, BaseState):
    """Up to nine tags over a window or a range."""

    tags: list[str] = []
    hidden: list[str] = []
    # Tags of the address that do not exist. They are not shown.
    missing: list[str] = []
    layout: str = "one"
    compare: str = ""
    difference: bool = False
    compare_problem: Message = Message()
    bucket: str = ""
    part: list[int] = []
    tool: str = "stats"
    relation: dict[str, str | int] = {}
    # The query parameters of the shown time, for the parts of the page that fetch data.
    time_query: str = ""
    # Title, unit and range of each tag that has a rule, by tag.
    facts: dict[str, dict[str, Any]] = {}
    saved_tags: str = rx.LocalStorage("", name="ksys.tags")

    _path: ClassVar[str] = "/explore"
    _window_var: ClassVar[str] = "saved_span"

    @rx.event(background=True, supersedes=True)
    async def load_explore(self) -> AsyncIterator[Any]:
        """Read the selection from the address, show it, then follow it while live."""
        if await self._start_page():
            await self._load()
            yield ExploreState.follow

    @rx.event
    def choose_tags(self, tags: list[str]) -> Any:
        """Show these tags in this order, nine at most."""
        return self._select_tags(tags)

    @rx.event
    def add_tag(self, tag: str) -> Any:
        """Show one more tag."""
        if self._is_bad_address():
            return self._select_tags([tag])
        if len(self.tags) >= address.MOST_TAGS:
            return None
        return self._select_tags([*self.tags, tag])

    @rx.event
    def hide(self, tags: list[str]) -> None:
        """Hide these tags in the chart, and draw the other ones."""
        self.hidden = [tag for tag in self.tags if tag in {*tags}]
        self._update_links()

    @rx.event
    def choose_layout(self, name: str) -> None:
        """Show ``one`` chart for all tags, or ``panels``, one chart for each unit."""
        self.layout = address.choice_of(name, address.LAYOUTS)
        self._update_links()

    @rx.event
    def choose_compare(self, other: str) -> Any:
        """Compare with ``previous`` or the text of a start; "" for none. Wrong text is refused."""
        other = other.strip()[: address.MAX_TEXT]
        try:
            if other:
                span = self._parse(*self._range_texts())
                compared(span, other, self._clock(), runtime.current().zone)
        except WrongRange as error:
            self.compare_problem = error.sentence
            return None
        self.compare, self.compare_problem = other, Message()
        return self._load_selection()

    @rx.event
    def choose_difference(self, shown: bool) -> None:
        """Show or hide the difference between each tag and its compared time."""
        self.difference = shown is True
        self._update_links()

    @rx.event
    def choose_bucket(self, name: str) -> Any:
        """Select the bucket width; an empty text selects the width that fits the period."""
        self.bucket = address.choice_of(name, RESOLUTIONS)
        return self._load_selection()

    @rx.event
    def set_part(self, part: list[int]) -> None:
        """Select a part of the period for statistics; an empty list clears the part."""
        self.part = valid_zoom(part)
        self._update_links()

    @rx.event
    def choose_tool(self, name: str) -> None:
        """Select the tool below the chart."""
        self.tool = address.choice_of(name, address.TOOLS)
        self._update_links()

    @rx.event
    def choose_relation(self, rel: str, x: str, y: str, lag: int) -> None:
        """Select the relation that is shown, its tags and its lag."""
        query = {"rel": rel, "x": x, "y": y, "lag": str(lag)}
        self._set_changed(relation=address.relation(query, self.tags))
        self._update_links()

    def _select_tags(self, tags: list[str]) -> Any:
        chosen = address.valid_tags(tags)
        if not chosen or chosen == self.tags:
            return None
        same = {*chosen} == {*self.tags}
        self.missing = []
        self._set_tags(chosen)
        if not same:
            return self._load_selection()
        # Only the order has changed, so the answer still fits the selection.
        self._answer_selection = self._selection()
        self._update_links()
        return None

    def _set_tags(self, tags: list[str]) -> None:
        self.tags = tags
        self.saved_tags = names_text(tags)
        self._set_changed(hidden=[tag for tag in self.hidden if tag in tags])
        query = {key: str(value) for key, value in self.relation.items()}
        self._set_changed(relation=address.relation(query, tags))

    def _reset_view(self) -> None:
        self._set_changed(zoom=[], part=[], bucket="")

    def _selection(self) -> tuple[Any, ...]:
        return (*self.tags, "", self.window, self.start, self.end, self.bucket, self.compare)

    def _selected_bucket(self) -> Resolution | None:
        return self.bucket or None  # type: ignore[return-value]

    def _clear_data(self) -> None:
        self._answer_selection = ()

    def _load_selection(self) -> Any:
        self._update_links()
        self.is_loading = True
        return ExploreState.show

    def _update_links(self) -> None:
        self.link = self._link()
        time_query = page_link("", self._period_params() | {"bucket": self.bucket})
        self._set_changed(time_query=time_query.removeprefix("?"))
        self._set_finer()

    def _link(self) -> str:
        """The address of the page with all selected values that are not defaults."""
        values = {
            "bucket": self.bucket,
            "compare": self.compare,
            "diff": "1" if self.difference else "",
            "layout": self.layout,
            "hide": names_text(self.hidden),
            "zoom": zoom_text(self.zoom),
            "part": zoom_text(self.part),
            "tool": self.tool,
            **{key: str(value) for key, value in self.relation.items()},
        }
        first = {"tags": names_text(self.tags)} | self._period_params()
        return page_link(self._path, first | address.without_defaults(values))

    def _read_selection(self) -> None:
        """Set the selection from the address; without tags, use the last tags of this browser.

        Raises:
            BadParameter: the address has an invalid range, window or bucket width.
        """
        query = self._query()
        self.missing = []
        self._read_period()
        if query.get("bucket", "") not in RESOLUTIONS:
            raise BadParameter(Message("errors.bucket_unknown", {"bucket": query["bucket"][:20]}))
        self.bucket = query.get("bucket", "")
        self.compare = query.get("compare", "")[: address.MAX_TEXT]
        self.difference = query.get("diff", "") == "1"
        self._set_tags(address.tags_in(query.get("tags") or self.saved_tags))
        self.hidden = [t for t in self.tags if t in address.tags_in(query.get("hide", ""))]
        self.layout = address.choice_of(query.get("layout", ""), address.LAYOUTS)
        self.zoom, self.part = (parse_zoom(query.get(name, "")) for name in ("zoom", "part"))
        self.tool = address.choice_of(query.get("tool", ""), address.TOOLS)
        self._set_changed(relation=address.relation(query, self.tags))

    async def _start_page(self) -> bool:
        """Set the selection from the address; without tags, use the last or the first tag.

        Returns:
            Whether there is a tag to show.
        """
        async with self:
            if not self._apply_address():
                return False
            tags = self.tags or ([self._last_tag()] if self._last_tag() else [])
        try:
            tags = tags or [tag for tag in [await first_tag()] if tag]
        except KsysError as error:
            async with self:
                self._fail(error)
            return False
        async with self:
            if not tags:
                self._succeed(empty=True)
                return False
            self.tags = tags
            self._update_links()
        return True

    async def _load(self, *, fresh: bool = False) -> None:
        started = time.monotonic()
        async with self:
            self.is_loading = True
            selection, tags = self._selection(), list(self.tags)
            period_args = parse_window(self.window), self.start or None, self.end or None
            bucket, compare = self.bucket or None, self.compare or None
        try:
            period = await read_period(*period_args, bucket, as_range=compare is not None)  # type: ignore[arg-type]
            comparison = await comparison_of(period, compare)
            series = await read_several(tags, period, FIGURES, comparison, fresh=fresh)
        except KsysError as error:
            return await self._show_existing_tags(error, tags, selection)
        async with self:
            if self._selection() == selection:
                self._show(series)
        answer = series.answer
        log_load(period, ",".join(tags), started, answer.rowcount, cache_hit=answer.cache_hit)

    async def _show_existing_tags(
        self, error: KsysError, tags: list[str], selection: tuple[Any, ...]
    ) -> None:
        """If tags do not exist, show the other ones; for any other error, show the error."""
        existing = tags
        if isinstance(error, UnknownTag):
            try:
                existing = await existing_tags(tags)
            except KsysError as failure:
                # The database can be lost after the first read.
                error = failure
        async with self:
            if self._selection() != selection:
                return
            if existing in ([], tags):
                return self._fail(error)
            self.missing = [tag for tag in tags if tag not in existing]
            self._set_tags(existing)
            self._update_links()
        await self._load()

    def _drop_bad_selection(self) -> None:
        self.bucket, self.compare, self.problem = "", "", NO_PROBLEM

    def _show(self, series: SeveralSeries) -> None:
        answer = series.answer
        self._set_ends(self._period())
        self._caption_days(series.days)
        self.link = self._link()
        self._set_answer(self._selection(), answer.fetched_ms)
        self._set_changed(facts=tag_facts(series))
        if answer.rows:
            self.db_now_ms = epoch_ms(answer.rows[0].now)
        self.updated_ms = answer.fetched_ms
        if answer.error is None:
            self._succeed(empty=False)
        else:
            self._fail(answer.error)
