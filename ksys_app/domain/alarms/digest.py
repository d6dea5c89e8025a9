"""Groups messages that are sent together; retries or gives up failed messages (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from ksys_app.models.notify import Routes, Waiting

PAUSE: Final = timedelta(seconds=60)
"""A recipient of a route with a digest gets at most one message in this time."""
GIVE_UP: Final = timedelta(hours=24)
FIRST_RETRY: Final = timedelta(seconds=10)
LAST_RETRY: Final = timedelta(minutes=15)


def batches(
    rows: Iterable[Waiting], routes: Routes, last_sent: Mapping[str, datetime], now: datetime
) -> list[list[Waiting]]:
    """The messages to send now, grouped by recipient. Messages of a pause are left for later.

    Args:
        rows: the messages that are due and needed, in order.
        routes: all routes, among them those of ``rows``.
        last_sent: recipient to the time of the last message to it.
        now: the database's clock.
    """
    found: list[list[Waiting]] = []
    together: dict[str, list[Waiting]] = {}
    for row in rows:
        if not routes.routes[row.route].digest:
            found.append([row])
            continue
        last = last_sent.get(row.recipient)
        if last is not None and now - last < PAUSE:
            continue
        if row.recipient not in together:
            together[row.recipient] = []
            found.append(together[row.recipient])
        together[row.recipient].append(row)
    return found


def next_try(attempt: int, now: datetime) -> datetime:
    """When to try again after ``attempt`` failures: 10 s, 20 s, 40 s, at most 15 min."""
    wait: timedelta = FIRST_RETRY * 2 ** min(attempt - 1, 10)
    return now + min(wait, LAST_RETRY)


def given_up(row: Waiting, now: datetime) -> bool:
    """Whether a message that failed again is not retried."""
    return now - row.wanted_at >= GIVE_UP
