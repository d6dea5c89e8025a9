"""Which figures of two reports differ beyond noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tests.bench.figures import Figure
from tests.bench.report import Report

Verdict = Literal["better", "worse", "same"]
LEAST = 0.05
RULE = (
    "A figure has changed if its medians differ by more than 5 %, and by more than the spreads of "
    "both added up. The spread is half the distance of the quartiles, or a tenth of the median "
    "where there are fewer than five runs."
)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in two reports.

    Attributes:
        before: the figure of the first report.
        after: the figure of the second one.
        verdict: whether it became better or worse beyond noise.
    """

    before: Figure
    after: Figure
    verdict: Verdict

    @property
    def factor(self) -> float:
        """The second median divided by the first one; infinite if the first one is 0."""
        return self.after.p50 / self.before.p50 if self.before.p50 else float("inf")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports beside each other.

    Attributes:
        changes: the figures that both have, the largest change first.
        gone: figures of the first report alone.
        new: figures of the second report alone.
        warnings: why the reports may not be comparable.
    """

    changes: tuple[Change, ...]
    gone: tuple[Figure, ...]
    new: tuple[Figure, ...]
    warnings: tuple[str, ...]


def compared(before: Report, after: Report) -> Comparison:
    """The figures of two reports beside each other, by the rule above."""
    first, second = _by_key(before.figures), _by_key(after.figures)
    both = [
        Change(first[key], second[key], verdict(first[key], second[key]))
        for key in first
        if key in second
    ]
    return Comparison(
        changes=tuple(sorted(both, key=_size, reverse=True)),
        gone=tuple(one for key, one in first.items() if key not in second),
        new=tuple(one for key, one in second.items() if key not in first),
        warnings=tuple(_warnings(before, after)),
    )


def verdict(before: Figure, after: Figure) -> Verdict:
    """Whether a figure changed beyond noise, and whether for the better."""
    difference = after.p50 - before.p50
    if abs(difference) <= max(LEAST * abs(before.p50), before.spread + after.spread):
        return "same"
    return "better" if (difference < 0) == (after.better == "less") else "worse"


def _by_key(figures: Iterable[Figure]) -> dict[tuple[str, str, str], Figure]:
    return {one.key: one for one in figures}


def _size(change: Change) -> float:
    if change.verdict == "same" or not change.before.p50 or not change.after.p50:
        return 0.0 if change.verdict == "same" else float("inf")
    return max(change.factor, 1 / change.factor)


def _warnings(before: Report, after: Report) -> Iterable[str]:
    if before.profile != after.profile:
        yield f"the profiles differ: {before.profile} and {after.profile}"
    if before.place.machine != after.place.machine:
        yield f"the machines differ: {before.place.machine}; {after.place.machine}"
    for name, report in (("first", before), ("second", after)):
        if report.place.load[0] > report.place.cores:
            busy = f"load {report.place.load[0]:.1f}, {report.place.cores} cores"
            yield (
                f"the machine was busy when the {name} report began ({busy}): trust its ratios and "
                "processor times, not its times"
            )
