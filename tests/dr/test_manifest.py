"""The manifest beside a dump: writing, reading, and a sentence for every difference."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ksys_app.errors import ConfigError
from ksys_app.ops.recovery import manifest, pg_programs
from ksys_app.ops.recovery.manifest import Comparison, Content, Dump
from ksys_app.ops.recovery.pg_programs import ClientProgram

FLOOR = date(2025, 8, 1)
HELD = Content(
    {"influx_agg_1d": 3, "influx_qc_rule": 9},
    [
        ["D100", "2025-07-31", 5, "1"],
        ["D100", "2026-01-02", 7, "22"],
        ["온도", "2026-01-02", 1, "3"],
    ],
)
ORIGIN = {
    "database": "EcoAnP", "postgres": "15.18", "major": 15, "owner": "ksys",
    "extensions": {"timescaledb": "2.28.3"},
}  # fmt: skip
NOTED = manifest.make(ORIGIN, HELD, Dump(10, "ab"), "Asia/Seoul")


def test_a_manifest_is_read_as_it_was_written_with_one_line_a_day(tmp_path: Path) -> None:
    path = tmp_path / "x.dump.manifest.json"
    path.write_text(manifest.text(NOTED), "utf-8")
    assert manifest.read(path) == NOTED
    assert '["D100", "2026-01-02", 7, "22"],' in path.read_text("utf-8").splitlines()
    empty = replace(NOTED, content=Content({}, []))
    path.write_text(manifest.text(empty), "utf-8")
    assert manifest.read(path) == empty


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not a manifest"),
        ("[]", "is not a manifest"),
        (json.dumps({"format": 1}), "is not a manifest"),
        (json.dumps({"format": 7}), "has format 7; this version reads 1"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=says):
        manifest.read(path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        manifest.read(tmp_path / "missing")


def compared(**changes: object) -> Comparison:
    return manifest.compare(HELD, replace(HELD, **changes), FLOOR)  # type: ignore[arg-type]


def differences(**changes: object) -> list[str]:
    found = compared(**changes)
    assert found.additional == []
    return found.differences


def test_equal_content_has_no_difference() -> None:
    assert differences() == []


def test_a_relation_with_another_number_of_rows_is_named() -> None:
    assert differences(relations={"influx_qc_rule": 8}) == [
        "influx_agg_1d has 0 rows, the dump 3",
        "influx_qc_rule has 8 rows, the dump 9",
    ]


def test_an_aggregate_that_is_more_complete_is_reported_and_a_table_with_more_rows_is_wrong() -> (
    None
):
    assert compared(relations={"influx_agg_1d": 7_802, "influx_qc_rule": 9}) == Comparison(
        [], ["influx_agg_1d has 7,802 rows, the dump 3"]
    )
    assert compared(relations={"influx_agg_1d": 2, "influx_qc_rule": 10}) == Comparison(
        ["influx_agg_1d has 2 rows, the dump 3", "influx_qc_rule has 10 rows, the dump 9"], []
    )


def test_samples_are_compared_also_if_an_aggregate_is_more_complete() -> None:
    found = compared(relations={"influx_agg_1d": 4, "influx_qc_rule": 9}, days=HELD.days[:2])
    assert found.differences == ["온도 has no samples on 2026-01-02, the dump 1"]
    assert found.additional == ["influx_agg_1d has 4 rows, the dump 3"]


def test_each_day_is_compared_by_its_rows_and_its_checksum() -> None:
    old, middle, last = HELD.days
    assert differences(days=[old, ["D100", "2026-01-02", 6, "22"], last]) == [
        "D100 has 6 samples on 2026-01-02, the dump 7"
    ]
    assert differences(days=[old, ["D100", "2026-01-02", 7, "23"], last]) == [
        "D100 has other samples on 2026-01-02 than the dump"
    ]
    assert differences(days=[old, middle]) == ["온도 has no samples on 2026-01-02, the dump 1"]
    assert differences(days=[*HELD.days, ["X", "2026-01-03", 1, "1"]]) == [
        "X has samples on 2026-01-03, the dump none"
    ]


def test_a_day_past_the_retention_may_be_gone_but_not_different() -> None:
    _, middle, last = HELD.days
    assert differences(days=[middle, last]) == []
    assert differences(days=[["D100", "2025-07-31", 4, "1"], middle, last]) != []


def test_many_days_are_reported_in_few_lines() -> None:
    days = [["D100", f"2026-02-{n:02}", 1, "1"] for n in range(1, 29)]
    lines = differences(days=days)
    assert len(lines) == 11
    assert lines[-1] == "and 20 more days differ"


def test_the_program_of_the_server_s_version_is_chosen_else_the_next_newer() -> None:
    installed = [
        ClientProgram("a", 17),
        ClientProgram("b", 13),
        ClientProgram("c", 15),
        ClientProgram("d", 16),
    ]
    assert pg_programs.choose("pg_dump", 15, installed).path == "c"
    assert pg_programs.choose("pg_dump", 14, installed).path == "c"
    with pytest.raises(ConfigError, match="only pg_dump 17 is installed; install postgresql-clie"):
        pg_programs.choose("pg_dump", 18, installed)
    with pytest.raises(ConfigError, match="no pg_dump is; install postgresql-client-16"):
        pg_programs.choose("pg_dump", 16, [])
