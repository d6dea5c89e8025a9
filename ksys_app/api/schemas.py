"""Shapes of the answers, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel


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


def ok(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """A 200 that answers a list of ``model``."""
    return {200: {"model": list[model], "description": "The rows, by tag"}}  # type: ignore[valid-type]
