"""CSV files that spreadsheets can open, and their file names."""

from __future__ import annotations

import csv
import io
import math
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from ksys_app.api import csv_file
from ksys_app.models.series import Bucket

SEOUL = ZoneInfo("Asia/Seoul")
TEN = datetime(2025, 8, 26, 13, 26, tzinfo=UTC)
NAMES = ("bucket", "n", "avg", "diff")
printable = st.text(min_size=1, max_size=200).filter(str.isprintable)


def row(avg: float, diff: float = -0.5) -> Bucket:
    return Bucket(TEN, 3, avg, 3.0, 0.0, 2.0, 1.0, 1.5, diff, TEN)


def test_a_file_begins_with_a_byte_order_mark_and_its_columns() -> None:
    assert csv_file.header(NAMES) == b"\xef\xbb\xbftag_name,bucket,n,avg,diff\r\n"


def test_a_line_has_the_time_in_the_display_zone_and_figures_in_full() -> None:
    text = csv_file.lines("D100", [row(1 / 3)], NAMES, SEOUL)
    assert text == b"D100,2025-08-26T22:26:00+09:00,3,0.3333333333333333,-0.5\r\n"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_nothing(value: float) -> None:
    assert b",3,,-0.5" in csv_file.lines("D100", [row(value)], NAMES, SEOUL)


@given(st.lists(st.floats() | st.none() | st.floats(-1e-3, 1e-3), max_size=9))
def test_a_file_has_every_digit_of_a_number(values: list[float | None]) -> None:
    text = csv_file.lines("D100", [row(value) for value in values], NAMES, SEOUL).decode()  # type: ignore[arg-type]
    written = ["" if v is None or not math.isfinite(v) else repr(v) for v in values]
    assert [line.split(",")[3] for line in text.splitlines()] == written


@pytest.mark.parametrize("tag", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1", "＋1", "－1", "＠A"])
def test_a_tag_is_never_a_formula(tag: str) -> None:
    (cells,) = csv.reader(io.StringIO(csv_file.lines(tag, [row(1)], NAMES, SEOUL).decode()))
    assert cells[0] == f"'{tag}"
    assert cells[4] == "-0.5", "a negative number stays a number"


@given(printable)
def test_any_tag_comes_back_from_the_file(tag: str) -> None:
    text = csv_file.lines(tag, [row(1)] * 2, NAMES, SEOUL).decode()
    found = [cells[0] for cells in csv.reader(io.StringIO(text, newline=""))]
    assert found == [csv_file.plain_text(tag)] * 2


@given(st.lists(printable, min_size=1, max_size=9))
def test_any_tag_gives_a_header_and_a_name_that_a_file_may_have(tags: list[str]) -> None:
    header = csv_file.disposition(tags, "features", *csv_file.span(TEN, TEN, SEOUL), "24h")
    assert header.isascii()
    simple, name = re.fullmatch(
        r"attachment; filename=\"([^\"\\%]+)\"; filename\*=UTF-8''([^\s;,]+)", header
    ).groups()  # type: ignore[union-attr]
    for filename in (simple, unquote(name)):
        assert filename.endswith(" 24h.csv")
        assert not set('/\\:*?"<>|') & set(filename)
        assert len(filename.encode()) <= 255


def test_the_name_of_a_file_tells_what_is_in_it() -> None:
    header = csv_file.disposition(["유량/1", "B"], "12m", "1m")
    assert unquote(header.partition("UTF-8''")[2]) == "유량_1 and 1 more 12m 1m.csv"
    assert 'filename="___1 and 1 more 12m 1m.csv"' in header


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (TEN, TEN + timedelta(hours=1), "from 2025-08-26 22.26.00 to 2025-08-26 23.26.00"),
        (TEN, None, "from 2025-08-26 22.26.00"),
        (None, TEN, "to 2025-08-26 22.26.00"),
        (None, None, ""),
    ],
)
def test_the_name_of_a_file_tells_the_part_of_its_window(
    start: datetime | None, end: datetime | None, text: str
) -> None:
    assert " ".join(csv_file.span(start, end, SEOUL)) == text
