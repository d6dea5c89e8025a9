"""The writers of files (PRD §33.11), each read again by pandas."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ksys_app.api import xlsx_file
from ksys_app.api.file_metadata import FileMetadata, Format, TagMetadata
from ksys_app.api.file_writers import writer_of
from ksys_app.domain.file_tables import Layout, Part, columns_of, lines_in, part_of
from ksys_app.domain.shared_columns import placed
from ksys_app.models.series import Columns
from tests.waiting import HANGS_S

BERLIN = ZoneInfo("Europe/Berlin")
# The night in which 02:00 to 03:00 comes twice.
AUTUMN = datetime(2026, 10, 24, 23, tzinfo=UTC)
TAGS = ("D100", '=유량 "1"')
FIGURES = ("n", "avg", "last")
ODD = (1 / 3, 1e-7, -1e300, 123456789.123456789, 0.1, 5e-324, 12345678901234567.0)


def series(tag: str, seed: int, count: int = 400) -> Columns:
    """Minutes with holes of times and of values."""
    noise = Random(seed)
    at = [minute for minute in range(count) if noise.random() > 0.2]
    values = [noise.choice((*ODD, noise.gauss(0, 1))) for _ in at]
    holes = [None if noise.random() < 0.1 else one for one in values]
    start = AUTUMN.timestamp()
    return columns(
        tag,
        bucket=[start + 60 * one + (0.000001 if one == at[1] else 0) for one in at],
        n=[one % 7 for one in at],
        avg=holes,
        last=values,
    )


def columns(tag: str, **values: Sequence[float | None]) -> Columns:
    arrays = {name: np.array(one, dtype=np.float64) for name, one in values.items()}
    return Columns(tag, AUTUMN, None, None, **arrays)


def about(layout: Layout, tags: Sequence[str] = TAGS) -> FileMetadata:
    tags_by_name = {tag: TagMetadata(tag, "제목", "m³/h", 2) for tag in tags}
    columns = columns_of(tags, FIGURES, layout, compared=False)
    return FileMetadata(columns, tags_by_name, {"bucket": "1m", "time_zone": BERLIN.key}, BERLIN)


def parts(found: Sequence[Columns], layout: Layout) -> list[Part]:
    """The lines in three parts a tag, or three parts of both."""
    result: list[Part] = []
    rows = placed([(one, None) for one in found], None)
    for chosen in [[one] for one in rows] if layout == "rows" else [rows]:
        all_lines = part_of(chosen, None, FIGURES)
        for some in np.array_split(np.arange(lines_in(all_lines)), 3):
            part = [one if isinstance(one, str) else one[some] for one in all_lines]
            result.append([chosen[0].columns.tag_name, *part] if layout == "rows" else part)
    return result


def written(kind: Format, layout: Layout, found: Sequence[Columns]) -> bytes:
    writer = writer_of(kind, about(layout))
    try:
        body = b"".join(writer.feed(part) for part in parts(found, layout))
        return body + b"".join(writer.end())
    finally:
        writer.close()


def wanted(found: Sequence[Columns], layout: Layout) -> pd.DataFrame:
    """The table by pandas alone, with times in UTC as its index."""
    frames = []
    for one in found:
        times = pd.to_datetime([round(at * 1e6) for at in one.bucket], unit="us", utc=True)
        values = {name: getattr(one, name) for name in FIGURES}
        frame = pd.DataFrame(values, dtype="float64", index=times)
        frames.append(frame.rename(columns=lambda name, tag=one.tag_name: f"{tag} {name}"))
    if layout == "columns":
        return pd.concat(frames, axis=1, sort=True)
    return pd.concat([one.set_axis(list(FIGURES), axis=1) for one in frames])


def read(kind: Format, body: bytes) -> pd.DataFrame:
    """A file, read by pandas, with times in UTC as its index."""
    if kind == "parquet":
        frame = pd.read_parquet(io.BytesIO(body))
        assert str(frame["bucket"].dt.tz) == "UTC"
        return frame.set_index("bucket")
    if kind == "csv":
        frame = pd.read_csv(io.BytesIO(body))
        frame.columns = [name.removeprefix("'") for name in frame.columns]
        times = pd.to_datetime(frame["bucket"], utc=True, format="ISO8601")
        return frame.assign(bucket=times).set_index("bucket")
    frame = pd.read_excel(io.BytesIO(body), sheet_name="Data")
    offsets = frame["utc_offset"].str[:3].astype(int)
    local = frame["bucket"] - pd.to_timedelta(offsets, unit="h")
    return frame.assign(bucket=local.dt.tz_localize("UTC")).set_index("bucket")


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_file_has_the_values_times_and_holes_of_the_series(kind: Format, layout: Layout) -> None:
    found = [series(tag, seed) for seed, tag in enumerate(TAGS)]
    frame = read(kind, written(kind, layout, found))
    if layout == "rows":
        tags = [tag for one in found for tag in [one.tag_name] * len(one.bucket)]
        names = frame.pop("tag_name")
        assert [name.removeprefix("'") for name in names] == tags
    expected = wanted(found, layout)
    # A workbook has milliseconds, the others microseconds.
    assert list(frame[expected.columns].columns) == list(expected.columns)
    times = (frame.index - expected.index).to_series().abs().max()
    assert times <= timedelta(0.001 if kind == "xlsx" else 0), times
    got = frame[expected.columns].astype("float64")
    pd.testing.assert_frame_equal(
        got.reset_index(drop=True),
        expected.reset_index(drop=True),
        check_exact=True,
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_file_without_lines_has_its_heading(kind: Format) -> None:
    empty = columns("", bucket=[])
    frame = read(kind, written(kind, "columns", [empty, empty])) if kind != "xlsx" else None
    if frame is None:
        body = written(kind, "columns", [empty, empty])
        frame = pd.read_excel(io.BytesIO(body), sheet_name="Data")
    assert len(frame) == 0
    assert list(frame.columns)[-6:] == [f"{tag} {name}" for tag in TAGS for name in FIGURES]


def test_no_text_of_a_workbook_is_a_formula_and_it_says_what_it_has() -> None:
    body = written("xlsx", "rows", [series(TAGS[1], 1)])
    book = openpyxl.load_workbook(io.BytesIO(body))
    data = book["Data"]
    assert {cell.data_type for cell in data["A"]} == {"s"}
    assert data["A2"].value == TAGS[1]
    assert (data.freeze_panes, data["B2"].number_format) == ("D2", "yyyy-mm-dd hh:mm:ss")
    text = [[cell.value for cell in row] for row in book["About"].iter_rows()]
    assert ["bucket", "1m", None] in text
    assert [TAGS[0], "제목", "m³/h"] in text


def test_figures_of_a_tag_have_its_decimals() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", "columns", [series(TAGS[0], 1)] * 2)))
    formats = [cell.number_format for cell in next(book["Data"].iter_rows(min_row=2))]
    assert formats[2:5] == ["General", "0.00", "0.00"]


def test_parquet_has_units_and_zone_in_its_metadata() -> None:
    body = written("parquet", "columns", [series(tag, 1) for tag in TAGS])
    file = pq.ParquetFile(io.BytesIO(body))
    schema = file.schema_arrow
    assert schema.field("D100 avg").metadata[b"unit"].decode() == "m³/h"
    assert schema.field("bucket").metadata == {b"zone": b"Europe/Berlin"}
    assert schema.metadata[b"bucket"] == b"1m"
    assert file.metadata.metadata[b"time_zone"] == b"Europe/Berlin"


def test_parquet_returns_bytes_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksys_app.api.parquet_file.GROUP_ROWS", 1000)
    writer = writer_of("parquet", about("columns"))
    sizes = [len(writer.feed(part)) for part in parts([series(TAGS[0], 1, 9000)] * 2, "columns")]
    rest = b"".join(writer.end())
    assert min(sizes) > 0, sizes
    assert rest


def test_a_writer_that_is_closed_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_file.tempfile, "tempdir", str(tmp_path))
    some = parts([series(tag, 1) for tag in TAGS], "columns")[0]
    for kind in ("xlsx", "parquet"):
        before = set(threading.enumerate())
        writer = writer_of(kind, about("columns"))  # type: ignore[arg-type]
        writer.feed(some)
        writer.close()
        for thread in set(threading.enumerate()) - before:
            thread.join(HANGS_S)
            assert not thread.is_alive(), thread.name
    assert list(tmp_path.iterdir()) == []


def test_what_parquet_cannot_take_is_an_error_at_once() -> None:
    writer = writer_of("parquet", about("columns"))
    with pytest.raises(Exception, match="argument 2 is shorter"):
        writer.feed([np.array([1.0])])
    writer.close()
