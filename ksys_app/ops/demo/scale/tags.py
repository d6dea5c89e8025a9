"""The tags of a plant of any size: names, signals, faults and rules, computed from a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

MOST_TAGS: Final = 10_000
UNIT_TAGS: Final = 100
"""Tags of one unit of the plant, which is a group on the pages."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A kind of instrument.

    Attributes:
        letters: its letters in the name of a tag.
        measures: its quantity in the title of a tag.
        unit: unit of the values.
        decimals: decimals of the values.
        low, high: the range of the base of a tag.
        swing: the part of the base by which the value moves.
    """

    letters: str
    measures: str
    unit: str
    decimals: int
    low: float
    high: float
    swing: float


INSTRUMENTS: Final = (
    Instrument("TT", "temperature", "°C", 1, 60.0, 420.0, 0.06),
    Instrument("PT", "pressure", "bar", 2, 4.0, 44.0, 0.08),
    Instrument("FT", "flow", "m³/h", 1, 20.0, 320.0, 0.12),
    Instrument("LT", "level", "%", 1, 40.0, 60.0, 0.2),
    Instrument("AT", "pH", "", 2, 6.2, 7.8, 0.05),
)
# The tags with a fault: one in so many tags, and the number of the first such tag.
WARNING: Final = (40, 3)
CRITICAL: Final = (80, 11)
SILENT: Final = (100, 17)
UNCHANGED: Final = (40, 29)
LOSSY: Final = (50, 37)
STUCK_S: Final = 300
LEAST_GAP_S: Final = 60


@dataclass(frozen=True, slots=True)
class ScaleTag:
    """One tag of the plant; its values follow from these figures and the time.

    Attributes:
        number: 1 to ``MOST_TAGS``.
        tag_name: unit, instrument and number, e.g. ``U05.TT0401``.
        base: the middle of its range.
        span: half of the range in which the value moves; the limits are multiples of it.
        period: seconds of its main wave.
        steps: how many different values the instrument has in one unit.
        reach: the part of ``span`` that a fault moves the value away; 0 without such a fault.
        silent: whether it sends nothing for 90 minutes of each four hours.
        unchanged: whether its value does not change for 80 minutes of each two hours.
        loss: how many of a thousand samples are lost.
    """

    number: int
    tag_name: str
    base: float
    span: float
    period: int
    steps: int
    reach: float
    silent: bool
    unchanged: bool
    loss: int

    @property
    def unit(self) -> int:
        """The number of its unit of the plant, from 1."""
        return _unit(self.number)


def scale_tags(count: int) -> list[ScaleTag]:
    """The plant of ``count`` tags. A smaller plant is the beginning of a larger one."""
    return [_tag(number) for number in range(1, count + 1)]


def expected_per_min(every: int) -> int:
    """The least number of samples of a tag in a minute, with a sample every ``every`` seconds."""
    return 60 // every


def rule_rows(tags: list[ScaleTag], every: int) -> Iterator[dict[str, Any]]:
    """A row of ``influx_qc_rule`` for each tag, by column.

    Args:
        tags: the plant.
        every: seconds between two samples of a tag.
    """
    for tag in tags:
        kind, group = _instrument(tag.number), f"Unit {tag.unit:02d}"
        yield {
            "tag_name": tag.tag_name,
            "min_val": round(tag.base - 2 * tag.span, 3),
            "max_val": round(tag.base + 2 * tag.span, 3),
            "max_gap_seconds": max(LEAST_GAP_S, 3 * every),
            "warn_min": round(tag.base - 1.2 * tag.span, 3),
            "warn_max": round(tag.base + 1.2 * tag.span, 3),
            "crit_min": round(tag.base - 1.5 * tag.span, 3),
            "crit_max": round(tag.base + 1.5 * tag.span, 3),
            "meta": {
                "title": f"{group} {kind.measures} {tag.number}",
                "unit": kind.unit,
                "group": group,
                "stuck_s": STUCK_S,
            },
        }


def _tag(number: int) -> ScaleTag:
    kind = _instrument(number)
    base = kind.low + (kind.high - kind.low) * (number * 37 % 101) / 100
    return ScaleTag(
        number,
        f"U{_unit(number):02d}.{kind.letters}{number:04d}",
        round(base, 2),
        round(base * kind.swing, 2),
        600 + number * 53 % 3000,
        10**kind.decimals,
        1.35 if _has(number, WARNING) else 1.6 if _has(number, CRITICAL) else 0.0,
        _has(number, SILENT),
        _has(number, UNCHANGED),
        30 if _has(number, LOSSY) else 0,
    )


def _unit(number: int) -> int:
    return (number - 1) // UNIT_TAGS + 1


def _instrument(number: int) -> Instrument:
    return INSTRUMENTS[(number - 1) % len(INSTRUMENTS)]


def _has(number: int, fault: tuple[int, int]) -> bool:
    every, first = fault
    return number % every == first
