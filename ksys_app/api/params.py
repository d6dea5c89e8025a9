"""Query parameters. A wrong one gives status 400, with a message that says what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

from ksys_app.api.forms import WrongForm
from ksys_app.api.schemas import Bucket, Feature, Indicator
from ksys_app.api.time_params import CompareText, Day, RangeText
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

MAX_EXPORT_TAGS = 9
# Every reader of JSON represents integers up to this number exactly.
MAX_SEQ = 2**53 - 1


def _valid_tag(value: str) -> str:
    flaw = names.lookup_flaw(value)
    if flaw is not None:
        raise WrongForm(flaw)
    return value


def _parse_window(value: str) -> Window:
    try:
        return parse_window(value)
    except UnknownWindow as error:
        raise WrongForm(error.sentence) from None


def at_most_nine(value: list[str]) -> list[str]:
    """The names, each once. More than nine names are refused."""
    if len(value) > MAX_EXPORT_TAGS:
        raise WrongForm("times", most=MAX_EXPORT_TAGS, count=len(value))
    return list(dict.fromkeys(value))


TagName = Annotated[
    str,
    AfterValidator(_valid_tag),
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
    AfterValidator(at_most_nine),
    Field(json_schema_extra={"minItems": 1, "maxItems": MAX_EXPORT_TAGS}),
]
Tags = Annotated[
    list[TagName],
    AfterValidator(at_most_nine),
    Field(json_schema_extra={"maxItems": MAX_EXPORT_TAGS}),
]
WindowLabel = Annotated[
    Window,
    BeforeValidator(_parse_window),
    WithJsonSchema({"type": "string", "examples": list(LABELS), "enum": list(LABELS)}),
]


def _column_names(model: type[BaseModel]) -> list[str]:
    time, *figures = model.model_fields
    return [time, "tag_name", *figures]


def names_validator(names: Sequence[str]) -> Callable[[str], str]:
    """A validator for a text of some of ``names``, separated by commas."""

    def checked(value: str) -> str:
        if not set(value.split(",")) <= set(names):
            raise WrongForm("columns", names=" ".join(names))
        return value

    return checked


def names_schema(names: Sequence[str]) -> Any:
    """The schema of a text of some of ``names``, for the OpenAPI document."""
    any_name = "|".join(names)
    shape: dict[str, Any] = {"pattern": f"^({any_name})(,({any_name}))*$"}
    return Field(examples=[",".join(names[2:5])], json_schema_extra=shape)


_BUCKET: Final = _column_names(Bucket)
_INDICATOR: Final = _column_names(Indicator)
_FEATURE: Final = _column_names(Feature)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoParams(_Strict):
    """No parameters; the base of the other parameter classes."""


class TagsParams(_Strict):
    """All tags, or the tags whose name or title contains every word of ``search``."""

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
            raise WrongForm("window_from")
        if self.end is not None and self.start is None:
            raise WrongForm("to_from")
        return self


class SeriesParams(PeriodParams, TagParam):
    """A window or range, one tag or all, and the layout of the rows. Columns need one tag."""

    format: Literal["rows", "columns"] = "rows"
    columns: str | None = None

    @model_validator(mode="after")
    def _columns_are_of_one_tag(self) -> Self:
        if self.format == "columns" and self.tag is None:
            raise WrongForm("columns_tag")
        return self


class BucketParams(PeriodParams):
    """A window or range, up to nine tags, the bucket width, the compared time, and the layout."""

    tag: Tags = Field(default_factory=list)
    format: Literal["rows", "columns"] = "rows"
    columns: (
        Annotated[str, AfterValidator(names_validator(_BUCKET)), names_schema(_BUCKET)] | None
    ) = None
    bucket: Resolution | None = None
    compare: CompareText | None = None
    encoding: Literal["delta"] | None = None

    @model_validator(mode="after")
    def _columns_have_an_encoding(self) -> Self:
        if self.encoding is not None and self.format != "columns":
            raise WrongForm("encoding")
        return self

    @model_validator(mode="after")
    def _needs_a_tag(self) -> Self:
        if self.tag:
            return self
        if self.format == "columns":
            raise WrongForm("columns_tag")
        if self.bucket == "raw":
            raise WrongForm("raw_tag")
        if self.compare is not None:
            raise WrongForm("compare_tag")
        return self


class IndicatorParams(SeriesParams):
    """The parameters of a series, with the columns, the bucket width and the bands."""

    columns: (
        Annotated[str, AfterValidator(names_validator(_INDICATOR)), names_schema(_INDICATOR)] | None
    ) = None
    bucket: BucketName | None = None
    band: Band = "plant"


class FeatureParams(SeriesParams):
    """The parameters of a series, with the columns of a row of features."""

    columns: (
        Annotated[str, AfterValidator(names_validator(_FEATURE)), names_schema(_FEATURE)] | None
    ) = None


class ExportParams(_Strict):
    """Tags, a window or range, and the kind of rows, with the bucket width or the bands.

    Without ``window``, ``from`` and ``to`` are a range. With ``window``, they select the rows of
    the window that begin at ``from`` or later, and before ``to``. ``annotations`` adds a column.
    """

    tag: TagNames
    window: WindowLabel = Field(DEFAULT_WINDOW, validate_default=True)
    start: Annotated[RangeText | None, Field(alias="from")] = None
    end: Annotated[RangeText | None, Field(alias="to")] = None
    kind: Literal["buckets", "indicators", "features"] = "buckets"
    bucket: BucketName | None = None
    band: Band = "plant"
    annotations: bool = False

    @property
    def of_window(self) -> bool:
        """Whether the request is for a window, so that ``from`` and ``to`` select a part of it."""
        return "window" in self.model_fields_set or (self.start is None and self.end is None)

    @model_validator(mode="after")
    def _a_range_has_a_start(self) -> Self:
        if not self.of_window and self.start is None:
            raise WrongForm("to_window")
        return self


class CommParams(_Strict):
    """A tag and the first of 30 days; without ``start``, the 30 days that end today."""

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
