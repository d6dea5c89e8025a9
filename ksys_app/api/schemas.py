"""Shapes of the answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel

from ksys_app.domain.indicators import Band


class Tag(BaseModel):
    """A known tag."""

    tag_name: str
    last_ts: str | None
    first_ts: str | None
    has_rule: bool


class Latest(BaseModel):
    """The newest sample of a tag."""

    tag_name: str
    value: float | None
    ts: str


class Kpi(BaseModel):
    """A KPI tile."""

    title: str
    unit: str
    value: float | None
    value_s: str
    delta_pct: float
    delta_s: str
    gauge_pct: float
    status_level: Literal[0, 1, 2]
    ts: str | None
    ts_s: str
    range_label: str
    count: int
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    comm: Literal["ok", "late", "lost", "never"]
    age_s: float | None
    alarm: str
    alarm_level: Literal[0, 1, 2]


class Rule(BaseModel):
    """A QC rule; null means not judged."""

    tag_name: str
    min_val: float | None
    max_val: float | None
    max_step: float | None
    max_gap_seconds: int | None
    allow_negative: bool | None
    enabled: bool | None
    meta: dict[str, Any]
    warn_min: float | None
    warn_max: float | None
    crit_min: float | None
    crit_max: float | None
    roc_max_per_min: float | None
    spike_zscore: float | None
    deadband_pct: float | None


class Bucket(BaseModel):
    """A bucket: samples, their statistics; ``diff`` is ``last - first``."""

    bucket: str
    n: int
    avg: float | None
    sum: float | None
    min: float | None
    max: float | None
    last: float | None
    first: float | None
    diff: float | None


class Indicator(BaseModel):
    """Moving figures of a bucket."""

    bucket: str
    avg: float | None
    sma_10: float | None
    sma_60: float | None
    bb_top: float | None
    bb_bot: float | None
    slope_60: float | None
    sma_20: float | None
    sd_20: float | None


class Feature(BaseModel):
    """A row of ``features_5m``."""

    bucket: str
    mean_5m: float | None
    std_5m: float | None
    min_5m: float | None
    max_5m: float | None
    p10_5m: float | None
    p90_5m: float | None
    n_5m: int


class Course(BaseModel):
    """A tag over a window; ``rows``, or with ``format=columns`` one list a column."""

    tag_name: str
    window: str
    bucket: str
    view: str
    bucket_s: int
    from_ms: int
    to_ms: int
    columns: dict[str, list[float | None]] | None = None


class Timeseries(Course):
    """Buckets of a tag."""

    rows: list[Bucket] | None = None


class Indicators(Course):
    """Moving figures of a tag."""

    band: Band
    rows: list[Indicator] | None = None


class Features(Course):
    """5-minute features of a tag."""

    truncated: bool
    limit: int
    rows: list[Feature] | None = None


class CommCell(BaseModel):
    """An hour of a tag; ``success_rate`` null where nothing was expected."""

    bucket_utc: str
    local: str
    success_rate: float | None
    recv_msgs: int
    exp_msgs: int
    missing_msgs: int
    last_seen_min: str | None
    state: Literal["ok", "warn", "crit", "no_data"]


class CommHeatmap(BaseModel):
    """30 local days of a tag, judged up to the moment its messages were counted."""

    tag_name: str
    start: str
    days: int
    judged_to: str
    cells: list[CommCell]


class CommOutage(BaseModel):
    """A run of critical hours; ``clipped``: it reaches over an edge of the 30 days."""

    start_ts_utc: str
    end_ts_utc: str
    hours: float
    ongoing: bool
    clipped: bool


class ErrorBody(BaseModel):
    """A code of PRD §7.2 and one sentence."""

    code: str
    message: str


class Error(BaseModel):
    """Every answer that is not 200."""

    error: ErrorBody


ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Error, "description": "A parameter is wrong; the message says what is allowed"},
    404: {"model": Error, "description": "The tag is not known"},
    503: {"model": Error, "description": "The database does not answer; Retry-After says when"},
}

CSV_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "UTF-8 with a byte order mark; streamed, broken off where the database is",
    }
}


def ok(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """A 200 that answers a list of ``model``."""
    return {200: {"model": list[model], "description": "The rows, by tag"}}  # type: ignore[valid-type]


def one(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """A 200 that answers one ``model``, or a 304 where the browser has it already."""
    return {
        200: {"model": model, "description": "Ascending by time; with an ETag"},
        304: {"description": "Unchanged since the answer with the ETag of If-None-Match"},
    }
