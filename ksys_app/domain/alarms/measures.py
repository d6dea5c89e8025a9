"""The figures of alarms by name, with unit, formula, and the values that are good (PRD §32.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ksys_app.models.alarm_kpi import AlarmKpi

Verdict = Literal["good", "fair", "poor", "none"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure.

    Attributes:
        name: its name.
        unit: its unit, empty for a number.
        formula: what is computed.
        good: good up to this value, None without such a value.
        limit: poor above this value.
        value: function of the figures of a period and its length in days; None without data.
    """

    name: str
    unit: str
    formula: str
    good: float | None
    limit: float | None
    value: Callable[[AlarmKpi, float], float | None]

    def verdict(self, value: float | None) -> Verdict:
        """The grade of a value; ``none`` for a figure without limits or a missing value."""
        if value is None or self.good is None or self.limit is None:
            return "none"
        return "good" if value <= self.good else "fair" if value <= self.limit else "poor"


MEASURES: Final = (
    Measure("announced", "", "count", None, None, lambda k, _: k.announced),
    Measure("rate_per_10_min", "", "count / 10 min", 1, 2, lambda k, _: k.per_10_min),
    Measure("rate_per_hour", "", "count / hour", 6, 12, lambda k, _: k.per_hour),
    Measure("rate_per_day", "", "count / day", 144, 288, lambda k, _: k.per_day),
    Measure("peak_10_min", "", "max count, sliding 10 min", 10, 10, lambda k, _: k.peak_10_min),
    Measure("slots_over_10", "%", "fixed 10 min slots > 10", 1, 1, lambda k, _: 100 * k.over_10),
    Measure("flood_time", "%", "Σ flood duration / period", 1, 1, lambda k, _: 100 * k.flood_time),
    Measure("floods", "", "count of floods", None, None, lambda k, _: len(k.floods)),
    Measure("bad_actors", "%", "share of the top 10", 5, 5, lambda k, _: 100 * k.actors_share),
    Measure("chattering", "", "≥ 3 raises in 60 s", 0, 0, lambda k, _: len(k.chattering)),
    Measure(
        "fleeting",
        "",
        "clear − raise < 10 s, alone for 60 s",
        0,
        0,
        lambda k, _: sum(actor.count for actor in k.fleeting),
    ),
    Measure("stale_per_day", "", "active > 24 h / day", 5, 5, lambda k, days: len(k.stale) / days),
    Measure("critical", "%", "share of priority 1", 5, 5, lambda k, _: 100 * k.mix[1]),
    Measure("high", "%", "share of priority 2", 15, 15, lambda k, _: 100 * k.mix[2]),
    Measure("low", "%", "share of priority 3", None, None, lambda k, _: 100 * k.mix[3]),
    Measure(
        "time_to_ack", "s", "median(ack − raise)", None, None, lambda k, _: k.answering[0].median_s
    ),
    Measure(
        "time_to_ack_p95", "s", "p95(ack − raise)", None, None, lambda k, _: k.answering[0].p95_s
    ),
    Measure(
        "cleared_unacked",
        "%",
        "cleared before ack / cleared",
        None,
        None,
        lambda k, _: None if k.answering[0].missed is None else 100 * k.answering[0].missed,
    ),
    Measure("shelves", "", "count of shelves", None, None, lambda k, _: k.shelving.count),
    Measure("longest_shelf", "s", "max shelf", None, None, lambda k, _: k.shelving.longest_s),
    Measure(
        "renewed_shelves", "", "renewed > 3 times", 0, 0, lambda k, _: len(k.shelving.extended)
    ),
    Measure(
        "unreasoned_changes", "", "count of empty reasons", 0, 0, lambda k, _: k.changes.unreasoned
    ),
    Measure(
        "unreasoned_share",
        "%",
        "empty reasons / rule changes",
        0,
        0,
        lambda k, _: 100 * k.changes.unreasoned / k.changes.count if k.changes.count else None,
    ),
)
