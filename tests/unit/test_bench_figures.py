"""Figures, growth and comparison of ``make bench``, which are pure."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.bench import compare
from tests.bench.arguments import parsed
from tests.bench.changes import compared, verdict
from tests.bench.cost import Point, fitted
from tests.bench.figures import Figure, figure, ratios
from tests.bench.processes import memory_mib, processor_s
from tests.bench.report import BadReport, Place, Report, from_json, to_json
from tests.bench.tables import cell, compared_grid, compared_lines, grids, lines, markdown

PLACE = Place("a machine", 2, {"ksys": "1"}, "abc", "2026-01-01T00:00:00+00:00", (0.5, 0.5, 0.5))
FIGURE = figure("HTTP", "kpi 24h", "cold", "ms", [10, 11, 12, 13, 14])


def report(*figures: Figure, **changed: Any) -> Report:
    cost = fitted("app in a tick", "screens", [Point(1, 1), Point(10, 100)])
    assert cost is not None
    full_report = Report("small", "about", PLACE, 1.0, figures, (cost,), ("a note | with a bar",))
    return replace(full_report, **changed)


def of(p50: float, spread: float = 0.0, n: int = 20, better: Any = "less") -> Figure:
    return Figure("S", "s", "m", "ms", n, p50, p50, p50 - spread, p50 + spread, better)


def test_a_figure_is_the_median_the_quartiles_and_the_95th_percentile() -> None:
    found = figure("S", "s", "m", "ms", list(range(101)))
    assert (found.n, found.p50, found.low, found.high, found.p95) == (101, 50, 25, 75, 95)
    assert found.spread == 25


def test_one_run_is_a_figure_whose_spread_is_assumed() -> None:
    found = figure("S", "s", "m", "MiB", [200])
    assert (found.p50, found.p95, found.spread) == (200, 200, 20)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50))
def test_no_percentile_lies_outside_the_samples(samples: list[float]) -> None:
    found = figure("S", "s", "m", "ms", samples)
    digits = 1.001
    assert min(samples) / digits <= found.low <= found.p50 <= found.high
    assert found.high <= found.p95 <= max(samples) * digits


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    assert ratios([20, 300], [10, 100]) == [2, 3]


@pytest.mark.parametrize(
    ("costs", "exponent", "faster"),
    [
        ({1: 5, 10: 5, 100: 5}, 0.0, ()),
        ({1: 1, 10: 10, 100: 100}, 1.0, ()),
        ({1: 1, 10: 100, 100: 10_000}, 2.0, (1, 100)),
        # The constant part of the smallest cost hides the growth from the exponent.
        ({1: 100, 20: 110, 300: 10_000}, 0.79, (20, 300)),
    ],
)
def test_the_exponent_fits_and_what_grows_faster_than_linear_is_found(
    costs: dict[float, float], exponent: float, faster: tuple[float, ...]
) -> None:
    found = fitted("what", "screens", [Point(size, cost) for size, cost in costs.items()])
    assert found is not None
    assert (found.exponent, found.faster) == (exponent, faster)


def test_growth_within_noise_is_not_faster_than_linear() -> None:
    steep = [Point(10, 10), Point(20, 25)]
    noisy = [Point(10, 10, spread=2), Point(20, 25, spread=2)]
    first, second = (fitted("what", "tags", points) for points in (steep, noisy))
    assert first is not None
    assert second is not None
    assert first.faster == (10, 20)
    assert second.faster == ()
    assert first.exponent == second.exponent


@given(
    st.floats(0.1, 1e3),
    st.floats(-1, 3),
    st.lists(st.integers(1, 10**6), min_size=2, max_size=6, unique=True),
)
def test_a_power_law_is_found_again(factor: float, exponent: float, sizes: list[int]) -> None:
    found = fitted("what", "tags", [Point(size, factor * size**exponent) for size in sizes])
    assert found is not None
    assert found.exponent == pytest.approx(exponent, abs=0.01)


def test_one_size_or_no_cost_has_no_growth() -> None:
    assert fitted("what", "tags", [Point(9, 1), Point(9, 2)]) is None
    assert fitted("what", "tags", [Point(1, 0), Point(9, 2)]) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (of(100), of(104), "same"),
        (of(100), of(106), "worse"),
        (of(100), of(94), "better"),
        (of(100, spread=10), of(119, spread=10), "same"),
        (of(100, spread=10), of(121, spread=10), "worse"),
        (of(100, n=1), of(120, n=1), "same"),
        (of(100, n=1), of(130, n=1), "worse"),
        (of(100, better="more"), of(200, better="more"), "better"),
        (of(0), of(0), "same"),
        (of(0), of(1), "worse"),
    ],
)
def test_a_figure_changes_beyond_five_percent_and_both_spreads(
    before: Figure, after: Figure, expected: str
) -> None:
    assert verdict(before, after) == expected


def test_a_comparison_counts_what_changed_is_gone_and_is_new() -> None:
    slow, gone, new = of(100), replace(of(1), subject="gone"), replace(of(1), subject="new")
    found = compared(report(slow, gone), report(replace(slow, p50=300), new))
    (change,) = found.changes
    assert (change.verdict, change.factor) == ("worse", 3)
    assert (found.gone, found.new, found.warnings) == ((gone,), (new,), ())
    text_lines = compared_lines(report(slow), report(slow), found)
    assert "1 worse, 0 better, 0 the same; 1 only before, 1 only after" in text_lines
    (row,) = compared_grid(found).rows
    assert row == ("worse", "S, s, m", "100 ±0, 100 ms", "300 ±0, 100 ms", "x 3.00")


def test_a_comparison_warns_of_other_machines_profiles_and_of_load() -> None:
    busy = replace(PLACE, machine="another", load=(9.0, 1.0, 1.0))
    found = compared(report(FIGURE), report(FIGURE, profile="wide", place=busy))
    warnings = " ".join(found.warnings)
    assert "small and wide" in warnings
    assert "a machine; another" in warnings
    assert "when the second report began (load 9.0, 2 cores)" in warnings


def test_a_report_is_the_same_after_json() -> None:
    full_report = report(FIGURE, of(3))
    assert from_json(to_json(full_report), "file") == full_report


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"format": 0}', b'{"format": 1}'])
def test_another_file_is_no_report(text: bytes) -> None:
    with pytest.raises(BadReport, match=r"before\.json"):
        from_json(text, "before.json")


def test_the_report_shows_each_figure_and_names_what_grows_too_fast() -> None:
    full_report = report(FIGURE, replace(FIGURE, measure="cold / bare", unit="x"))
    table, growth = grids(full_report)
    assert table.header == ("", "cold, ms", "cold / bare, x")
    assert table.rows == (("kpi 24h", "12 ±1, 13.8", "12 ±1, 13.8"),)
    assert growth.rows[0][:3] == ("app in a tick", "screens", "2.00")
    text_lines = lines(full_report)
    assert "grows faster than linear: app in a tick, over screens" in text_lines
    assert r"a note \| with a bar" in markdown("title", text_lines, [table])


def test_few_runs_show_the_median_alone() -> None:
    assert cell(of(1234.5, n=1)) == "1,234 ms"
    assert cell(replace(of(0.123456, n=1), unit="")) == "0.12"


def test_two_files_are_compared_whatever_changed_and_another_file_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_bytes(to_json(report(of(100))))
    after.write_bytes(to_json(report(of(300))))
    written = tmp_path / "compared.md"
    assert compare.main([str(before), str(after), "--markdown", str(written)]) == 0
    assert "1 worse, 0 better" in capsys.readouterr().out
    assert "| worse | S, s, m |" in written.read_text("utf-8")
    after.write_text("{}")
    assert compare.main([str(before), str(after)]) == 2
    assert compare.main([str(before), str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        compare.main(["", ""])
    assert "make bench-compare A=before.json B=after.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "wide"], "ksys demo --scale 2000 --days 7 --server"),
        (["--only", "pages"], "'pages' is none of statements, http"),
        (["--screens", "1,0"], "'0' is no number above 0"),
    ],
)
def test_wrong_use_of_the_bench_is_explained(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TS_DSN", raising=False)
    with pytest.raises(SystemExit, match="2"):
        parsed(arguments)
    assert message in capsys.readouterr().err


def test_a_profile_takes_the_database_of_the_settings_and_other_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TS_DSN", "postgresql://reader@host/site")
    monkeypatch.setenv("TS_ADMIN_DSN", "postgresql://owner@host/site")
    arguments = parsed(["--profile", "year", "--screens", "20,1", "--skip", "browser,inserts"])
    assert (arguments.dsn, arguments.owner) == (
        "postgresql://reader@host/site",
        "postgresql://owner@host/site",
    )
    assert arguments.profile.screens == (1, 20)
    assert arguments.sections == ("statements", "http", "overview", "badges", "screens")
    other = parsed(["--profile", "year", "--dsn", "postgresql://reader@other/site"])
    assert other.owner is None, "the owner is that of another database"
    assert parsed([]).dsn is None, "the small profile makes its own"


def test_processor_time_and_memory_of_a_process_are_read_and_an_ended_one_has_none() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = os.getpid()
    before = processor_s([mine])
    assert before > 0
    # The kernel counts a thread that runs only now and then.
    while processor_s([mine]) <= before:
        sum(range(1000))
    assert memory_mib([mine]) > 1
    assert (processor_s([ended.pid]), memory_mib([ended.pid])) == (0, 0)
