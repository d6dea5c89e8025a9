"""Response shapes of the series of several tags, and of compared series (PRD §33.2)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, create_model

from ksys_app.api.encoding import Deltas
from ksys_app.api.responses import Aging, Figure, by_column, some_columns
from ksys_app.api.schemas import ABSENT, Bucket, Count, Exact, Moment, Nothing, Timeseries, Window
from ksys_app.domain.ranges import Resolution


class Ends(Exact):
    """Rows of the time that a series is compared with.

    ``bucket`` is where a row is drawn, ``other`` its own time.
    """

    from_: Moment = Field(alias="from")
    to: Moment


class TagSeries(Exact):
    """The series of one of several tags."""

    tag_name: str
    title: str
    unit: str
    truncated: bool


class SeveralHead(Exact):
    """The series of several tags over one window or range, in the order of the request.

    By columns, all tags share ``times`` (epoch milliseconds), and have null where they have no row;
    ``other_times`` are those of the time that they are compared with. Samples have times of their
    own.
    """

    window: Window | None
    from_: Annotated[Moment | Nothing, Field(alias="from")] = ABSENT
    to: Moment | Nothing = ABSENT
    bucket: Resolution
    view: str
    bucket_s: Count
    from_ms: int
    to_ms: int
    limit: Count


def _model(name: str, *bases: Any, **fields: Any) -> Any:
    return create_model(name, __base__=bases, __doc__=bases[-1].__doc__, **fields)


def _list(kind: Any) -> Any:
    return list[kind]


def _aligned() -> Any:
    figures: dict[str, Any] = {
        name: (list[Figure] | Deltas | Nothing, ABSENT)
        for name in Bucket.model_fields
        if name != "bucket"
    }
    own: Any = (list[int] | Deltas | Nothing, ABSENT)
    counts: Any = list[Count | None] | Deltas | Nothing
    figures |= {"bucket": own, "other": own, "n": (counts, ABSENT)}
    return _model("SharedColumns", Exact, **figures)


def _several(layout: str, shape: Any, placed: Any, **extra_fields: Any) -> Any:
    suffix = layout.title()
    comparison = _model(f"OthersBy{suffix}", Ends, **{layout: (placed, ...)})
    compare: Any = (comparison | Nothing, ABSENT)
    tag_series = _model(
        f"TagSeriesBy{suffix}", TagSeries, **{layout: (shape, ...)}, compare=compare
    )
    return _model(
        f"SeveralBy{suffix}", Aging, SeveralHead, series=(_list(tag_series), ...), **extra_fields
    )


def _single(layout: str, shape: Any, placed: Any) -> Any:
    suffix = layout.title()
    comparison = _model(f"ComparedBy{suffix}", Ends, **{layout: (placed, ...)})
    fields: Any = {layout: (shape, ...), "compare": (comparison, ...)}
    return _model(f"ComparedTimeseriesBy{suffix}", Aging, Timeseries, **fields)


_ROW: Final[Any] = some_columns(Bucket)
_PLACED_ROW: Final[Any] = _model("ComparedBucketRow", _ROW, other=(Moment, ...))
_COLUMNS: Final[Any] = by_column(Bucket, Deltas)
_PLACED: Final[Any] = _model("ComparedBucketColumns", _COLUMNS, other=(list[int] | Deltas, ...))
_SHARED: Final[Any] = _aligned()
_TIMES: Final[Any] = {
    "times": (list[int] | Deltas | Nothing, ABSENT),
    "other_times": (list[int | None] | Deltas | Nothing, ABSENT),
}
SHAPES: Final[Any] = (
    _single("rows", list[_ROW], list[_PLACED_ROW])
    | _single("columns", _COLUMNS, _PLACED)
    | _several("rows", list[_ROW], list[_PLACED_ROW])
    | _several("columns", _SHARED, _SHARED, **_TIMES)
)
