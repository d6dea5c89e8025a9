"""The values of a pointwise expression at each new sample of its tags (PRD §33.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.expressions.evaluate import evaluate
from ksys_app.domain.expressions.grid import Grid
from ksys_app.models.expressions import Node

Numbers = NDArray[np.float64]


class Member(NamedTuple):
    """The samples of a tag of an expression.

    Attributes:
        at: their times, ascending, in seconds or another unit.
        value: their values; a value that is not finite is unusable.
        hold: for how long a sample counts, in the same unit.
    """

    at: Numbers
    value: Numbers
    hold: float


class Moments(NamedTuple):
    """The values of an expression over time; ``until`` is when the first of its tags is too old."""

    at: Numbers
    value: Numbers
    until: Numbers

    @property
    def held(self) -> Numbers:
        """The longest time that each value holds."""
        return self.until - self.at

    @property
    def finite_count(self) -> int:
        """The number of values that are finite."""
        return int(np.isfinite(self.value).sum())

    def extreme(self, *, largest: bool) -> tuple[float, float] | tuple[None, None]:
        """The smallest or largest value and its first time; None without a finite value."""
        if not self.finite_count:
            return None, None
        place = int((np.nanargmax if largest else np.nanargmin)(self.value))
        return float(self.value[place]), float(self.at[place])

    def last(self) -> tuple[float, float] | tuple[None, None]:
        """The last finite value and its time; None without a finite value."""
        places = np.flatnonzero(np.isfinite(self.value))
        if not len(places):
            return None, None
        return float(self.value[places[-1]]), float(self.at[places[-1]])


def member(at: Sequence[float], value: Sequence[float | None], hold: float) -> Member:
    """The samples of a tag, from lists; None is an unusable value."""
    return Member(np.array(at, dtype=np.float64), np.array(value, dtype=np.float64), hold)


def newest(node: Node, members: Mapping[str, Member], start: float, cap: int) -> Moments:
    """The newest ``cap`` values of :func:`at_samples`.

    Args:
        node: a pointwise tree.
        members: the newest ``cap`` samples of each of its tags from ``start`` on.
        start: the time of the first value.
        cap: most values.
    """
    for samples in members.values():
        # Samples before the newest ``cap`` of a tag were not read, so no value can be computed.
        if np.count_nonzero(samples.at >= start) >= cap:
            start = max(start, float(samples.at[-cap]))
    return Moments(*(values[-cap:] for values in at_samples(node, members, start)))


def at_samples(node: Node, members: Mapping[str, Member], start: float) -> Moments:
    """The value of the expression at each sample of any of its tags, from the newest value of each.

    The value is NaN before the first sample of a tag, after an unusable sample, and where the
    newest sample of a tag is older than its ``hold``.

    Args:
        node: a pointwise tree, without names of saved expressions.
        members: the samples of its tags. A sample before ``start`` gives no separate value.
        start: the time of the first value.
    """
    times = [samples.at for samples in members.values()]
    at = np.unique(np.concatenate(times)) if times else np.array([], dtype=np.float64)
    at = at[at >= start]
    series: dict[str, Numbers] = {}
    until = np.full(len(at), np.inf)
    for name, samples in members.items():
        place = np.searchsorted(samples.at, at, side="right") - 1
        finite_count = place >= 0
        values, ends = np.full(len(at), np.nan), np.full(len(at), -np.inf)
        values[finite_count] = samples.value[place[finite_count]]
        ends[finite_count] = samples.at[place[finite_count]] + samples.hold
        values[(at > ends) | ~np.isfinite(values)] = np.nan
        series[name], until = values, np.minimum(until, ends)
    return Moments(at, evaluate(node, series, _grid(at)), until)


def _grid(at: Numbers) -> Grid:
    """A grid with one bucket for each moment; a pointwise tree does not use its times."""
    places = np.arange(len(at), dtype=np.int64)
    return Grid(starts=places, hours=np.zeros(len(at)), first=0, zone=ZoneInfo("UTC"))
