"""Computes the alarms that proposed limits would have raised in the last days (PRD §32.9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ksys_app.domain.alarms.calculated import without_spike
from ksys_app.domain.alarms.times import SECOND, microseconds
from ksys_app.domain.kpi import active
from ksys_app.domain.rule_preview import (
    Judged,
    end,
    from_minutes,
    judge,
    not_in_minutes,
    summary,
)
from ksys_app.errors import BadParameter, RateLimited
from ksys_app.models.alarms import Condition
from ksys_app.models.limits import Edit, Limits
from ksys_app.models.message import Message
from ksys_app.models.rule_preview import Minutes, Preview, Summary
from ksys_app.queries import rule_preview as queries
from ksys_app.services.limits import edit, limits_of
from ksys_app.services.preview_source import source_of

MOST_DAYS: Final = 30
STRETCH: Final = timedelta(days=1)
MOST_SAMPLES: Final = 5_000_000
"""Most samples of one exact preview: 30 days with two samples a second."""
MOST_ALARMS: Final = 100_000
"""Limits with more alarms need no exact number, and a million would take half a gigabyte."""
# One exact preview at a time: a month of samples occupies a processor for some seconds.
_judging: Final = asyncio.Semaphore(1)


async def preview(proposed: Edit, days: int) -> Preview:
    """A preview from the minutes of the last days.

    Args:
        proposed: the proposed limits.
        days: how many days.

    Raises:
        BadParameter: the limits cannot be saved, and the error names each column; or the tag is
            calculated and cannot have alarms.
        PayloadBloat: the members of a calculated tag have too many samples.
        UnknownTag: the tag does not exist.
    """
    before, after = await _old_and_new(proposed)
    source = await source_of(proposed.tag_name)
    until = await queries.now()
    recent = await source.recent(until - timedelta(days=days), until)
    start, minutes = recent.start, recent.minutes
    both = await asyncio.to_thread(_approximate, before, after, minutes, start, until)
    not_judged = dict.fromkeys((*not_in_minutes(before.rule), *not_in_minutes(after.rule)))
    count, cut = len(minutes.at), not recent.complete
    return Preview(start, until, until, False, count, cut, *both, not_judged=tuple(not_judged))


async def exact(proposed: Edit, days: int) -> AsyncIterator[Preview]:
    """Previews from every sample of the last days: one after each day; the last one is complete.

    If the members of a calculated tag have very many samples, a preview follows each part of a day.

    Raises:
        RateLimited: another exact preview is running.
        KsysError: as :func:`preview`.
    """
    if _judging.locked():
        raise RateLimited(Message("errors.preview_busy"), 3)
    async with _judging:
        limits = await _old_and_new(proposed)
        source = await source_of(proposed.tag_name)
        machines = [judge(_without_spike(item) if source.calculated else item) for item in limits]
        spike = any(active(item.rule) and item.rule.spike_zscore is not None for item in limits)
        not_judged: tuple[Condition, ...] = ("SPIKE",) if source.calculated and spike else ()
        until = await queries.now()
        start = reached = until - timedelta(days=days)
        first_at: datetime | None = None
        count, full = 0, False
        both = Summary(), Summary()
        while reached < until and not full:
            to = min(reached + STRETCH, until)
            part = await source.part(reached, to, MOST_SAMPLES - count)
            if part is None:
                full = True
            else:
                count, full = count + part.count, part.full
                if first_at is None and part.first_us is not None:
                    first_at = start + timedelta(microseconds=part.first_us - microseconds(start))
                reached = part.reached
                both = await asyncio.to_thread(
                    _feed, machines, part.feed, first_at or start, reached
                )
                full = full or any(len(item.episodes) > MOST_ALARMS for item in machines)
            yield Preview(start, until, reached, True, count, full, *both, not_judged=not_judged)


def _without_spike(limits: Limits) -> Limits:
    """The limits of a calculated tag without the spike limit, which its alarms do not judge."""
    return replace(limits, rule=without_spike(limits.rule))


async def _old_and_new(proposed: Edit) -> tuple[Limits, Limits]:
    """The limits in force and the proposed limits.

    Raises:
        BadParameter: the proposed limits cannot be saved.
    """
    in_force = await limits_of(proposed.tag_name)
    (checked,) = await edit([proposed], None)
    if checked.faults:
        raise BadParameter(checked.faults[0].sentence, [checked])
    return in_force, checked.limits


def _approximate(
    before: Limits, after: Limits, minutes: Minutes, start: datetime, until: datetime
) -> tuple[Summary, Summary]:
    start_us, end_us = microseconds(start), microseconds(until)
    if minutes.at:
        start_us = max(start_us, minutes.at[0] * SECOND)
    first, second = (
        summary(from_minutes(limits, minutes, end_us), start_us, end_us)
        for limits in (before, after)
    )
    return first, second


def _feed(
    machines: Sequence[Judged], feed: Callable[[Judged], None], start: datetime, reached: datetime
) -> tuple[Summary, Summary]:
    for machine in machines:
        feed(machine)
        end(machine, microseconds(reached))
    first, second = (
        summary(machine.episodes, microseconds(start), microseconds(reached))
        for machine in machines
    )
    return first, second
