"""Rows as the database answers them, one frozen type a relation.

Times are timezone-aware UTC datetimes, values are in the tag's own unit, ``None`` is SQL NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Latest:
    """A row of ``influx_latest``: the newest sample of a tag."""

    tag_name: str
    value: float
    ts: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag the database knows, from samples, rules or expectations.

    ``first_ts`` and ``last_ts`` are None for a tag that is configured and has never reported.
    """

    tag_name: str
    first_ts: datetime | None
    last_ts: datetime | None
    has_rule: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """A raw sample, through a view."""

    ts: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """A row of ``ingest_expectation``: samples a minute and the two limits of the success rate."""

    tag_name: str
    exp_per_min: int = 1
    slo_warn: float = 0.98
    slo_crit: float = 0.95


@dataclass(frozen=True, slots=True)
class QcRule:
    """A row of ``influx_qc_rule``; a limit that is None is not judged."""

    tag_name: str
    min_val: float | None = None
    max_val: float | None = None
    max_step: float | None = None
    max_gap_seconds: int | None = None
    allow_negative: bool | None = None
    enabled: bool | None = True
    meta: dict[str, Any] = field(default_factory=dict)
    warn_min: float | None = None
    warn_max: float | None = None
    crit_min: float | None = None
    crit_max: float | None = None
    roc_max_per_min: float | None = None
    spike_zscore: float | None = None
    deadband_pct: float | None = None

    @property
    def unit(self) -> str:
        """The unit in ``meta.unit``, or an empty string."""
        return str(self.meta.get("unit", ""))


@dataclass(frozen=True, slots=True)
class TileRow:
    """What the live query answers for one tag: its window, its newest samples, its sparkline.

    Attributes:
        tag_name: the tag.
        now: the database's clock, the same in every row of one answer.
        value: newest sample, None for a tag that never reported.
        ts: its time.
        count: samples in the window.
        min: smallest value in the window, None without samples.
        max: largest value in the window.
        first: first value in the window.
        last: last value in the window.
        prev_last: ``last`` of the bucket with data before the newest one (PRD decision 1).
        spark_at: positions of the sparkline's points, 0 (window start) to 1 (now).
        spark: their values, as many.
        prev_value: the sample before the newest, within the last 5 minutes.
        prev_ts: its time.
        recent_mean: mean of the last 5 minutes without the newest sample.
        recent_std: sample standard deviation of the same.
        exp_per_min: expected samples a minute, None without an expectation.
    """

    tag_name: str
    now: datetime
    value: float | None
    ts: datetime | None
    count: int
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    prev_last: float | None
    spark_at: list[float]
    spark: list[float]
    prev_value: float | None
    prev_ts: datetime | None
    recent_mean: float | None
    recent_std: float | None
    exp_per_min: int | None
