"""Loads what a page of a tag's course shows, outside the state's lock."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from ksys_app import log
from ksys_app.domain.names import shown
from ksys_app.domain.windows import Window, parse_window
from ksys_app.errors import KsysError, UnknownTag
from ksys_app.models.rows import QcRule, Tag
from ksys_app.models.views import Standing
from ksys_app.queries.aggregates import days_of
from ksys_app.queries.qc import rules_by_tag
from ksys_app.queries.tags import find_tag, known_tags
from ksys_app.states.standing_load import read_standing
from ksys_app.utils.cache import Answer


class Ask(Protocol):
    """A query of a tag's course."""

    def __call__(
        self, tag_name: str, window: Window, *, fresh: bool = False
    ) -> Awaitable[Answer[Any]]:
        """Its rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a chart or a table shows.

    Attributes:
        kind: how the export names them.
        endpoint: where the chart asks for their columns, under ``/api/v1/``.
        columns: the figures of a row, in order.
        ask: the rows of a tag in a window, ascending; ``fresh``: not those that are kept.
    """

    kind: str
    endpoint: str
    columns: tuple[str, ...]
    ask: Ask


@dataclass(frozen=True, slots=True)
class Course:
    """What the database says of a tag in a window: the chart's rows, the table's, the rule.

    ``known`` is the tag itself where the chart has no rows; ``days`` the zone whose days its rows
    are, if they are days; ``standing`` how the tag stands now, None where that cannot be asked.
    """

    chart: Answer[Any]
    answer: Answer[Any]
    columns: tuple[str, ...]
    rule: QcRule | None
    known: Tag | None
    days: str | None = None
    standing: list[Standing] | None = None


async def begin(state: Any) -> bool:
    """Take the selection from the link, the first tag where it names none; whether there is one."""
    async with state:
        try:
            state._fill_footer()
            state._read_address()
            state._read_selection()
        except KsysError as error:
            state._fail(error)
            return False
        state._begin()
        tag = state.tag
        if {"tag", "window"} <= state._query().keys():
            # At once: Back may be pressed again before the answer has come.
            state.link = state._link()
    try:
        first = tag or next((known.tag_name for known in (await known_tags()).rows), "")
    except KsysError as error:
        async with state:
            state._fail(error)
        return False
    async with state:
        state._name(first)
        state.saved_tag = first
        if first:
            state._point()
        else:
            state._succeed(empty=True)
    return bool(first)


async def load(state: Any, *, find: bool = False, fresh: bool = False) -> None:
    """Ask for what is selected and show it, or what failed; a newer selection is left alone.

    Args:
        state: a :class:`~ksys_app.states.series.SeriesState`.
        find: whether to turn to the page that holds the time found.
        fresh: whether to ask the database even where an answer is kept.
    """
    started = time.monotonic()
    async with state:
        state.is_loading = True
        selection, tag, window = state._selection(), state.tag, parse_window(state.window)
        chart, table = state._chart(), state._table()
    try:
        course = await _ask(tag, window, chart, table, fresh)
    except Exception as error:
        if not isinstance(error, KsysError):
            log.logger.exception("loading %s of %s", window.label, tag)
        async with state:
            if state._selection() == selection:
                state._fail(error)
        return
    async with state:
        if state._selection() == selection:
            state._show(course, find=find)
    log.event(
        "dash_load_ok",
        range=window.label,
        tag=tag,
        view=window.view,
        rowcount=course.answer.rowcount,
        dur_ms=(time.monotonic() - started) * 1000,
        cache_hit=course.answer.cache_hit,
    )


async def _ask(tag: str, window: Window, chart: Table, table: Table, fresh: bool) -> Course:
    drawn = await chart.ask(tag, window, fresh=fresh)
    listed = drawn if table == chart else await table.ask(tag, window, fresh=fresh)
    known = None if drawn.rows else await find_tag(tag)
    if not drawn.rows and known is None:
        raise UnknownTag(f"no tag is named {shown(tag)}; choose another one")
    rule = (await rules_by_tag()).get(tag)
    now = await _standing(tag, window, rule)
    return Course(drawn, listed, table.columns, rule, known, await days_of(window), now)


async def _standing(tag: str, window: Window, rule: QcRule | None) -> list[Standing] | None:
    """How the tag stands; an answer that is kept of its course is shown without."""
    try:
        return await read_standing(tag, window, rule)
    except KsysError:
        return None
