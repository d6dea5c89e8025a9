"""Progress without a terminal: a line for each stage, and more lines during a long one."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from ksys_app import log
from ksys_app.commands import terminal
from ksys_app.commands.progress import refresh_reporter, stages
from ksys_app.ops.schema.refresh import Progress
from tests.waiting import HANGS_S

LONG_S = 3600.0


class Output(StringIO):
    """The written text; a test can wait for a part of it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = threading.Condition()

    def write(self, text: str) -> int:
        with self._more:
            self._more.notify_all()
            return super().write(text)

    def wait_for(self, condition: Callable[[str], object]) -> None:
        with self._more:
            assert self._more.wait_for(lambda: condition(self.getvalue()), timeout=HANGS_S)

    @property
    def lines(self) -> list[str]:
        """Its lines, seconds as ``N s``."""
        return re.sub(r"\d+\.\d s", "N s", self.getvalue()).splitlines()


def console(output: Output, *, terminal: bool = False) -> Console:
    return Console(
        file=output, force_terminal=terminal, soft_wrap=True, width=100, color_system=None
    )


def test_each_stage_is_a_line_when_it_is_over() -> None:
    output = Output()
    with stages(console(output), every_s=LONG_S) as progress:
        progress.report("one", "begins", 0, None)
        progress.report("one", "1,000 of it [all]", 10, 10)
        assert output.lines == []
        progress.report("two", "", 0, 5)
        assert output.lines == ["one: 1,000 of it [all], N s"]
        progress.end()
        progress.end()
        progress.note("between [them]")
        progress.report("two", "again", 5, 5)
    assert output.lines[1:] == ["two: N s", "between [them]", "two: again, N s"]


def broken(output: Output, every_s: float, condition: Callable[[str], object]) -> None:
    with stages(console(output), every_s=every_s) as progress:
        progress.report("data", "", 0, None)
        output.wait_for(condition)
        raise KeyboardInterrupt


def test_a_long_stage_that_breaks_off_says_so_and_a_short_one_leaves_it_to_the_error() -> None:
    output = Output()
    with pytest.raises(KeyboardInterrupt):
        broken(output, LONG_S, lambda text: True)
    assert output.lines == []
    with pytest.raises(KeyboardInterrupt):
        broken(output, 0.01, lambda text: "so far" in text)
    assert output.lines[-1] == "data: interrupted after N s"


def test_a_stage_that_lasts_gives_signs_of_life_by_itself() -> None:
    output = Output()
    with stages(console(output), every_s=0.01) as progress:
        progress.report("data", "from A to B", 1, 4)
        output.wait_for(lambda text: text.count("so far") >= 2)
    assert set(output.lines[:-1]) == {"data: from A to B, 25%, N s so far"}
    assert output.lines[-1] == "data: from A to B, N s"


def test_nothing_is_said_between_stages() -> None:
    output = Output()
    with stages(console(output), every_s=0.01) as progress:
        progress.report("data", "", 0, None)
        output.wait_for(lambda text: "so far" in text)
        progress.end()
        before = output.lines
        progress.note("served")
    assert output.lines == [*before, "served"]


def test_a_command_that_prints_its_own_lines_gets_the_signs_of_life_alone() -> None:
    output = Output()
    with stages(console(output), every_s=0.01, ends=False) as progress:
        progress.report("060_lifecycle", "", 0, None)
        output.wait_for(lambda text: "so far" in text)
        progress.report("070_aggregates", "", 0, None)
    assert {line.partition(":")[0] for line in output.lines} <= {"060_lifecycle", "070_aggregates"}
    assert all(line.endswith("so far") for line in output.lines)


def test_on_a_terminal_there_is_a_bar_and_no_line_remains() -> None:
    output = Output()
    with stages(console(output, terminal=True)) as progress:
        progress.report("samples", "1,000 [read]", 5, 10)
        output.wait_for(lambda text: "1,000 [read]" in text)
        progress.report("dump", "9 MB", 9, None)
        output.wait_for(lambda text: "dump" in text)
        progress.end()
        progress.note("said [so]")
    text = output.getvalue()
    assert "said [so]" in text
    assert " s so far" not in text


def test_where_the_log_is_json_the_lines_are_its_own_also_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log, "_form", "json")
    output = Output()
    with caplog.at_level(logging.INFO, "ksys"), stages(console(output, terminal=True)) as progress:
        progress.note("between [them]")
    terminal.fail("no database")
    assert output.lines == []
    lines = [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name == "ksys"
    ]
    assert lines == [("INFO", "between [them]"), ("ERROR", "no database")]


def test_a_refresh_tells_each_aggregate_with_its_range_in_the_display_zone() -> None:
    output = Output()
    start, end = datetime(2026, 8, 1, 15, tzinfo=UTC), datetime(2026, 8, 12, 15, tzinfo=UTC)
    with stages(console(output), every_s=LONG_S) as progress:
        report = refresh_reporter(progress, ZoneInfo("Asia/Seoul"))
        for done in range(3):
            report(Progress("influx_agg_1m", start, end, done, 3))
        report(Progress("influx_agg_1d", start, end, 3, 3))
    span = "2026-08-02 00:00:00+09:00 to 2026-08-13 00:00:00+09:00"
    assert output.lines == [f"influx_agg_1m: {span}, N s", f"influx_agg_1d: {span}, N s"]
