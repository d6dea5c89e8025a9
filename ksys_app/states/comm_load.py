"""How ``/comm`` gets what is selected, from the cache or the database (PRD §28.3)."""

from __future__ import annotations

import time
from typing import Any

from ksys_app import log, runtime
from ksys_app.errors import DatabaseTimeout, DatabaseUnreachable, KsysError
from ksys_app.queries.qc import qc_rules
from ksys_app.queries.tags import known_tags
from ksys_app.states import comm_address as address


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
    try:
        source = runtime.current().comm
        days, now = await source.calendar(start)
        names = [tag.tag_name for tag in (await known_tags()).rows]
        async with state:
            tags, view = state._settle(names, days, now), state.view
            if not names:
                state._drop()
                state._succeed(empty=True)
                return False
        if view == "overview":
            overview = await source.overview(days, fresh=fresh)
            async with state:
                state._show_overview(overview)
            count, hit, error = len(overview.rows), overview.cache_hit, overview.error
        else:
            reports = [await source.report(tag, days, fresh=fresh) for tag in tags]
            rules = {rule.tag_name: rule for rule in (await qc_rules()).rows}
            async with state:
                state._show(reports, rules)
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
