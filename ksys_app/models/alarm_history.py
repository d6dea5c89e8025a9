"""The history of a tag, from which limits and delays are proposed (PRD §32.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlarmHistory:
    """The minutes of a tag over some days, and its newest samples.

    Attributes:
        tag_name: the tag.
        minutes: number of minutes with samples.
        lowest: smallest value.
        low: a thousandth of the minutes have a smaller minimum.
        usual_low: a hundredth of the minutes have a smaller average.
        usual_high: a hundredth of the minutes have a larger average.
        high: a thousandth of the minutes have a larger maximum.
        noise: nine tenths of the minutes have a smaller difference of maximum and minimum.
        samples: newest samples, oldest first: microseconds, value and ``qc``.
    """

    tag_name: str
    minutes: int
    lowest: float
    low: float
    usual_low: float
    usual_high: float
    high: float
    noise: float
    samples: Sequence[tuple[int, float, int]] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed value for a missing limit or delay of a tag.

    Attributes:
        tag_name: the tag.
        column: a column of the rule, or ``HIGH.on_delay_s`` for a column of alarm settings.
        value: the proposed value.
        why: how it was computed.
    """

    tag_name: str
    column: str
    value: float
    why: str
