"""The machine of a tag, row by row of PRD §32.1."""

from __future__ import annotations

import pytest

from ksys_app.domain.alarms.level import Judged, LevelMachine
from ksys_app.domain.alarms.settings import LevelSettings
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import AlarmSettings, Process
from ksys_app.models.rows import QcRule
from tests.unit.alarms.machine_run import BAD, MachineRun, us

# H 80 with 10 s and 30 s, HH 90 with 5 s and 10 s; the deadband is 2.
HIGH = QcRule("T", min_val=0, max_val=100, warn_max=80, crit_max=90, deadband_pct=2)
WARN = QcRule("T", min_val=0, max_val=100, warn_max=80, deadband_pct=2)
AT_ONCE = {"HIGH": AlarmSettings(on_delay_s=0, off_delay_s=0)}
GAP = QcRule("T", min_val=0, max_val=100, warn_max=80, deadband_pct=2, max_gap_seconds=60)


def test_row_1_without_a_delay_the_sample_raises() -> None:
    assert MachineRun(WARN, AT_ONCE).feed((0, 79.9), (1, 80)).short() == [(1, "RAISE")]


def test_row_2_and_4_a_delay_raises_at_its_own_time_whenever_somebody_looks() -> None:
    for moments in ([10], [3, 9.5, 17], [400]):
        run = MachineRun(WARN).feed((0, 85))
        for moment in moments:
            run.advance(moment)
        run.feed((500, 85))
        assert run.short() == [(10, "RAISE")]


def test_a_run_of_exactly_the_delay_raises() -> None:
    assert MachineRun(WARN).feed((0, 85), (10, 50)).short() == [(10, "RAISE")]
    assert MachineRun(WARN).feed((0, 85), (9.999999, 50), (99, 50)).short() == []


def test_row_3_an_excursion_shorter_than_the_delay_is_no_alarm() -> None:
    assert MachineRun(WARN).feed((0, 85), (9, 79), (10, 85), (19, 79), (99, 79)).short() == []


def test_row_3_a_value_in_the_deadband_ends_the_wait() -> None:
    assert MachineRun(WARN).feed((0, 85), (5, 79), (99, 79)).short() == []
    assert MachineRun(WARN).feed((0, 85), (5, 79), (8, 85), (99, 85)).short() == [(18, "RAISE")]


@pytest.mark.parametrize(
    ("rule", "broken", "fine"),
    [
        (QcRule("T", warn_max=80), 80.0, 79.999),
        (QcRule("T", crit_max=80), 80.0, 79.999),
        (QcRule("T", warn_min=20), 20.0, 20.001),
        (QcRule("T", crit_min=20), 20.0, 20.001),
        (QcRule("T", max_val=80), 80.001, 80.0),
        (QcRule("T", min_val=20), 19.999, 20.0),
        (QcRule("T", allow_negative=False), -0.001, 0.0),
    ],
)
def test_a_value_on_the_limit_breaks_it_and_on_the_end_of_the_range_does_not(
    rule: QcRule, broken: float, fine: float
) -> None:
    middle = 50.0
    assert MachineRun(rule).feed((0, middle), (1, fine), (99, middle)).short() == []
    assert MachineRun(rule).feed((0, middle), (1, broken)).advance(20).entries("RAISE") != []


def test_row_5_and_6_a_value_on_the_deadband_is_not_back() -> None:
    run = MachineRun(WARN, AT_ONCE).feed((0, 85), (1, 79), (2, 78), (3, 77.999))
    assert run.short() == [(0, "RAISE"), (3, "CLEAR")]
    assert MachineRun(WARN).feed((0, 85), (20, 78), (99, 78)).short() == [(10, "RAISE")]


def test_without_a_range_there_is_no_deadband() -> None:
    rule = QcRule("T", warn_max=80, deadband_pct=2, min_val=0)
    assert MachineRun(rule, AT_ONCE).feed((0, 85), (1, 79.9)).short() == [
        (0, "RAISE"),
        (1, "CLEAR"),
    ]


def test_without_a_deadband_the_end_of_the_range_neither_raises_nor_clears() -> None:
    rule = QcRule("T", min_val=0)
    at_once = {"INSTR": AlarmSettings(on_delay_s=0, off_delay_s=0)}
    run = MachineRun(rule, at_once).feed((0, 0), (1, -1), (2, 0), (3, 0.1), (4, 0))
    assert run.short() == [(1, "RAISE"), (3, "CLEAR")]


def test_row_7_a_value_that_is_not_back_begins_the_off_delay_again() -> None:
    run = MachineRun(WARN).feed((0, 85), (20, 50), (45, 79), (46, 50), (99, 50))
    assert run.short() == [(10, "RAISE"), (76, "CLEAR")]


def test_row_8_the_off_delay_clears_at_its_own_time() -> None:
    assert MachineRun(WARN).feed((0, 85), (20, 50), (500, 85)).short() == [
        (10, "RAISE"),
        (50, "CLEAR"),
    ]


def test_row_9_and_10_levels_of_one_alarm_are_one_episode() -> None:
    run = MachineRun(HIGH).feed((0, 85), (20, 95), (40, 85), (60, 50), (200, 50))
    assert run.entries() == [
        (10, "HIGH", "RAISE", "H"),
        (25, "HIGH", "ESCALATE", "HH"),
        (50, "HIGH", "DEESCALATE", "H"),
        (90, "HIGH", "CLEAR", "H"),
    ]
    assert {row.raised_at_us for row in run.rows} == {us(10)}
    assert [row.priority for row in run.rows] == [3, 2, 3, 3]


def test_levels_that_rise_at_one_time_are_one_event() -> None:
    run = MachineRun(HIGH, AT_ONCE).feed((0, 95), (1, 50))
    assert run.entries() == [(0, "HIGH", "RAISE", "HH"), (1, "HIGH", "CLEAR", "HH")]


def test_an_event_has_the_value_that_the_tag_holds_and_the_limit_of_its_level() -> None:
    run = MachineRun(HIGH).feed((0, 95), (3, 97), (200, 50))
    (row, *_) = run.rows
    assert (row.value, row.limit_value, row.deadband, row.quality) == (97, 90, 2, "GOOD")


def test_row_18_a_value_out_of_range_suppresses_high_and_low() -> None:
    rule = QcRule("T", min_val=0, max_val=100, warn_max=80, warn_min=20)
    run = MachineRun(rule).feed((0, 120), (60, 50), (200, 50))
    assert run.entries() == [
        (10, "INSTR", "RAISE", "RANGE"),
        (10, "HIGH", "SUPPRESS", ""),
        (10, "LOW", "SUPPRESS", ""),
        (10, "HIGH", "RAISE", "H"),
        (90, "INSTR", "CLEAR", "RANGE"),
        (90, "HIGH", "CLEAR", "H"),
        (90, "HIGH", "RELEASE", ""),
        (90, "LOW", "RELEASE", ""),
    ]


@pytest.mark.parametrize("qc", [1, 2, 4, 8, 16, 64, 3 + 32])
def test_row_20_bad_samples_are_an_alarm_of_their_own(qc: int) -> None:
    run = MachineRun(WARN)
    for second in range(20):
        run.machine.feed(us(second), 50, qc)
    run.feed((20, 50), (99, 50))
    assert run.entries() == [(10, "INSTR", "RAISE", "BAD"), (50, "INSTR", "CLEAR", "BAD")]
    assert [row.quality for row in run.rows] == ["BAD", "GOOD"]


@pytest.mark.parametrize("qc", [0, 32, 128, 256, 32 + 128])
def test_what_describes_a_sample_does_not_make_it_bad(qc: int) -> None:
    run = MachineRun(WARN, AT_ONCE)
    run.machine.feed(us(0), 85, qc)
    assert run.advance(60).short() == [(0, "RAISE")]


def test_row_20_a_bad_sample_ends_waits_and_leaves_an_active_alarm() -> None:
    assert MachineRun(WARN).feed((0, 85), (5, BAD), (6, 85)).advance(15).short() == []
    run = MachineRun(WARN).feed((0, 85), (20, 50), (49, BAD), (50, 50), (79.9, 50))
    assert run.short() == [(10, "RAISE")]
    assert run.advance(80).short() == [(10, "RAISE"), (80, "CLEAR")]


def test_row_20_worse_reasons_of_instr_win() -> None:
    rule = QcRule("T", min_val=-10, max_val=100, allow_negative=False)
    at_once = {"INSTR": AlarmSettings(on_delay_s=0, off_delay_s=0)}
    run = MachineRun(rule, at_once).feed((0, BAD), (1, -5), (2, -20), (3, -5), (4, 5))
    assert run.entries() == [
        (0, "INSTR", "RAISE", "BAD"),
        (1, "INSTR", "ESCALATE", "NEGATIVE"),
        (2, "INSTR", "ESCALATE", "RANGE"),
        (3, "INSTR", "DEESCALATE", "NEGATIVE"),
        (4, "INSTR", "CLEAR", "NEGATIVE"),
    ]


def test_row_21_a_delay_does_not_run_on_over_a_hole() -> None:
    slow = {"HIGH": AlarmSettings(on_delay_s=100)}
    assert MachineRun(GAP, slow).feed((0, 85), (200, 85), (250, 50)).entries("RAISE") == [
        (60, "GAP", "RAISE", "")
    ]


def test_row_21_an_active_alarm_stays_over_a_hole() -> None:
    run = MachineRun(GAP).feed((0, 85), (20, 50), (81, 50)).advance(110)
    assert run.entries() == [
        (10, "HIGH", "RAISE", "H"),
        (50, "HIGH", "CLEAR", "H"),
        (80, "GAP", "RAISE", ""),
        (81, "GAP", "CLEAR", ""),
    ]
    slow = {"HIGH": AlarmSettings(off_delay_s=90)}
    run = MachineRun(GAP, slow).feed((0, 85), (20, 50), (100, 50)).advance(159)
    assert run.entries("CLEAR") == [(100, "GAP", "CLEAR", "")]
    assert run.feed((160, 50)).advance(200).entries("CLEAR")[1:] == [(190, "HIGH", "CLEAR", "H")]


def test_row_21_the_silence_begins_after_the_allowed_gap_and_not_with_it() -> None:
    assert MachineRun(GAP).feed((0, 50), (60, 50)).advance(120).short() == []
    run = MachineRun(GAP).feed((0, 50), (60.000001, 50))
    assert run.short() == [(60, "RAISE"), (60.000001, "CLEAR")]
    assert [row.value for row in run.rows] == [60, 60.000001]
    assert [row.quality for row in run.rows] == ["STALE", "GOOD"]


def test_a_delay_that_ends_with_the_silence_counts() -> None:
    slow = {"HIGH": AlarmSettings(on_delay_s=60)}
    run = MachineRun(GAP, slow).feed((0, 85)).advance(61)
    assert run.entries() == [(60, "HIGH", "RAISE", "H"), (60, "GAP", "RAISE", "")]


def test_row_22_a_bad_sample_ends_the_silence() -> None:
    run = MachineRun(GAP).feed((0, 50), (70, BAD))
    assert run.entries() == [(60, "GAP", "RAISE", ""), (70, "GAP", "CLEAR", "")]


def test_row_27_late_and_repeated_samples_are_counted_only() -> None:
    run = MachineRun(WARN, AT_ONCE).feed((100, 50), (100, 85), (40, 85), (130, 50), (90, 85))
    assert run.machine.late == 3
    assert run.entries() == [(100, "", "LATE", ""), (130, "", "LATE", "")]


def test_row_28_a_sample_of_the_future_does_not_move_the_tags_time() -> None:
    run = MachineRun(WARN, AT_ONCE).feed((0, 50))
    run.machine.feed_ahead(500)
    run.machine.feed_ahead(500)
    assert run.machine.seen_us == us(0)
    assert run.feed((1, 85)).entries() == [(0, "", "CLOCK", ""), (1, "HIGH", "RAISE", "H")]
    assert run.machine.ahead == 2


def test_a_sample_older_than_what_was_judged_counts_from_then_on() -> None:
    run = MachineRun(WARN, AT_ONCE).feed((0, 50)).advance(30).feed((10, 85), (20, 50), (31, 50))
    assert run.short() == [(30, "RAISE"), (30.000001, "CLEAR")]


def test_nothing_is_judged_before_the_first_sample() -> None:
    assert MachineRun(GAP).advance(1000).short() == []


def test_a_rule_that_is_off_has_no_alarms() -> None:
    for rule in (None, QcRule("T", warn_max=80, max_gap_seconds=60, enabled=False)):
        assert MachineRun(rule, AT_ONCE).feed((0, 85), (1, BAD)).advance(999).short() == []


def test_a_machine_says_when_something_happens_next() -> None:
    run = MachineRun(GAP)
    assert run.machine.due_us is None
    assert run.feed((0, 50)).machine.due_us == us(60)
    assert run.feed((1, 85)).machine.due_us == us(11)


@pytest.mark.parametrize(
    ("process", "judged", "becomes", "waits_s"),
    [
        ("norm", "set", "pend", 5),
        ("norm", "between", "norm", None),
        ("norm", "clear", "norm", None),
        ("norm", "unknown", "norm", None),
        ("pend", "set", "pend", 5),
        ("pend", "between", "norm", None),
        ("pend", "clear", "norm", None),
        ("pend", "unknown", "norm", None),
        ("act", "set", "act", None),
        ("act", "between", "act", None),
        ("act", "clear", "clr", 9),
        ("act", "unknown", "act", None),
        ("clr", "set", "act", None),
        ("clr", "between", "act", None),
        ("clr", "clear", "clr", 9),
        ("clr", "unknown", "act", None),
    ],
)
def test_the_table_of_a_level(
    process: Process, judged: Judged, becomes: Process, waits_s: int | None
) -> None:
    level = LevelMachine("HIGH", "H", LevelSettings(3, 5 * SECOND, 9 * SECOND))
    way: dict[Process, list[Judged]] = {"norm": [], "pend": ["set"], "act": ["set"]}
    for step in way.get(process, ["set"]):
        level.step(step, 0)
    if process in ("act", "clr"):
        level.fire()
    if process == "clr":
        level.step("clear", 0)
    assert level.process == process
    level.step(judged, 0)
    assert level.process == becomes
    assert level.due == (waits_s * SECOND if waits_s else 2**62)
