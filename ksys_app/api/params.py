"""What a request may ask; anything else is a 400 that says what is allowed."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from ksys_app.domain.indicators import Band
from ksys_app.domain.names import MAX_TAG_LENGTH
from ksys_app.domain.windows import (
    BUCKET_WIDTH,
    DEFAULT_WINDOW,
    LABELS,
    BucketName,
    UnknownWindow,
    parse_window,
)

MAX_EXPORT_TAGS = 9


def _tag(value: str) -> str:
    if not value or len(value) > MAX_TAG_LENGTH or not value.isprintable():
        raise ValueError(f"must be 1 to {MAX_TAG_LENGTH} printable characters")
    return value


def _window(value: str) -> str:
    try:
        return parse_window(value).label
    except UnknownWindow as error:
        raise ValueError(str(error)) from None


def _columns(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]+(,[a-z0-9_]+)*", value):
        raise ValueError("must be names separated by commas")
    return value


def _few(value: list[str]) -> list[str]:
    once = list(dict.fromkeys(value))
    if len(once) > MAX_EXPORT_TAGS:
        raise ValueError(f"may be given {MAX_EXPORT_TAGS} times, not {len(once)}")
    return once


def _day(value: str) -> date:
    try:
        if len(value) != len("YYYY-MM-DD"):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day as YYYY-MM-DD") from None


TagName = Annotated[str, AfterValidator(_tag), Field(examples=["D100"])]
WindowLabel = Annotated[
    str, AfterValidator(_window), Field(examples=list(LABELS), json_schema_extra={"enum": LABELS})
]
Day = Annotated[date, BeforeValidator(_day), Field(examples=["2026-02-28"])]
ColumnNames = Annotated[str, AfterValidator(_columns), Field(examples=["avg,min,max"])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoParams(_Strict):
    """An endpoint that takes nothing."""


class TagParam(_Strict):
    """All tags, or one."""

    tag: TagName | None = None


class KpiParams(TagParam):
    """A window, and all tags or one."""

    window: WindowLabel = DEFAULT_WINDOW


class CourseParams(_Strict):
    """One tag, a window, and how its rows are laid out."""

    tag: TagName
    window: WindowLabel = DEFAULT_WINDOW
    format: Literal["rows", "columns"] = "rows"
    columns: ColumnNames | None = None


class IndicatorParams(CourseParams):
    """The same, and which bands."""

    band: Band = "plant"


class ExportParams(_Strict):
    """Tags and a window, what of them, and for buckets how fine."""

    tag: Annotated[list[TagName], AfterValidator(_few)]
    window: WindowLabel = DEFAULT_WINDOW
    kind: Literal["buckets", "indicators", "features"] = "buckets"
    bucket: BucketName | None = None
    band: Band = "plant"

    @model_validator(mode="after")
    def _bucket_fits(self) -> ExportParams:
        if self.bucket is not None:
            if self.kind != "buckets":
                raise ValueError("bucket may be chosen for kind=buckets only")
            if BUCKET_WIDTH[self.bucket] > parse_window(self.window).width:
                raise ValueError(f"bucket {self.bucket} is wider than those of {self.window}")
        return self


class CommParams(_Strict):
    """A tag and the first of 30 days; by default those that end today."""

    tag: TagName
    start: Day | None = None


class CommCsvParams(_Strict):
    """Up to nine tags and the first of 30 days."""

    tag: Annotated[list[TagName], AfterValidator(_few)]
    start: Day | None = None


NoQuery = Annotated[NoParams, Query()]
TagQuery = Annotated[TagParam, Query()]
KpiQuery = Annotated[KpiParams, Query()]
CourseQuery = Annotated[CourseParams, Query()]
IndicatorQuery = Annotated[IndicatorParams, Query()]
ExportQuery = Annotated[ExportParams, Query()]
CommQuery = Annotated[CommParams, Query()]
CommCsvQuery = Annotated[CommCsvParams, Query()]


def problem(errors: list[dict[str, Any]]) -> str:
    """One sentence for a list of validation errors: each parameter and what is allowed."""
    return "; ".join(_sentence(error) for error in errors)


def _sentence(error: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"] if part != "query")
    if error["type"] == "extra_forbidden":
        return f"parameter {name[:40]!r} is unknown here; see /api/v1/docs"
    if error["type"] == "missing":
        return f"parameter {name!r} is needed"
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return message if message.startswith(name) else f"{name} {message}"
