"""Series as the table of a file: its columns, and its lines in parts (PRD §33.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ksys_app.domain.ranges import Range
from ksys_app.domain.shared_columns import Numbers, Placed, shared_axis
from ksys_app.models.series import Columns

Layout = Literal["columns", "rows"]
"""A column for each figure of each tag, or a line for each tag and bucket."""
Kind = Literal["time", "tag", "count", "figure"]
Values = str | NDArray[np.float64]
"""One text for all lines, or a number for each: times in seconds since 1970, NaN for no value."""
Part = Sequence[Values]
"""Some lines of a table, by column."""

TIME: Final = "bucket"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: its heading.
        kind: the kind of its values.
        tag: the tag of its figures; empty if the column has several tags.
        figure: the name of the figure; empty for times and tags.
    """

    name: str
    kind: Kind
    tag: str = ""
    figure: str = ""


def columns_of(
    tags: Sequence[str], figures: Sequence[str], layout: Layout, *, compared: bool
) -> tuple[Column, ...]:
    """The columns of a table.

    Args:
        tags: the tags.
        figures: the names of the figures of each tag.
        layout: ``rows`` names the tag in each line, ``columns`` in the heading of each figure.
        compared: whether the table has columns for the compared period, with its times.
    """
    times = [Column(TIME, "time"), *([Column(OTHER, "time")] if compared else [])]
    named = [(figure, f"{OTHER}_{figure}") if compared else (figure,) for figure in figures]
    if layout == "rows":
        own = [_figure(names[0], "", figure) for figure, names in zip(figures, named, strict=True)]
        other = [
            _figure(names[-1], "", figure) for figure, names in zip(figures, named, strict=True)
        ]
        return Column("tag_name", "tag"), *times, *own, *(other if compared else [])
    return *times, *(
        _figure(f"{tag} {names[at]}", tag, figure)
        for tag in tags
        for at in range(1 + compared)
        for figure, names in zip(figures, named, strict=True)
    )


def _figure(name: str, tag: str, figure: str) -> Column:
    return Column(name, "count" if figure == "n" else "figure", tag, figure)


def part_of(
    own: Sequence[Placed], others: Sequence[Placed] | None, figures: Sequence[str]
) -> list[Values]:
    """The lines of some tags, by column. There is a line for each time at which a tag has a row.

    Args:
        own: the rows of each tag.
        others: the rows of each tag in the compared period; None without a comparison.
        figures: the names of the figures of each tag.
    """
    axis = shared_axis([*own, *(others or ())])
    values: list[Values] = [axis]
    if others is not None:
        times = np.full(len(axis), np.nan)
        for rows in others:
            times[np.searchsorted(axis, rows.place)] = rows.time
        values.append(times)
    for at, own_rows in enumerate(own):
        for rows in (own_rows, *([others[at]] if others is not None else [])):
            values += [_on(axis, rows, name) for name in figures]
    return values


def _on(axis: Numbers, rows: Placed, name: str) -> Numbers:
    values = np.full(len(axis), np.nan)
    values[np.searchsorted(axis, rows.place)] = np.array(
        rows.figure(name, short=False), dtype=np.float64
    )
    return values


def most_buckets(span: Range) -> int:
    """The largest number of buckets that a tag can have in a range; not for samples."""
    return ceil(span.duration / span.width) + 1


def complete(rows: Sequence[Columns], cap: int) -> tuple[list[Columns], datetime | None]:
    """The samples up to the time at which the next page starts, and that time.

    Args:
        rows: the oldest samples of each tag.
        cap: size of a page. A tag with a full page may have more samples, so the next page starts
            with its last sample.

    Returns:
        The samples before the next page, and its start; None if this page is the last.
    """
    ends = [row.bucket[-1] for row in rows if len(row.bucket) >= cap]
    if not ends:
        return list(rows), None
    end = float(min(ends))
    # A statement takes whole microseconds; a float is not exact enough.
    return [_before(row, end) for row in rows], datetime.fromtimestamp(end, UTC)


def _before(row: Columns, end: float) -> Columns:
    count = int(np.searchsorted(row.bucket, end))
    arrays = {field.name: getattr(row, field.name) for field in fields(row)}
    cut: dict[str, Any] = {
        name: values[:count] for name, values in arrays.items() if isinstance(values, np.ndarray)
    }
    return replace(row, **cut)


def lines_in(part: Part) -> int:
    """The number of lines in a part."""
    return next(len(values) for values in part if not isinstance(values, str))


def numbers(values: NDArray[np.float64]) -> list[float | None]:
    """The numbers, None for those that are not finite."""
    objects = values.astype(object)
    objects[~np.isfinite(values)] = None
    listed: list[float | None] = objects.tolist()
    return listed


def all_finite(values: NDArray[np.float64]) -> bool:
    """Whether all values are finite."""
    return bool(np.isfinite(values).all())


def counts(values: NDArray[np.float64]) -> list[int | None]:
    """Whole numbers, None for NaN."""
    return [None if number is None else int(number) for number in numbers(values)]


def local_times(values: NDArray[np.float64], zone: ZoneInfo) -> list[datetime | None]:
    """Times in the zone from seconds since 1970, None for NaN."""
    return [
        None if seconds is None else datetime.fromtimestamp(seconds, zone)
        for seconds in numbers(values)
    ]
