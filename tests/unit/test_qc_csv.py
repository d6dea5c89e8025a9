"""Rules in CSV: each wrong cell is named with its line and column, and nothing is guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.names import flaw
from ksys_app.domain.rules import LIMITS
from ksys_app.errors import ConfigError
from ksys_app.models.rows import Expectation, QcRule
from ksys_app.ops.files import cells
from ksys_app.ops.masterdata import qc, qc_csv
from ksys_app.ops.masterdata.qc import Change, diff, table_of
from ksys_app.ops.masterdata.qc_table import EXPECTATIONS, RULES, show

HEADER = ",".join(RULES.names)
GOOD = QcRule("T1", 0.0, 100.0, 5.0, 60, False, True, {"unit": "bar"}, 10.0, 90.0, 5.0, 95.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "influx_qc_rule.csv"


def with_cell(column: str, cell: str) -> str:
    cells = dict.fromkeys(RULES.names, "") | {"tag_name": "T1", "enabled": "true"} | {column: cell}
    return f"{HEADER}\n{','.join(cells[name] for name in RULES.names)}\n"


def complaint(file: Path, content: str | bytes) -> str:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        qc_csv.read(file, RULES)
    assert caught.value.exit_code == 2
    return caught.value.message.replace(f"{file}", "FILE")


WRONG_CELLS = [
    ("tag_name", "", "must be given"),
    ("tag_name", " T1", "' T1' has blanks around it"),
    ("tag_name", "T\x001", "'T\\x001' holds a NUL character"),
    ("min_val", "12,5", None),
    ("min_val", "abc", "'abc' is not a number"),
    ("max_val", "nan", "'nan' is not a finite number"),
    ("warn_min", "inf", "'inf' is not a finite number"),
    ("warn_max", "-Infinity", "'-Infinity' is not a finite number"),
    ("crit_min", "1e999", "'1e999' is not a finite number"),
    ("crit_max", "1_000", "'1_000' is not a finite number"),
    ("max_step", "0", "0 must be above 0"),
    ("max_step", "-1", "-1 must be above 0"),
    ("roc_max_per_min", "-0.1", "-0.1 must be above 0"),
    ("spike_zscore", "0", "0 must be above 0"),
    ("max_gap_seconds", "-60", "-60 must be from 1 to 2147483647"),
    ("max_gap_seconds", "0", "0 must be from 1 to 2147483647"),
    ("max_gap_seconds", "60.5", "'60.5' is not a whole number"),
    ("max_gap_seconds", "2147483648", "2147483648 must be from 1 to 2147483647"),
    ("deadband_pct", "26", "26 must be from 0 to 25"),
    ("deadband_pct", "-1", "-1 must be from 0 to 25"),
    ("allow_negative", "yes", "'yes' is neither true nor false"),
    ("enabled", "1", "'1' is neither true nor false"),
    ("meta", "[]", "'[]' is not a JSON object such as {}"),
    ("meta", "{unit: bar}", "'{unit: bar}' is not JSON"),
]


@pytest.mark.parametrize(("column", "cell", "reason"), WRONG_CELLS)
def test_a_wrong_cell_is_named(file: Path, column: str, cell: str, reason: str | None) -> None:
    message = complaint(file, with_cell(column, cell))
    wanted = f"FILE:2 {column}: {reason}" if reason else "FILE:2 has 16 cells, the header 15"
    assert message.startswith(wanted)


@pytest.mark.parametrize(
    "cell", ['{"a": 1e999}', '{"a": NaN}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 100_000]
)
def test_meta_that_the_database_could_not_keep_is_refused(file: Path, cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert complaint(file, with_cell("meta", quoted)).startswith("FILE:2 meta: ")


ORDERS = [
    ({"min_val": 5.0, "max_val": 5.0}, "min_val: 5 must be below max_val, which is 5"),
    ({"min_val": 9.0, "max_val": 5.0}, "min_val: 9 must be below max_val, which is 5"),
    ({"crit_min": -1.0, "min_val": 0.0}, "min_val: 0 must be at most crit_min, which is -1"),
    ({"warn_min": 1.0, "crit_min": 2.0}, "crit_min: 2 must be at most warn_min, which is 1"),
    ({"warn_min": 3.0, "warn_max": 3.0}, "warn_min: 3 must be below warn_max, which is 3"),
    ({"warn_max": 9.5, "crit_max": 9.0}, "warn_max: 9.5 must be at most crit_max, which is 9"),
    ({"crit_max": 9.0, "max_val": 8.0}, "crit_max: 9 must be at most max_val, which is 8"),
    ({"crit_min": 4.0, "max_val": 3.0}, "crit_min: 4 must be below max_val, which is 3"),
]


@pytest.mark.parametrize(("limits", "message"), ORDERS)
def test_limits_out_of_order_are_named(file: Path, limits: dict[str, Any], message: str) -> None:
    assert complaint(file, qc_csv.text([QcRule("T1", **limits)], RULES)) == f"FILE:2 {message}"


def test_limits_that_touch_on_one_side_are_in_order(file: Path) -> None:
    rule = QcRule(
        "T1", min_val=0, crit_min=0, warn_min=0, warn_max=9, crit_max=9, max_val=9, enabled=None
    )
    file.write_text(qc_csv.text([rule], RULES))
    assert qc_csv.read(file, RULES) == [rule]


def test_a_deadband_that_would_hold_an_alarm_for_good_is_refused(file: Path) -> None:
    narrow = QcRule("T1", min_val=0, max_val=200, warn_min=10, warn_max=12, deadband_pct=0.5)
    assert complaint(file, qc_csv.text([narrow], RULES)) == (
        "FILE:2 deadband_pct: 0.5 % of the range is 1, which leaves no value between warn_min and "
        "warn_max at which an alarm could end"
    )
    for fine in (
        replace(narrow, deadband_pct=0.49),
        replace(narrow, warn_max=None),
        QcRule("T1", min_val=0, max_val=1, deadband_pct=25),
        QcRule("T1", warn_min=10, warn_max=12, deadband_pct=25),
    ):
        qc_csv.write(file, qc_csv.text([fine], RULES), force=True)
        assert qc_csv.read(file, RULES) == [fine]


def test_all_problems_of_a_file_are_reported_at_once(file: Path) -> None:
    lines = with_cell("min_val", "x").splitlines()
    second = with_cell("max_gap_seconds", "-1").splitlines()[1]
    message = complaint(file, "\n".join([*lines, second, "T9,too,short"]))
    assert message.splitlines() == [
        "FILE:2 min_val: 'x' is not a number",
        "FILE:3 max_gap_seconds: -1 must be from 1 to 2147483647",
        "FILE:4 has 3 cells, the header 15",
    ]


def test_a_flood_of_problems_is_counted(file: Path) -> None:
    row = with_cell("min_val", "x").splitlines()[1]
    message = complaint(file, "\n".join([HEADER, *[row] * 50])).splitlines()
    assert len(message) == qc_csv.MAX_PROBLEMS + 1
    assert message[-1] == "and 30 more problems"


def test_a_tag_given_twice_is_named_with_its_first_line(file: Path) -> None:
    content = qc_csv.text([GOOD, QcRule("T2"), GOOD], RULES)
    assert complaint(file, content) == "FILE:4 tag_name: T1 is already on line 2"


FILES = [
    ("", f"FILE is empty; its first line must be {HEADER}"),
    ("\n\n", f"FILE is empty; its first line must be {HEADER}"),
    (
        HEADER.replace("min_val", "low") + "\n",
        "FILE:1 missing columns: min_val; unknown columns: low (commas between cells)",
    ),
    (
        HEADER.replace(",", ";").replace("min_val", "low") + "\n",
        "FILE:1 missing columns: min_val; unknown columns: low (semicolons between cells)",
    ),
    (HEADER + ",enabled\n", "FILE:1 columns given twice: enabled (commas between cells)"),
    (
        HEADER.replace(",enabled", ",,enabled") + "\n",
        "FILE:1 columns without a name: 7 (commas between cells)",
    ),
    (
        HEADER.replace("tag_name", "이름").encode("cp949"),
        "FILE:1 is not UTF-8 text; save it as CSV UTF-8, or name its encoding, "
        "e.g. --encoding cp949",
    ),
    (f'{HEADER}\n"T1', "FILE:2 is not CSV: unexpected end of data"),
]


@pytest.mark.parametrize(("content", "message"), FILES)
def test_a_file_of_another_kind_is_refused(file: Path, content: str | bytes, message: str) -> None:
    assert complaint(file, content) == message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=f"cannot be read: {reason}"):
            qc_csv.read(path, RULES)


def test_empty_cells_are_null_and_empty_meta_an_empty_object(file: Path) -> None:
    file.write_text(with_cell("enabled", ""))
    assert qc_csv.read(file, RULES) == [QcRule("T1", enabled=None)]


def test_empty_cells_of_an_expectation_are_the_defaults_of_the_table(tmp_path: Path) -> None:
    file = tmp_path / "ingest_expectation.csv"
    file.write_text("tag_name,exp_per_min,slo_warn,slo_crit\nT1,,,\n")
    assert qc_csv.read(file, EXPECTATIONS) == [Expectation("T1", 1, 0.98, 0.95)]
    file.write_text("tag_name,exp_per_min,slo_warn,slo_crit\nT1,12,0.9,0.95\n")
    with pytest.raises(
        ConfigError, match=r"slo_crit: 0\.95 must be at most slo_warn, which is 0\.9"
    ):
        qc_csv.read(file, EXPECTATIONS)


def test_columns_in_another_order_bom_and_windows_line_ends_are_read(file: Path) -> None:
    names = list(reversed(RULES.names))
    cells = [show(getattr(GOOD, name)).replace('"', '""') for name in names]
    lines = [",".join(names), ",".join(f'"{cell}"' for cell in cells), ""]
    file.write_text("\r\n".join(lines), "utf-8-sig", newline="")
    assert qc_csv.read(file, RULES) == [GOOD]


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.none() | st.floats(min_value=0, exclude_min=True, allow_infinity=False)
LETTERS = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
NAMES = st.text(LETTERS, min_size=1, max_size=200).filter(lambda name: flaw(name) is None)
METAS = st.dictionaries(
    NAMES.filter(lambda name: name not in {"unit", "title"}),
    NAMES | st.booleans() | st.integers(-(2**53), 2**53),
    max_size=3,
)


@st.composite
def rules(draw: st.DrawFn) -> QcRule:
    ascending = sorted(draw(st.sets(st.floats(-1e9, 1e9), min_size=6, max_size=6)))
    limits = {name: draw(st.none() | st.just(v)) for name, v in zip(LIMITS, ascending, strict=True)}
    rule = QcRule(
        tag_name=draw(NAMES),
        max_step=draw(POSITIVE),
        max_gap_seconds=draw(st.none() | st.integers(1, 2**31 - 1)),
        allow_negative=draw(st.none() | st.booleans()),
        enabled=draw(st.none() | st.booleans()),
        meta=draw(METAS),
        roc_max_per_min=draw(POSITIVE),
        spike_zscore=draw(POSITIVE),
        **limits,
    )
    banded = replace(rule, deadband_pct=draw(st.none() | st.floats(0, 25)))
    return rule if list(RULES.check(banded)) else banded


@pytest.mark.parametrize(
    ("cell", "refused"),
    [
        (r'{"a": "\u0000"}', True),
        (r'{"\u0000": 1}', True),
        (r'{"a": ["\\\u0000"]}', True),
        (r'{"a": "\\u0000"}', False),
        (r'{"\\\\u0000": 1}', False),
    ],
)
def test_a_nul_in_meta_is_distinguished_from_the_letters_that_spell_it(
    cell: str, refused: bool
) -> None:
    if not refused:
        assert cells.json_object(cell) == json.loads(cell)
        return
    with pytest.raises(ValueError, match="holds a NUL character"):
        cells.json_object(cell)


@settings(deadline=None)
@given(st.lists(rules(), max_size=5, unique_by=lambda rule: rule.tag_name))
def test_what_is_written_is_read_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[QcRule]
) -> None:
    file = tmp_path_factory.mktemp("qc") / "rules.csv"
    qc_csv.write(file, qc_csv.text(rows, RULES))
    assert qc_csv.read(file, RULES) == rows
    assert diff(rows, qc_csv.read(file, RULES), RULES) == []


def test_the_differences_are_reported_cell_by_cell_and_row_by_row() -> None:
    stored = [GOOD, QcRule("T2", max_val=5.0), QcRule("GONE")]
    wanted = [GOOD, QcRule("T2", max_val=6.0, meta={"unit": "A"}), QcRule("NEW")]
    changes = diff(wanted, stored, RULES)
    assert changes == [
        Change("GONE", "remove"),
        Change("NEW", "add"),
        Change("T2", "change", "max_val", 6.0, 5.0),
        Change("T2", "change", "meta", {"unit": "A"}, {}),
    ]
    assert [change.done(dry_run=False, prune=False) for change in changes] == [
        "GONE: not in the file, unchanged",
        "NEW: inserted",
        "T2 max_val: changed from 5 to 6",
        'T2 meta: changed from {} to {"unit": "A"}',
    ]
    assert [change.done(dry_run=True, prune=True) for change in changes[:3]] == [
        "GONE: would be deleted",
        "NEW: would be inserted",
        "T2 max_val: would be changed from 5 to 6",
    ]
    assert [str(change) for change in changes] == [
        "GONE: not in the file",
        "NEW: not in the database",
        "T2 max_val: 6 in the file, 5 in the database",
        'T2 meta: {"unit": "A"} in the file, {} in the database',
    ]


def test_a_file_that_says_something_else_is_only_overwritten_by_force(file: Path) -> None:
    qc_csv.write(file, "old\n")
    qc_csv.write(file, "old\n")
    with pytest.raises(ConfigError, match="--force overwrites it"):
        qc_csv.write(file, "new\n")
    assert file.read_text() == "old\n"
    qc_csv.write(file, "new\n", force=True)
    assert file.read_text() == "new\n"
    assert list(file.parent.iterdir()) == [file], "nothing else is left in the folder"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        qc_csv.write(tmp_path / "missing" / "rules.csv", "")
    with pytest.raises(ConfigError, match="cannot be written: Is a directory"):
        qc_csv.write(tmp_path, "", force=True)


def test_the_name_of_a_file_tells_its_table() -> None:
    assert table_of(Path("a/ingest_expectation.csv")) is EXPECTATIONS
    assert table_of(Path("a/influx_qc_rule.csv")) is RULES
    assert table_of(Path("a/copy.csv")) is RULES


def test_the_shipped_files_are_valid_and_written_as_an_export_writes_them() -> None:
    rules, expectations = qc.RULES_CSV, qc.EXPECTATIONS_CSV
    assert rules.read_text("utf-8") == qc_csv.text(qc_csv.read(rules, RULES), RULES)
    rows = qc_csv.read(expectations, EXPECTATIONS)
    assert expectations.read_text("utf-8") == qc_csv.text(rows, EXPECTATIONS)
