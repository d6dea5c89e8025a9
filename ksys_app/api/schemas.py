"""Response shapes, as exact as an OpenAPI document can describe them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from ksys_app.domain.indicators import Band
from ksys_app.domain.quality import Comm
from ksys_app.domain.ranges import RAW_VIEW, Resolution
from ksys_app.domain.windows import LABELS, VIEW, BucketName
from ksys_app.models.comm import CellState

_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = "[0-9]{2}:[0-9]{2}:[0-9]{2}"

Moment = Annotated[
    str,
    Field(
        pattern=rf"^{_DAY}T{_CLOCK}(\.[0-9]{{6}})?[+-][0-9]{{2}}:[0-9]{{2}}$",
        examples=["2025-08-26T22:26:20+09:00"],
        json_schema_extra={"format": "date-time"},
    ),
]
Local = Annotated[str, Field(pattern=rf"^({_DAY} {_CLOCK}|–)$", examples=["2025-08-26 22:26:20"])]
DayText = Annotated[str, Field(pattern=f"^{_DAY}$", json_schema_extra={"format": "date"})]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Level = Literal[0, 1, 2]
Window = Annotated[str, Field(json_schema_extra={"enum": list(LABELS)})]
View = Annotated[str, Field(json_schema_extra={"enum": list(VIEW.values())})]


# The type of a field that may be absent and is never null.
Nothing = Annotated[None, SkipJsonSchema()]


def _absent(schema: dict[str, Any]) -> None:
    # The default never appears in a response: an absent field is left out.
    schema.pop("default", None)


ABSENT: Final = Field(default=None, json_schema_extra=_absent)


class Exact(BaseModel):
    """An object with exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Tag(Exact):
    """A tag with samples, a rule or an expectation; a calculated tag has its ``expression``."""

    tag_name: str
    title: str
    last_ts: Moment | None
    first_ts: Moment | None
    has_rule: bool
    expression: str | Nothing = ABSENT


class Latest(Exact):
    """The newest sample of a tag."""

    tag_name: str
    value: float | None
    ts: Moment


class Kpi(Exact):
    """A KPI tile."""

    title: str
    unit: str
    value: float | None
    value_s: str
    delta_pct: float
    delta_s: Annotated[str, Field(pattern="%$")]
    gauge_pct: Annotated[float, Field(ge=0, le=100)]
    status_level: Level
    ts: Moment | None
    ts_s: Local
    range_label: str
    count: Count | None
    min: float | None
    max: float | None
    first: float | None
    last: float | None
    comm: Comm
    age_s: float | None
    alarm: str
    alarm_level: Level


class Rule(Exact):
    """A QC rule; null means that the tag has no such limit."""

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


class Bucket(Exact):
    """The statistics of the samples in a bucket; ``diff`` is ``last - first``.

    A calculated tag has ``avg`` and ``last``; its other figures are null.
    """

    bucket: Moment
    n: Count | None
    avg: float | None
    sum: float | None
    min: float | None
    max: float | None
    last: float | None
    first: float | None
    diff: float | None


class Indicator(Exact):
    """The indicators of a bucket."""

    bucket: Moment
    avg: float | None
    sma_10: float | None
    sma_60: float | None
    bb_top: float | None
    bb_bot: float | None
    slope_60: float | None
    sma_20: float | None
    sd_20: float | None


class Feature(Exact):
    """A row of ``features_5m``."""

    bucket: Moment
    mean_5m: float | None
    std_5m: float | None
    min_5m: float | None
    max_5m: float | None
    p10_5m: float | None
    p90_5m: float | None
    n_5m: Count


class Series(Exact):
    """The rows of a tag over a window or a range, or of all tags if ``tag_name`` is null.

    ``window`` is null for a range, which has ``from`` and ``to``: rows begin at the one or later,
    and before the other. ``truncated``: there are more rows; the answer has the newest ``limit``.
    """

    tag_name: str | None
    window: Window | None
    from_: Annotated[Moment | Nothing, Field(alias="from")] = ABSENT
    to: Moment | Nothing = ABSENT
    bucket: BucketName
    view: View
    bucket_s: Count
    from_ms: int
    to_ms: int
    truncated: bool
    limit: Count


class Timeseries(Series):
    """Buckets of a tag; or its samples, where ``bucket`` is ``raw``."""

    bucket: Resolution  # type: ignore[assignment]
    view: Annotated[str, Field(json_schema_extra={"enum": [*VIEW.values(), RAW_VIEW]})]


class Indicators(Series):
    """The indicators of a tag."""

    band: Band


class Features(Series):
    """5-minute features of a tag."""

    bucket: Literal["5m"]  # type: ignore[assignment]
    view: Literal["features_5m"]
    bucket_s: Literal[300]


class CommCell(Exact):
    """An hour of a tag; ``success_rate`` is null if no message was expected."""

    bucket_utc: Moment
    local: Moment
    success_rate: Annotated[float, Field(ge=0, le=1)] | None
    recv_msgs: Count
    exp_msgs: Count
    missing_msgs: Count
    last_seen_min: Moment | None
    state: CellState


class CommHeatmap(Exact):
    """30 local days of a tag; hours count up to ``judged_to``."""

    tag_name: str
    start: DayText
    days: Literal[30]
    judged_to: Moment
    refused_24h: Count
    cells: Annotated[list[CommCell], Field(min_length=719, max_length=721)]


class CommOutage(Exact):
    """A run of critical hours: its length, and the part of the expected messages that arrived.

    ``ongoing``: no better hour has followed; ``clipped``: it reaches beyond the 30 days.
    """

    start_ts_utc: Moment
    end_ts_utc: Moment
    hours: Annotated[float, Field(gt=0)]
    ongoing: bool
    clipped: bool
    success_rate: Annotated[float, Field(ge=0, le=1)]


class ErrorBody(Exact):
    """An error code and one sentence.

    ``key`` and ``values``: the sentence as a text of the catalogue and what is filled in, for a
    page in another language. The values may be such sentences, too.
    """

    code: str
    message: Annotated[str, Field(min_length=1)]
    key: str | Nothing = ABSENT
    values: dict[str, Any] | Nothing = ABSENT


class PlacedBody(ErrorBody):
    """An error about a part of an expression: its first character, from 0, and how many."""

    at: Count | Nothing = ABSENT
    length: Count | Nothing = ABSENT
