"""What proposed limits would have done over the last days (PRD §32.9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.alarms.times import SECOND, microseconds
from ksys_app.domain.rule_preview import (
    Judged,
    end,
    feed,
    from_minutes,
    judge,
    not_in_minutes,
    summary,
)
from ksys_app.errors import BadParameter, RateLimited
from ksys_app.models.limits import Edit, Limits
from ksys_app.models.message import Message
from ksys_app.models.rule_preview import Minutes, Preview, Samples, Summary
from ksys_app.queries import rule_preview as queries
from ksys_app.services.limits import edit, limits_of

MOST_DAYS: Final = 30
STRETCH: Final = timedelta(days=1)
MOST_SAMPLES: Final = 5_000_000
"""Samples that one exact preview judges: 30 days of two a second."""
MOST_ALARMS: Final = 100_000
"""Limits with more alarms need no exact number, and a million would take half a gigabyte."""
TIMEOUT_S: Final = 20.0
# One at a time: a month of samples takes a core for some seconds.
_judging: Final = asyncio.Semaphore(1)


async def preview(proposed: Edit, days: int) -> Preview:
    """What the minutes of the last days say, at once.

    Args:
        proposed: the proposed limits.
        days: how many days.

    Raises:
        BadParameter: the limits cannot be saved; the error names each column.
        UnknownTag: the tag does not exist.
    """
    before, after = await _both(proposed)
    until = await queries.now()
    start = until - timedelta(days=days)
    minutes = await queries.minutes(proposed.tag_name, start, until, TIMEOUT_S)
    both = await asyncio.to_thread(_approximate, before, after, minutes, start, until)
    unseen = dict.fromkeys((*not_in_minutes(before.rule), *not_in_minutes(after.rule)))
    return Preview(
        start, until, until, False, len(minutes.at), False, *both, not_judged=tuple(unseen)
    )


async def exact(proposed: Edit, days: int) -> AsyncIterator[Preview]:
    """What every sample of the last days says: a preview after each day, the last one complete.

    Raises:
        RateLimited: another exact preview is running.
        KsysError: as :func:`preview`.
    """
    if _judging.locked():
        raise RateLimited(Message("errors.preview_busy"), 3)
    async with _judging:
        limits = await _both(proposed)
        judged = [judge(one) for one in limits]
        until = await queries.now()
        start = reached = until - timedelta(days=days)
        first: datetime | None = None
        count, full = 0, False
        while reached < until and not full:
            to = min(reached + STRETCH, until)
            left = MOST_SAMPLES - count
            found = await queries.samples(proposed.tag_name, reached, to, left, TIMEOUT_S)
            count, full = count + len(found.at), len(found.at) >= left
            if first is None and found.at:
                first = start + timedelta(microseconds=found.at[0] - microseconds(start))
            reached = to
            both = await asyncio.to_thread(_more, judged, found, first or start, reached)
            full = full or any(len(one.episodes) > MOST_ALARMS for one in judged)
            yield Preview(start, until, reached, True, count, full, *both)


async def _both(proposed: Edit) -> tuple[Limits, Limits]:
    """The limits in force, and the proposed ones."""
    now = await limits_of(proposed.tag_name)
    (made,) = await edit([proposed], None)
    if made.faults:
        raise BadParameter(made.faults[0].said, [made])
    return now, made.limits


def _approximate(
    before: Limits, after: Limits, minutes: Minutes, start: datetime, until: datetime
) -> tuple[Summary, Summary]:
    start_us, end_us = microseconds(start), microseconds(until)
    if minutes.at:
        start_us = max(start_us, minutes.at[0] * SECOND)
    first, second = (
        summary(from_minutes(one, minutes, end_us), start_us, end_us) for one in (before, after)
    )
    return first, second


def _more(
    judged: Sequence[Judged], found: Samples, start: datetime, reached: datetime
) -> tuple[Summary, Summary]:
    for one in judged:
        feed(one, found)
        end(one, microseconds(reached))
    first, second = (
        summary(one.episodes, microseconds(start), microseconds(reached)) for one in judged
    )
    return first, second
