"""Reads what a preview of limits judges: samples of a tag or of a calculated tag's members."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from ksys_app.domain.alarms.calculated import Derived, Formula, formula_of
from ksys_app.domain.alarms.times import microseconds
from ksys_app.domain.calculated_preview import minutes_of
from ksys_app.domain.expressions.calculated import CalculatedTag
from ksys_app.domain.names import quoted_name
from ksys_app.domain.rule_preview import Judged, feed, feed_values
from ksys_app.errors import BadParameter, PayloadBloat
from ksys_app.models.message import Message
from ksys_app.models.rule_preview import Minutes, Samples
from ksys_app.queries import rule_preview as queries
from ksys_app.services.calculated import require_tags
from ksys_app.services.catalogue import find_calculated
from ksys_app.services.rules import rules_by_tag

TIMEOUT_S: Final = 20.0
DAY: Final = timedelta(days=1)
MOST_AT_ONCE: Final = 500_000
"""Most samples of the members of a calculated tag for one computation of its minutes."""
MOST_IN_MEMORY: Final = 1_000_000
"""Most samples of the members that an exact preview reads at once."""
SHORTEST: Final = timedelta(hours=1)
"""A range with too many samples is halved until it is shorter than this time."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest minutes from ``start`` on; ``complete``: they cover all of the requested time."""

    minutes: Minutes
    start: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The samples of a part of the requested time.

    Attributes:
        reached: the end of the part.
        count: number of samples that were read.
        first_us: time of the first value, microseconds since 1970; None if there is none.
        full: whether there are more samples than may be judged.
        feed: feeds the samples to a machine that judges them.
    """

    reached: datetime
    count: int
    first_us: int | None
    full: bool
    feed: Callable[[Judged], None]


class Source(Protocol):
    """Reads the samples of a tag for a preview."""

    calculated: bool

    async def recent(self, start: datetime, until: datetime) -> Recent:
        """The newest minutes of a time."""
        ...

    async def part(self, start: datetime, to: datetime, most: int) -> Part | None:
        """The samples from ``start`` to ``to`` at the latest; None if there are too many."""
        ...


async def source_of(tag: str) -> Source:
    """The source of samples for a preview of the limits of a tag.

    Raises:
        BadParameter: the tag is calculated and cannot have alarms.
        UnknownTag: a tag of its expression does not exist.
    """
    calculated = await find_calculated(tag)
    if calculated is None:
        return _Stored(tag)
    if not calculated.pointwise or not calculated.tags:
        key = "errors.preview_over_time" if calculated.tags else "errors.preview_constant"
        raise BadParameter(Message(key, {"tag": quoted_name(tag)}))
    await require_tags(calculated)
    return _Calculated(calculated, formula_of(calculated, await rules_by_tag()))


class _Stored:
    """A tag with samples."""

    calculated = False

    def __init__(self, tag: str) -> None:
        self._tag = tag

    async def recent(self, start: datetime, until: datetime) -> Recent:
        minutes = await queries.minutes(self._tag, start, until, TIMEOUT_S)
        return Recent(minutes, start, complete=True)

    async def part(self, start: datetime, to: datetime, most: int) -> Part | None:
        samples = await queries.samples(self._tag, start, to, most, TIMEOUT_S)
        first = samples.at[0] if samples.at else None
        count = len(samples.at)
        return Part(to, count, first, count >= most, partial(feed, samples=samples))


class _Calculated:
    """A calculated tag: its values follow from the samples of its tags (PRD §33.9)."""

    calculated = True

    def __init__(self, tag: CalculatedTag, formula: Formula) -> None:
        self._calculated_tag, self._formula = tag, formula
        self._derived: Derived | None = None

    async def recent(self, start: datetime, until: datetime) -> Recent:
        """As many of the newest minutes as ``MOST_AT_ONCE`` samples allow.

        Raises:
            PayloadBloat: even the last hour has more samples.
        """
        reached, stretch, remaining = until, DAY, MOST_AT_ONCE
        parts: list[Mapping[str, Samples]] = []
        while reached > start and stretch >= SHORTEST:
            begin = max(start, reached - stretch)
            samples = await self._read(begin, reached, remaining)
            if samples is None:
                stretch /= 2
                continue
            parts.insert(0, samples)
            remaining -= _count(samples)
            reached, stretch = begin, 2 * stretch
        if not parts:
            values = {"tag": quoted_name(self._calculated_tag.name), "most": f"{MOST_AT_ONCE:,}"}
            raise PayloadBloat(Message("errors.preview_many", values))
        minutes = await asyncio.to_thread(self._minutes, parts, microseconds(reached))
        return Recent(minutes, reached, complete=reached == start)

    async def part(self, start: datetime, to: datetime, most: int) -> Part | None:
        """The values computed from the samples of all members; the part fits into memory."""
        samples = await self._read(start, to, min(most, MOST_IN_MEMORY))
        while samples is None:
            to = start + (to - start) / 2
            if to - start < SHORTEST:
                return None
            samples = await self._read(start, to, min(most, MOST_IN_MEMORY))
        if self._derived is None:
            self._derived = Derived(microseconds(start) - 1)
        rows = {
            tag: list(zip(row.at, row.value, row.qc, strict=True)) for tag, row in samples.items()
        }
        # The samples of a stretch are those before its end.
        until_us = microseconds(to) - 1
        values = await asyncio.to_thread(self._derived.feed, self._formula, rows, until_us)
        first = next((value.ts_us for value in values), None)
        feeding = partial(feed_values, values=values)
        return Part(to, _count(samples), first, full=False, feed=feeding)

    async def _read(self, start: datetime, to: datetime, most: int) -> dict[str, Samples] | None:
        """Member to its samples; None if they are more than ``most`` together."""
        samples_of: dict[str, Samples] = {}
        for tag in self._formula.holds_us:
            samples_of[tag] = await queries.samples(tag, start, to, most + 1, TIMEOUT_S)
            most -= len(samples_of[tag].at)
            if most < 0:
                return None
        return samples_of

    def _minutes(self, parts: list[Mapping[str, Samples]], start_us: int) -> Minutes:
        joined = {
            tag: Samples(
                *(
                    [cell for part in parts for cell in getattr(part[tag], name)]
                    for name in _COLUMNS
                )
            )
            for tag in self._formula.holds_us
        }
        return minutes_of(self._formula, joined, start_us)


_COLUMNS: Final = ("at", "value", "qc")


def _count(samples: Mapping[str, Samples]) -> int:
    """The number of samples of all members together."""
    return sum(len(columns.at) for columns in samples.values())
