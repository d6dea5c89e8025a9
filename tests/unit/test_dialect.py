"""Formats of spreadsheets: recognised where they are unambiguous, refused otherwise."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ksys_app.errors import ConfigError
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.models.samples import NewSample
from ksys_app.ops.files import samplefile
from ksys_app.ops.files.dialect import Decimals, Reading, declared, plain
from ksys_app.ops.files.textlines import BadLine
from ksys_app.ops.masterdata import qc_csv
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES

AT = datetime(2026, 2, 8, 13, 30, 47, tzinfo=UTC)
VALUES = [190.5, -0.25, 12.0, 1e-7, 123456.789]
WANTED = [NewSample(AT + n * timedelta(seconds=1), "온도;1", v) for n, v in enumerate(VALUES)]
SPREADSHEETS = [
    # Separator, decimal sign, encoding, and what is said of them.
    (",", ".", "utf-8", None),
    (",", ".", "utf-8-sig", None),
    (";", ",", "utf-8-sig", "semicolons between cells, decimal commas"),
    (";", ".", "utf-8", "semicolons between cells, decimal points"),
    ("\t", ".", "utf-16", "UTF-16, tabs between cells, decimal points"),
    ("\t", ",", "utf-16", "UTF-16, tabs between cells, decimal commas"),
    (";", ",", "cp949", "CP949, semicolons between cells, decimal commas"),
    (",", ".", "cp949", "CP949"),
]


def as_spreadsheet(
    rows: Sequence[Sequence[str]], separator: str, encoding: str, end: str = "\r\n"
) -> bytes:
    """The rows as Excel writes them: quotes where they are needed, CRLF, a mark."""
    lines = []
    for row in rows:
        quoted = [
            '"' + cell.replace('"', '""') + '"' if any(c in cell for c in f'"{separator}') else cell
            for cell in row
        ]
        lines.append(separator.join(quoted))
    return (end.join(lines) + end).encode(encoding)


def table(decimal: str, tag: str = "온도;1") -> list[list[str]]:
    return [
        ["ts", "tag_name", "value"],
        *(
            [(AT + n * timedelta(seconds=1)).isoformat(), tag, repr(value).replace(".", decimal)]
            for n, value in enumerate(VALUES)
        ),
    ]


def given_encoding(encoding: str) -> str | None:
    return encoding if encoding == "cp949" else None


@pytest.mark.parametrize(("separator", "decimal", "encoding", "message"), SPREADSHEETS)
@pytest.mark.parametrize("zipped", [False, True])
def test_samples_are_read_as_they_were_meant(
    tmp_path: Path, separator: str, decimal: str, encoding: str, message: str | None, zipped: bool
) -> None:
    content = as_spreadsheet(table(decimal), separator, encoding)
    path = tmp_path / "samples.csv"
    path.write_bytes(gzip.compress(content) if zipped else content)
    messages: list[str] = []
    with samplefile.opened(path, Reading(given_encoding(encoding), None, messages.append)) as file:
        assert list(file) == WANTED
        assert file.line == len(WANTED) + 1
    assert messages == ([f"{path}: {message}"] if message else [])


RULE_ROWS = [
    QcRule("D100", -12.5, 200.0, 1.25, 60, False, True, {"unit": "°C", "a": '"x;y"\t1,5'},
           5.0, 195.5, 0.125, 198.0, None, 3.3, 0.5),
    QcRule("온도,2", min_val=1e-7, allow_negative=True, enabled=None),
    QcRule("D300;x", enabled=False, meta={"title": "밀"}),
]  # fmt: skip
EXPECTATION_ROWS = [Expectation("D100", 12, 0.98, 0.951), Expectation("온도", 1, 1.0, 0.5)]


@pytest.mark.parametrize(("separator", "decimal", "encoding", "message"), SPREADSHEETS)
def test_an_export_that_went_through_a_spreadsheet_comes_back_without_drift(
    tmp_path: Path, separator: str, decimal: str, encoding: str, message: str | None
) -> None:
    """Excel writes booleans in capitals and keeps everything else."""
    for name, rows, kind in (
        ("influx_qc_rule", RULE_ROWS, RULES),
        ("ingest_expectation", EXPECTATION_ROWS, EXPECTATIONS),
    ):
        exported = list(qc_csv.csv.reader(StringIO(qc_csv.text(rows, kind), newline="")))  # type: ignore[arg-type]
        numeric = [kind.names.index(c.name) for c in kind.columns if c.sql_type in qc_csv.NUMERIC]  # type: ignore[attr-defined]
        for record in exported[1:]:
            for at, cell in enumerate(record):
                if at in numeric:
                    record[at] = cell.replace(".", decimal)
                elif cell in ("true", "false"):
                    record[at] = cell.upper()
        path = tmp_path / f"{name}.csv"
        path.write_bytes(as_spreadsheet([*exported, [""] * len(exported[0])], separator, encoding))
        messages: list[str] = []
        reading = Reading(given_encoding(encoding), None, messages.append)
        assert qc_csv.read(path, kind, reading) == rows  # type: ignore[arg-type]
        assert messages == ([f"{path}: {message}"] if message else [])


@given(
    st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=30),
    st.sampled_from([";", "\t"]),
    st.sampled_from([".", ","]),
)
def test_values_are_read_back_exactly_or_the_file_is_refused_for_its_doubt(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], separator: str, decimal: str
) -> None:
    rows = [["ts", "tag_name", "value"]]
    for n, value in enumerate(values):
        cell = repr(value).replace(".", decimal)
        rows.append([(AT + n * timedelta(seconds=1)).isoformat(), "T", cell])
    path = tmp_path_factory.mktemp("dialect") / "x.csv"
    path.write_bytes(as_spreadsheet(rows, separator, "utf-8"))
    try:
        found = list(samplefile.read(path))
    except ConfigError as error:
        if "may be a number with three decimals or a thousand" not in error.message:
            raise
        sign: dict[str, Reading] = {".": Reading(None, "."), ",": Reading(None, ",")}
        with samplefile.opened(path, sign[decimal]) as file:
            found = list(file)
    assert [sample.value for sample in found if isinstance(sample, NewSample)] == values


DOUBTS = [
    (["1,234"], "'1,234' may be a number with three decimals or a thousand; say which with "),
    (["-1.234", "7"], "'-1.234' may be a number with three decimals or a thousand"),
    (["190,500"] * 3, "'190,500' may be a number"),
    (["1.234,5"], "'1.234,5' has a thousands separator; save the numbers without it"),
    (["1,234,567"], "'1,234,567' has a thousands separator"),
    (["1,234.5"], "'1,234.5' has a thousands separator"),
    (["1.234", "190,5"], "'1.234' has a point and '190,5' a comma; save the numbers with one"),
    (["1,234", "0.5"], "'0.5' has a point and '1,234' a comma"),
]
CLEAR: list[tuple[list[str], str | None]] = [
    ([], None), (["7", "-12", "1e5", "x", ""], None), (["0,125"], ","), (["0.125"], "."),
    (["1234,567"], ","), (["12,5"], ","), (["1,2345"], ","), (["1,234", "12,5"], ","),
    (["1.234", "12.5"], "."), (["1,5e-3"], ","), (["-,5"], ","), ([" 12,5 "], ","),
]  # fmt: skip


@pytest.mark.parametrize(("numbers", "says"), DOUBTS)
def test_numbers_that_can_be_read_in_two_ways_are_refused_in_one_sentence(
    tmp_path: Path, numbers: list[str], says: str
) -> None:
    decimals = Decimals()
    for number in numbers:
        decimals.examine(number)
    with pytest.raises(ValueError, match=r"^'") as caught:
        decimals.sign()
    assert str(caught.value).startswith(says)
    rows = [["ts", "tag_name", "value"], *([AT.isoformat(), "T", number] for number in numbers)]
    path = tmp_path / "x.csv"
    path.write_bytes(as_spreadsheet(rows, ";", "utf-8"))
    with pytest.raises(ConfigError) as refused:
        list(samplefile.read(path))
    assert refused.value.message.startswith(f"{path}: '")
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(("numbers", "sign"), CLEAR)
def test_numbers_that_show_their_sign(numbers: list[str], sign: str | None) -> None:
    decimals = Decimals()
    for number in numbers:
        decimals.examine(number)
    assert decimals.sign() == sign


@pytest.mark.parametrize("cell", ["1" * 500_000 + "x", "1," * 200_000 + "x", "." * 500_000])
def test_a_long_cell_is_judged_at_once(cell: str) -> None:
    Decimals().examine(cell)


def test_a_doubt_is_settled_by_an_option(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"ts;tag_name;value\n{AT.isoformat()};T;1,234\n{AT.isoformat()};U;1.5\n")
    messages: list[str] = []
    with samplefile.opened(path, Reading(None, ",", messages.append)) as file:
        sample, bad = file
    assert sample == NewSample(AT, "T", 1.234)
    assert isinstance(bad, BadLine)
    assert bad.reason == "value: '1.5' has a point, and the decimal sign here is a comma"
    assert messages == [f"{path}: semicolons between cells, decimal commas"]


def test_commas_between_cells_leave_no_room_for_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f'ts,tag_name,value\n{AT.isoformat()},T,190,5\n{AT.isoformat()},T,"190,5"\n')
    first, second = samplefile.read(path)
    assert isinstance(first, BadLine)
    assert isinstance(second, BadLine)
    assert first.reason == (
        "has 4 cells, the header 3; a file with decimal commas needs semicolons or tabs "
        "between cells"
    )
    assert second.reason == (
        "value: '190,5' has a comma, and the decimal sign here is a point; "
        "use --decimal comma if it is a comma"
    )
    with samplefile.opened(path, Reading(None, ",")) as file:
        assert list(file)[1] == NewSample(AT, "T", 190.5)


def test_the_sign_is_looked_for_in_the_first_lines_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samplefile, "PROBE", 3)
    path = tmp_path / "x.csv"
    rows = [["ts", "tag_name", "value"]]
    rows += [[(AT + n * timedelta(seconds=1)).isoformat(), "T", str(n)] for n in range(5)]
    path.write_bytes(as_spreadsheet([*rows, [AT.isoformat(), "T", "7,5"]], ";", "utf-8"))
    messages: list[str] = []
    with samplefile.opened(path, Reading(None, None, messages.append)) as file:
        *good, bad = file
    assert [sample.value for sample in good if isinstance(sample, NewSample)] == [0, 1, 2, 3, 4]
    assert isinstance(bad, BadLine)
    assert (bad.line, "use --decimal comma" in bad.reason) == (7, True)
    assert messages == [f"{path}: semicolons between cells, no decimal sign"]


def test_empty_columns_at_the_end_and_empty_rows_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    at = AT.isoformat()
    path.write_text(f"ts,tag_name,value,,\n{at},T,1.5,,\n,,,,\n{at},U,2,,x\n{at},V,3\n")
    first, second, third = samplefile.read(path)
    assert first == NewSample(AT, "T", 1.5)
    assert isinstance(second, BadLine)
    assert (second.line, second.reason) == (4, "has a cell in a column without a name")
    assert isinstance(third, BadLine)
    assert third.reason == "has 3 cells, the header 5"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;\r", "sep=;;;"])
def test_the_separator_is_the_one_that_the_first_line_of_excel_declares(
    tmp_path: Path, first: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{first}\nts;tag_name;value\n{AT.isoformat()};T;1,5\nbad\n", newline="")
    sample, bad = samplefile.read(path)
    assert sample == NewSample(AT, "T", 1.5)
    assert isinstance(bad, BadLine)
    assert bad.line == 4
    assert declared("ts;tag_name;value") is None


def test_a_byte_that_the_encoding_does_not_have_spoils_its_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    good = f"ts,tag_name,value\n{AT.isoformat()},밸브,1\n".encode("cp949")
    path.write_bytes(good + b"\xff\xfe\x80,T,1\n" + f"{AT.isoformat()},밸브,2\n".encode("cp949"))
    with samplefile.opened(path, Reading("cp949")) as file:
        first, bad, last = file
    assert (first, last) == (NewSample(AT, "밸브", 1.0), NewSample(AT, "밸브", 2.0))
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.reason.startswith("is not CP949 text; ")) == (3, True)
    path.write_bytes(good)
    with samplefile.opened(path) as file:
        (bad,) = file
    assert isinstance(bad, BadLine)
    assert bad.reason.endswith("name its encoding, e.g. --encoding cp949")
    path.write_bytes(codecs.BOM_UTF16_LE + "ts,tag_name,value\nx".encode("utf-16-le")[:-1])
    with samplefile.opened(path) as file:
        (bad,) = file
    assert isinstance(bad, BadLine)
    assert (bad.line, "is not UTF-16 text" in bad.reason) == (2, True)


@pytest.mark.parametrize(
    ("encoding", "content", "says"),
    [
        ("klingon", b"", "'klingon' is no encoding of text; say e.g. cp949, utf-8-sig or utf-16"),
        ("base64", b"", "'base64' is no encoding of text"),
        ("cp949", "ts".encode("utf-16"), "is marked as UTF-16; leave --encoding out"),
        ("utf-16", "ts".encode("utf-8-sig"), "is marked as UTF-8; leave --encoding out"),
    ],
)
def test_an_encoding_that_cannot_be_is_refused(
    tmp_path: Path, encoding: str, content: bytes, says: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        qc_csv.read(path, RULES, Reading(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "UTF8", "utf-16", "utf-16-le"])
def test_an_encoding_may_be_named_although_the_file_is_marked(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "x.csv"
    marked = "utf-16" if "16" in encoding else "utf-8-sig"
    path.write_bytes(f"ts,tag_name,value\n{AT.isoformat()},T,1\n".encode(marked))
    with samplefile.opened(path, Reading(encoding)) as file:
        assert list(file) == [NewSample(AT, "T", 1.0)]


@pytest.mark.parametrize(
    ("cell", "decimal", "wanted"), [("1,5", ",", "1.5"), ("1.5", ".", "1.5"), ("7", None, "7")]
)
def test_a_number_gets_a_point(cell: str, decimal: str | None, wanted: str) -> None:
    assert plain(cell, decimal) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize("time", ["08.02.2026 13:30", "2026-02-08 오후 1:30:47", "2/8/2026 13:30"])
def test_a_spreadsheet_s_own_times_are_refused_for_want_of_a_zone(
    tmp_path: Path, time: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"ts,tag_name,value\n{time},T,1\n2026-02-08 13:30,T,1\n")
    first, second = samplefile.read(path)
    assert isinstance(first, BadLine)
    assert isinstance(second, BadLine)
    assert "is not a time with its zone such as 2025-08-15T16:26:07Z" in first.reason
    assert "has no time zone; write 2025-08-15T16:26:07Z" in second.reason
