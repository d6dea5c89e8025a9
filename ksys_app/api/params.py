"""The parameters of requests; a wrong one gives a 400 that says what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from ksys_app.api.schemas import Bucket, Feature, Indicator
from ksys_app.domain import names
from ksys_app.domain.indicators import Band
from ksys_app.domain.ranges import Resolution
from ksys_app.domain.windows import (
    DEFAULT_WINDOW,
    LABELS,
    BucketName,
    UnknownWindow,
    Window,
    parse_window,
)
from ksys_app.texts import say

MAX_EXPORT_TAGS = 9
# Whole numbers up to this one are exact in every reader of JSON.
MAX_SEQ = 2**53 - 1


def _tag(value: str) -> str:
    wrong = names.lookup_flaw(value)
    if wrong is not None:
        raise ValueError(say(wrong))
    return value


def _window(value: str) -> Window:
    try:
        return parse_window(value)
    except UnknownWindow as error:
        raise ValueError(say(error.said)) from None


def few(value: list[str]) -> list[str]:
    """The names without repetition, unless there are too many."""
    if len(value) > MAX_EXPORT_TAGS:
        raise ValueError(f"may be given {MAX_EXPORT_TAGS} times, not {len(value)}")
    return list(dict.fromkeys(value))


def _day(value: str) -> date:
    try:
        if not re.fullmatch(DAY, value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day as YYYY-MM-DD from 2000-01-01 to 2099-12-31") from None


def _moment(value: str) -> datetime:
    try:
        if not re.fullmatch(MOMENT, value):
            raise ValueError
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(
            "must be a time with its offset, as 2026-02-28T09:00:00+09:00, of 2000 to 2099"
        ) from None


# Every existing day from 2000 to 2099, with 29 February in leap years.
DAY: Final = (
    "^20([0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))|([02468][048]|[13579][26])-02-29)$"
)
MOMENT: Final = (
    DAY.removesuffix("$") + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
# What domain.ranges reads: relative, or a day that exists with or without time and offset.
RANGE_TEXT: Final = (
    "^(now(-[1-9][0-9]{0,8}[smhdwMy])?(/[hdwM])?|"
    + DAY.removeprefix("^").removesuffix("$")
    + "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?)$"
)
TagName = Annotated[
    str,
    AfterValidator(_tag),
    Field(
        examples=["D100"],
        json_schema_extra={
            "minLength": 1,
            "maxLength": names.MAX_LOOKUP_LENGTH,
            "pattern": r"^[^\u0000]+$",
        },
    ),
]
SearchText = Annotated[str, Field(max_length=names.MAX_FILTER, examples=["D1"])]
TagNames = Annotated[
    list[TagName],
    AfterValidator(few),
    Field(json_schema_extra={"minItems": 1, "maxItems": MAX_EXPORT_TAGS}),
]
Tags = Annotated[
    list[TagName],
    AfterValidator(few),
    Field(json_schema_extra={"maxItems": MAX_EXPORT_TAGS}),
]
WindowLabel = Annotated[
    Window,
    BeforeValidator(_window),
    WithJsonSchema({"type": "string", "examples": list(LABELS), "enum": list(LABELS)}),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    Field(examples=["2026-02-28"], json_schema_extra={"pattern": DAY}),
]

Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    Field(examples=["2026-02-28T09:00:00+09:00"], json_schema_extra={"pattern": MOMENT}),
]


RangeText = Annotated[
    str,
    Field(examples=["now-6h", "2026-11-03T22:00"], json_schema_extra={"pattern": RANGE_TEXT}),
]


CompareText = Annotated[
    str,
    Field(
        examples=["previous", "yesterday", "last_week", "last_month", "2026-11-03"],
        json_schema_extra={
            "pattern": "^(previous|yesterday|last_week|last_month)$|" + RANGE_TEXT,
        },
    ),
]


def _columns(model: type[BaseModel]) -> list[str]:
    time, *figures = model.model_fields
    return [time, "tag_name", *figures]


def names_of(known: Sequence[str]) -> Callable[[str], str]:
    """A validator for some of these names, separated by commas."""

    def checked(value: str) -> str:
        if not set(value.split(",")) <= set(known):
            raise ValueError(f"must be of {' '.join(known)}, separated by commas")
        return value

    return checked


def listed(known: Sequence[str]) -> Any:
    """The same names as a schema for the OpenAPI document."""
    one = "|".join(known)
    shape: dict[str, Any] = {"pattern": f"^({one})(,({one}))*$"}
    return Field(examples=[",".join(known[2:5])], json_schema_extra=shape)


_BUCKET: Final = _columns(Bucket)
_MOVING: Final = _columns(Indicator)
_FEATURE: Final = _columns(Feature)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoParams(_Strict):
    """An endpoint that takes nothing."""


class TagsParams(_Strict):
    """All tags, or those whose name or title holds every word of ``search``."""

    search: SearchText | None = None


class TagParam(_Strict):
    """All tags, or one."""

    tag: TagName | None = None


class PeriodParams(_Strict):
    """A window or a range."""

    window: WindowLabel = Field(DEFAULT_WINDOW, validate_default=True)
    start: Annotated[RangeText | None, Field(alias="from")] = None
    end: Annotated[RangeText | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _a_window_or_a_range(self) -> Self:
        if self.start is not None and "window" in self.model_fields_set:
            raise ValueError("window and from cannot be given together; give one of them")
        if self.end is not None and self.start is None:
            raise ValueError("to needs from")
        return self


class SeriesParams(PeriodParams, TagParam):
    """A window or range, one tag or all, and the layout of the rows: columns are of one tag."""

    format: Literal["rows", "columns"] = "rows"
    columns: str | None = None

    @model_validator(mode="after")
    def _columns_are_of_one_tag(self) -> Self:
        if self.format == "columns" and self.tag is None:
            raise ValueError("format=columns needs tag; rows of all tags carry tag_name")
        return self


class BucketParams(PeriodParams):
    """The same for up to nine tags, how wide the buckets are, and what they are compared with."""

    tag: Tags = Field(default_factory=list)
    format: Literal["rows", "columns"] = "rows"
    columns: Annotated[str, AfterValidator(names_of(_BUCKET)), listed(_BUCKET)] | None = None
    bucket: Resolution | None = None
    compare: CompareText | None = None

    @model_validator(mode="after")
    def _needs_a_tag(self) -> Self:
        if self.tag:
            return self
        if self.format == "columns":
            raise ValueError("format=columns needs tag; rows of all tags carry tag_name")
        if self.bucket == "raw":
            raise ValueError("bucket=raw needs tag")
        if self.compare is not None:
            raise ValueError("compare needs tag")
        return self


class IndicatorParams(SeriesParams):
    """The same, which columns of an indicator, how wide its buckets are, and which bands."""

    columns: Annotated[str, AfterValidator(names_of(_MOVING)), listed(_MOVING)] | None = None
    bucket: BucketName | None = None
    band: Band = "plant"


class FeatureParams(SeriesParams):
    """The same, and which columns of a row of features."""

    columns: Annotated[str, AfterValidator(names_of(_FEATURE)), listed(_FEATURE)] | None = None


class ExportParams(_Strict):
    """Tags and a window or range, what of them; of buckets how wide, of indicators which bands.

    ``from`` and ``to`` are a range. Beside ``window`` they select the rows of the window that begin
    from the one up to, without, the other.
    """

    tag: TagNames
    window: WindowLabel = Field(DEFAULT_WINDOW, validate_default=True)
    start: Annotated[RangeText | None, Field(alias="from")] = None
    end: Annotated[RangeText | None, Field(alias="to")] = None
    kind: Literal["buckets", "indicators", "features"] = "buckets"
    bucket: BucketName | None = None
    band: Band = "plant"

    @property
    def of_window(self) -> bool:
        """Whether ``window`` is given, so that the others select a part of it."""
        return "window" in self.model_fields_set or (self.start is None and self.end is None)

    @model_validator(mode="after")
    def _a_range_has_a_start(self) -> Self:
        if not self.of_window and self.start is None:
            raise ValueError("to needs from or window")
        return self


class CommParams(_Strict):
    """A tag and the first of 30 days; by default those that end today."""

    tag: TagName
    start: Day | None = None


class CommCsvParams(_Strict):
    """Up to nine tags and the first of 30 days."""

    tag: TagNames
    start: Day | None = None


NoQuery = Annotated[NoParams, Query()]
TagsQuery = Annotated[TagsParams, Query()]
TagQuery = Annotated[TagParam, Query()]
BucketQuery = Annotated[BucketParams, Query()]
FeatureQuery = Annotated[FeatureParams, Query()]
IndicatorQuery = Annotated[IndicatorParams, Query()]
ExportQuery = Annotated[ExportParams, Query()]
CommQuery = Annotated[CommParams, Query()]
CommCsvQuery = Annotated[CommCsvParams, Query()]


def problem(errors: list[dict[str, Any]]) -> str:
    """One sentence for a list of validation errors: each parameter and what is allowed."""
    return "; ".join(_sentence(error) for error in errors)


def _sentence(error: dict[str, Any]) -> str:
    # For a value in a list the position follows; the name of the parameter is enough.
    name = ".".join(part for part in error["loc"][1:] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        return f"parameter {name[:40]!r} is unknown here; see /api/v1/docs"
    if error["type"] == "missing":
        return f"parameter {name!r} is needed"
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return message if message.startswith(name) else f"{name} {message}"
