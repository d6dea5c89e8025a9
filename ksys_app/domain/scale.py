"""The position of a value among the limits of its rule, on a line from left to right (PRD §5.9)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ksys_app.domain.figures import brief, finite
from ksys_app.domain.kpi import StatusLevel, active, named_limits, status_level
from ksys_app.models.rows import QcRule

# Width of a character in percent of the narrowest line, which has 326 px.
_CHARACTER: Final = 6.4 / 326 * 100
_ROOM: Final = 0.08


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit on the line.

    Attributes:
        name: ``LL``, ``L``, ``H`` or ``HH``.
        value: the limit.
        at: its position, percent.
        row: the row below the line in which its label stands, from 0.
    """

    name: str
    value: float
    at: float
    row: int

    @property
    def label(self) -> str:
        """``HH 195``."""
        return f"{self.name} {brief(self.value)}"


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the line, in percent, and the state of the values in it."""

    start: float
    end: float
    level: StatusLevel


@dataclass(frozen=True, slots=True)
class Scale:
    """The line.

    Attributes:
        low: the hard limit at the left end, None if the rule has none.
        high: the hard limit at the right end, None if the rule has none.
        marks: the limits on the line, ascending.
        zones: the parts of the line, from left to right.
        at: position of the value, percent, None without a value.
        off: -1 or 1 if the value is beyond the left or the right end, else 0.
    """

    low: float | None
    high: float | None
    marks: tuple[Mark, ...]
    zones: tuple[Zone, ...]
    at: float | None
    off: int


def scale(value: float | None, rule: QcRule | None) -> Scale | None:
    """The line of a rule with the value on it; None unless its limits and value span a width."""
    rule, value = active(rule), finite(value)
    if rule is None:
        return None
    limits = named_limits(rule)
    figures = [limit for _, limit in limits]
    ends = [end for end in (rule.min_val, rule.max_val) if end is not None]
    inner = [] if value is None or len(ends) == 2 else [value]
    if not (figures or ends):
        return None
    low, high = min([*figures, *ends, *inner]), max([*figures, *ends, *inner])
    room = (high - low) * _ROOM
    if low == high or finite(high - low + 2 * room) is None:
        return None
    # The line extends beyond its outermost limit, unless that limit is an end of the range.
    left = low if low == rule.min_val else low - room
    right = high if high == rule.max_val else high + room
    if finite(left) is None or finite(right) is None:
        return None

    def place(figure: float) -> float:
        return round(min(100.0, max(0.0, (figure - left) / (right - left) * 100)), 2)

    cuts = sorted({left, right, *(f for f in (*figures, *ends) if left < f < right)})
    return Scale(
        low=rule.min_val if left == rule.min_val else None,
        high=rule.max_val if right == rule.max_val else None,
        marks=_rows(sorted(((place(limit), name, limit) for name, limit in limits))),
        zones=tuple(
            Zone(place(start), place(end), status_level(start / 2 + end / 2, rule))
            for start, end in pairwise(cuts)
        ),
        at=None if value is None else place(value),
        off=0 if value is None else (value > right) - (value < left),
    )


def _rows(places: list[tuple[float, str, float]]) -> tuple[Mark, ...]:
    """Place the label of each limit in the first row where no earlier label overlaps it."""
    ends: list[float] = []
    marks = []
    for at, name, limit in places:
        width = (len(name) + 1 + len(brief(limit))) * _CHARACTER
        start = min(max(0.0, at - width / 2), 100 - width)
        row = next((n for n, end in enumerate(ends) if end <= start), len(ends))
        ends[row : row + 1] = [start + width + _CHARACTER / 2]
        marks.append(Mark(name, limit, at, row))
    return tuple(marks)
