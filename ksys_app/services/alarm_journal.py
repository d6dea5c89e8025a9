"""The journal of alarms for pages, programs and files (PRD §32.6)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksys_app.errors import DatabaseTimeout, PayloadBloat
from ksys_app.models.alarm_rows import JournalKey, JournalRow
from ksys_app.models.message import Message
from ksys_app.queries import alarm_journal
from ksys_app.queries.alarm_journal import JournalFilter as JournalFilter
from ksys_app.queries.export import clock
from ksys_app.services import runtime

DEFAULT_SPAN: Final = timedelta(days=30)
"""The journal begins so long before its end, if no beginning is requested."""
MOST_IN_FILE: Final = 200_000
"""Most rows of a file."""
SLICE: Final = 2_000


@dataclass(frozen=True, slots=True)
class JournalPage:
    """A page of the journal.

    Attributes:
        rows: the rows in the requested order.
        next: the key after which the next page begins, None at the end.
    """

    rows: Sequence[JournalRow]
    next: JournalKey | None


async def default_range(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The time range with its defaults: 30 days until now, by the database's clock.

    An alarm may be a moment ahead of the clock of the database, so now is a minute later.
    """
    until = await clock() + timedelta(minutes=1) if end is None else end
    return (until - DEFAULT_SPAN if start is None else start), until


async def read_page(
    wanted: JournalFilter, after: JournalKey | None, limit: int, *, newest_first: bool = True
) -> JournalPage:
    """A page of the journal.

    Raises:
        KsysError: the database does not answer.
    """
    rows = await alarm_journal.page(wanted, after, limit + 1, newest_first=newest_first)
    more = len(rows) > limit
    return JournalPage(rows[:limit], rows[limit - 1].key if more else None)


async def read_all(
    wanted: JournalFilter, *, newest_first: bool = True
) -> AsyncIterator[Sequence[JournalRow]]:
    """All rows, ``SLICE`` at a time.

    Raises:
        PayloadBloat: there are more than ``MOST_IN_FILE``.
        DatabaseTimeout: reading them takes longer than the setting allows.
        KsysError: the database does not answer.
    """
    remaining_s = allowed_s = runtime.current().settings.export_timeout_s
    count = await alarm_journal.count(wanted, MOST_IN_FILE + 1, remaining_s)
    if count > MOST_IN_FILE:
        raise PayloadBloat(Message("errors.journal_long", {"most": MOST_IN_FILE}))
    after: JournalKey | None = None
    while True:
        if remaining_s <= 0:
            raise DatabaseTimeout(Message("errors.journal_slow", {"seconds": f"{allowed_s:g}"}))
        started = time.monotonic()
        rows = await alarm_journal.page(
            wanted, after, SLICE, newest_first=newest_first, timeout_s=remaining_s
        )
        remaining_s -= time.monotonic() - started
        yield rows
        if len(rows) < SLICE:
            return
        after = rows[-1].key
