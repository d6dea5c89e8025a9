"""Stored samples of a tag in order of time: usable samples, and refused samples as bad ones."""

from __future__ import annotations

from collections.abc import Sequence

Sample = tuple[int, float, int]
"""Time in microseconds, value (NaN for a refused one), and ``qc``."""


def merged(good: list[Sample], bad: Sequence[Sample], each: int) -> tuple[list[Sample], bool]:
    """The samples of two pages of a tag in order of time, and whether they are all samples.

    Args:
        good: a page of usable samples.
        bad: a page of refused samples.
        each: size of a page. If a page is full, the samples end where the full page ends.
    """
    ends = [samples[-1][0] for samples in (good, bad) if len(samples) >= each]
    if bad:
        good = sorted([*good, *bad], key=lambda sample: sample[0])
    if ends:
        good = [sample for sample in good if sample[0] <= min(ends)]
    return good, not ends
