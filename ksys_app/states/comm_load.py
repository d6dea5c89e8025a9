"""How ``/comm`` gets what is selected, from the cache or the database (PRD §28.3)."""

from __future__ import annotations

import time
from typing import Any

from ksys_app import log
from ksys_app.domain.names import shown
from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable, KsysError, UnknownTag
from ksys_app.queries.tags import known_tags, tag_exists
from ksys_app.services import runtime
from ksys_app.states import comm_address as address


async def _known(wanted: list[str], last: str) -> list[str]:
    """The tags wanted, else the last one of this browser, else the first by name; none of none.

    Raises:
        UnknownTag: one that is wanted is not known, and others are.
    """
    first = [tag.tag_name for tag in (await known_tags()).rows[:1]]
    for tag in wanted:
        if first and not await tag_exists(tag):
            raise UnknownTag(f"no tag is named {shown(tag)}; choose another one")
    if not wanted and last and await tag_exists(last):
        return [last]
    return wanted if wanted and first else first


async def fetch(state: Any, pause: float) -> bool:
    """Ask for what is selected outside the state's lock, and show it or what failed.

    Returns:
        Whether the database is away, so that it should be asked again after ``pause`` seconds.
    """
    started = time.monotonic()
    async with state:
        # While it is tried again the page goes on saying what is wrong.
        state.is_loading = True
        if not state.problem.code:
            state._begin()
        fresh, state._fresh = state._fresh, False
        start = None if state._recent or not state.start_date else address.day(state.start_date)
        wanted, last = list(state.tag_names), state._last_tag()
    try:
        source = runtime.current().comm
        days, now = await source.calendar(start)
        known = await _known(wanted, last)
        async with state:
            tags, view, search = state._settle(known, days, now), state.view, state.search
            if not tags:
                state._drop()
                state._succeed(empty=True)
                return False
        if view == "overview":
            overview = await source.overview(days, search, fresh=fresh)
            alive, asked = await source.alive([row.tag_name for row in overview.rows])
            async with state:
                state._show_overview(overview, alive, asked.fetched_ms, now)
            count, hit, error = len(overview.rows), overview.cache_hit, overview.error
        else:
            reports = [await source.report(tag, days, fresh=fresh) for tag in tags]
            alive, asked = await source.alive(tags)
            async with state:
                state._show(reports, alive, asked.fetched_ms)
            answers = [report.answer for report in reports]
            count, hit = sum(len(one.cells) for one in reports), all(a.cache_hit for a in answers)
            error = next((answer.error for answer in answers if answer.error is not None), None)
        if error is not None:
            raise error
    except Exception as error:
        away = isinstance(error, DatabaseUnreachable | DatabaseTimeout)
        if not isinstance(error, KsysError):
            log.logger.exception("loading /comm")
        async with state:
            state._fail(error, retry_in_s=pause if away else 0.0)
        return away
    log.event(
        "comm_load_ok",
        range=days.start,
        tag=" ".join(tags) if view == "hours" else None,
        view="comm_recv_1h",
        rowcount=count,
        dur_ms=(time.monotonic() - started) * 1000,
        cache_hit=hit,
    )
    return False


async def look(state: Any) -> bool:
    """Show which of the tags are alive now; whether that is known, and nothing else is wrong."""
    async with state:
        tags = state._watched()
    try:
        alive, answer = await runtime.current().comm.alive(tags)
    except KsysError:
        return False
    async with state:
        state._show_alive(alive, answer.fetched_ms)
        return answer.error is None and (not state.problem.code or state._asked_wrong())
