"""Rows of the database, one frozen type for each relation.

Times are timezone-aware UTC datetimes, values are in the tag's own unit, ``None`` is SQL NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ksys_app.models.message import Message

MAX_UNIT: Final = 24
MAX_TITLE: Final = 200
"""Most characters of ``meta.unit`` and ``meta.title``; a longer text is ignored."""
MAX_STUCK_S: Final = 86_400
"""Most seconds of ``meta.stuck_s``. A tick looks back twice as long: at most two days."""


@dataclass(frozen=True, slots=True)
class Latest:
    """A row of ``influx_latest``: the newest sample of a tag."""

    tag_name: str
    value: float
    ts: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with samples, a rule, an expectation or a saved expression.

    ``first_ts`` and ``last_ts`` are None for a configured tag that has never sent. ``expression``
    is None for a tag that is not calculated.
    """

    tag_name: str
    first_ts: datetime | None
    last_ts: datetime | None
    has_rule: bool
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A raw sample, read through a view."""

    ts: datetime
    value: float


@dataclass(frozen=True, slots=True)
class StoredExpectation:
    """A row of ``ingest_expectation`` as stored; its values are not checked."""

    tag_name: str
    exp_per_min: int | None
    slo_warn: Decimal | None
    slo_crit: Decimal | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A usable expectation: samples a minute and the two limits of the success rate."""

    tag_name: str
    exp_per_min: int = 1
    slo_warn: float = 0.98
    slo_crit: float = 0.95


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A row of ``influx_qc_rule`` as stored; its values are not checked.

    Numbers may be NaN or infinite. ``meta`` is the text of the JSON value, None if it is NULL or
    too large to be read; ``meta_bytes`` is its size in the table.
    """

    tag_name: str
    min_val: float | None
    max_val: float | None
    max_step: float | None
    max_gap_seconds: int | None
    allow_negative: bool | None
    enabled: bool | None
    meta: str | None
    meta_bytes: int | None
    warn_min: float | None
    warn_max: float | None
    crit_min: float | None
    crit_max: float | None
    roc_max_per_min: float | None
    spike_zscore: float | None
    deadband_pct: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A value of a stored row that cannot be used: its column, and the reason."""

    column: str
    what: Message

    @property
    def sentence(self) -> Message:
        """Column and reason in one sentence: ``max_val: nan is not a finite number``."""
        return Message("faults.of_column", {"column": self.column, "what": self.what})


@dataclass(frozen=True, slots=True)
class QcRule:
    """A usable rule; a limit that is None is not checked.

    ``faults`` names the columns with unusable values; they are not checked. A calculated tag has a
    rule even if none is stored, with its ``expression`` and its chosen ``decimals``.
    """

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
    faults: tuple[Fault, ...] = field(default=(), compare=False)
    decimals: int | None = field(default=None, compare=False)
    expression: str = field(default="", compare=False)

    @property
    def unit(self) -> str:
        """The unit in ``meta.unit``, or an empty string."""
        return short_text(self.meta.get("unit"), MAX_UNIT)

    @property
    def title(self) -> str:
        """What the tag measures, from ``meta.title``, or an empty string."""
        return short_text(self.meta.get("title"), MAX_TITLE)

    @property
    def group(self) -> str:
        """The group that the tag belongs to, from ``meta.group``, or an empty string."""
        return short_text(self.meta.get("group"), MAX_TITLE)

    @property
    def stuck_s(self) -> float | None:
        """Seconds that a value may stay the same, from ``meta.stuck_s``; None: not checked."""
        return seconds(self.meta.get("stuck_s"), MAX_STUCK_S)


def seconds(value: object, most: int) -> float | None:
    """``value`` if it is a number above 0 and at most ``most``; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= most else None


def short_text(value: object, most: int) -> str:
    """``value`` with single blanks if it is a printable text of at most ``most`` characters.

    Otherwise an empty string.
    """
    if not isinstance(value, str) or len(value) > 2 * most:
        return ""
    text = " ".join(value.split())
    return text if text.isprintable() and len(text) <= most else ""


@dataclass(frozen=True, slots=True)
class TileRow:
    """The live query's row for one tag: its window and its newest samples.

    Attributes:
        tag_name: the tag.
        now: the database's clock, the same in every row of one answer. It is not compared.
        value: newest sample, None for a tag that never sent.
        ts: its time.
        count: samples in the window.
        min: smallest value in the window, None without samples.
        max: largest value in the window.
        first: first value in the window.
        last: last value in the window.
        prev_last: ``last`` of the bucket with data before the newest one (PRD decision 1).
        prev_value: the sample before the newest, within the last 5 minutes.
        prev_ts: its time.
        recent_mean: mean of the last 5 minutes without the newest sample.
        recent_std: sample standard deviation of the same.
        exp_per_min: expected samples a minute, None without an expectation.
        refused: samples of the last 5 minutes that were not usable (PRD §4.9).
        refused_at: time of the newest refused sample, None without any.
        refused_value: value of the newest refused sample; may be None, NaN or infinite.
        refused_reason: its reason, a name of PRD §4.9, empty without any.
        calculated: whether the tag is calculated, so that it has no count of samples.
        moving: whether it uses other times, so that the alarm worker does not judge it.
        allowed: how old ``ts`` may be; None to use the rule and the expectation.
        seen: the smallest and largest value of the sparkline of a calculated tag.
    """

    tag_name: str
    now: datetime = field(compare=False)
    value: float | None
    ts: datetime | None
    count: int
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    prev_last: float | None
    prev_value: float | None
    prev_ts: datetime | None
    recent_mean: float | None
    recent_std: float | None
    exp_per_min: int | None
    refused: int = 0
    refused_at: datetime | None = None
    refused_value: float | None = None
    refused_reason: str = ""
    calculated: bool = False
    moving: bool = False
    allowed: timedelta | None = None
    seen: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PastRow:
    """Statistics of a tag over the part of a window that ended some minutes ago.

    Attributes:
        tag_name: the tag.
        count: samples.
        min: smallest value; ``min``, ``max``, ``first`` and ``last`` are None without samples.
        prev_last: ``last`` of the bucket with data before the newest one; without samples, ``last``
            of the bucket before the window.
    """

    tag_name: str
    count: int
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    prev_last: float | None


@dataclass(frozen=True, slots=True)
class Spark:
    """The points of a tag's sparkline.

    Attributes:
        tag_name: the tag.
        at: positions of the points, 0 (window start) to 1 (now), ascending.
        value: their values, one for each position.
    """

    tag_name: str
    at: Sequence[float] = ()
    value: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run of equal values up to the newest sample of a tag, to the minute.

    Attributes:
        tag_name: the tag.
        value: the value.
        since: the start of the run, at most as far back as the query looks.
        longer: whether the run reaches that limit, so that it may have begun earlier.
    """

    tag_name: str
    value: float
    since: datetime
    longer: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """The time up to which an aggregate is stored.

    Attributes:
        view: name of the aggregate.
        stored_to: its watermark; None if the aggregate is empty or may not be read.
        end_offset: how far behind the clock its refresh policy stops.
    """

    view: str
    stored_to: datetime | None
    end_offset: timedelta
