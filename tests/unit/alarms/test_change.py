"""A rule changes while alarms stand: rows 23 and 24 of PRD §32.1."""

from __future__ import annotations

from dataclasses import replace

from ksys_app.models.alarms import AlarmSettings
from ksys_app.models.rows import QcRule
from tests.unit.alarms.machine_run import MachineRun

RULE = QcRule("T", min_val=0, max_val=100, warn_max=80, crit_max=90, max_gap_seconds=600)
AT_ONCE = {"HIGH": AlarmSettings(on_delay_s=0, off_delay_s=0)}


def test_an_alarm_that_is_no_longer_broken_is_cleared_at_once() -> None:
    run = MachineRun(RULE).feed((0, 85), (20, 85)).change(30, replace(RULE, warn_max=88))
    assert run.entries() == [
        (10, "HIGH", "RAISE", "H"),
        (30, "", "RULE_CHANGED", ""),
        (30, "HIGH", "CLEAR", "H"),
    ]
    assert run.rows[-1].reason == "RULE"


def test_an_alarm_that_is_still_broken_goes_on() -> None:
    run = MachineRun(RULE).feed((0, 85)).change(30, replace(RULE, warn_max=82))
    assert run.short() == [(10, "RAISE"), (30, "RULE_CHANGED")]
    assert run.feed((40, 50)).advance(70).short()[2:] == [(70, "CLEAR")]


def test_the_held_value_is_judged_by_the_new_limit_from_the_change_on() -> None:
    run = MachineRun(RULE).feed((0, 70)).change(30, replace(RULE, warn_max=60)).advance(40)
    assert run.short() == [(30, "RULE_CHANGED"), (40, "RAISE")]


def test_a_change_of_something_else_leaves_delays_alone() -> None:
    for rule in (replace(RULE, meta={"title": "x"}), RULE):
        run = MachineRun(RULE).feed((0, 85)).change(5, rule).advance(10)
        assert run.short() == [(10, "RAISE")]
    run = MachineRun(RULE).feed((0, 85)).change(5, replace(RULE, crit_max=95)).advance(10)
    assert run.short() == [(5, "RULE_CHANGED"), (10, "RAISE")]


def test_a_delay_that_is_over_fires_under_the_old_rule() -> None:
    run = MachineRun(RULE).feed((0, 85)).change(12, replace(RULE, warn_max=88))
    assert run.short() == [(10, "RAISE"), (12, "RULE_CHANGED"), (12, "CLEAR")]


def test_a_rule_that_is_switched_off_ends_its_alarms() -> None:
    for rule in (None, replace(RULE, enabled=False)):
        run = MachineRun(RULE).feed((0, 120)).change(30, rule)
        assert run.entries("CLEAR", "RELEASE") == [
            (30, "INSTR", "CLEAR", "RANGE"),
            (30, "HIGH", "CLEAR", "HH"),
            (30, "HIGH", "RELEASE", "HH"),
        ]
        assert {row.reason for row in run.rows if row.event == "CLEAR"} == {"RULE_OFF"}
        assert run.advance(9999).machine.memory()["alarms"] == {}


def test_a_condition_that_is_switched_off_ends_its_alarm_only() -> None:
    rule = replace(RULE, warn_max=None, crit_max=None, warn_min=20)
    run = MachineRun(replace(RULE, warn_min=20)).feed((0, 85)).change(30, rule)
    assert run.entries("CLEAR") == [(30, "HIGH", "CLEAR", "H")]
    assert run.rows[-1].reason == "RULE_OFF"


def test_a_level_that_is_switched_off_leaves_the_lower_one() -> None:
    run = MachineRun(RULE).feed((0, 95), (30, 95)).change(40, replace(RULE, crit_max=None))
    assert run.entries()[-1] == (40, "HIGH", "DEESCALATE", "H")


def test_a_shorter_gap_makes_a_tag_silent_and_a_longer_one_ends_it() -> None:
    run = MachineRun(RULE).feed((0, 50)).change(100, replace(RULE, max_gap_seconds=60))
    assert run.entries("RAISE") == [(100, "GAP", "RAISE", "")]
    run.change(200, replace(RULE, max_gap_seconds=300))
    assert run.entries("CLEAR") == [(200, "GAP", "CLEAR", "")]
    assert run.advance(400).entries("RAISE")[1:] == [(300, "GAP", "RAISE", "")]


def test_other_delays_begin_anew() -> None:
    slow = {"HIGH": AlarmSettings(on_delay_s=60)}
    run = MachineRun(RULE).feed((0, 85)).change(5, RULE, slow).advance(64)
    assert run.short() == [(5, "RULE_CHANGED")]
    assert run.advance(65).short()[1:] == [(65, "RAISE")]


def test_a_rule_that_changed_during_a_restart_counts_from_what_was_judged() -> None:
    run = MachineRun(RULE).feed((0, 85), (20, 85)).restart(replace(RULE, warn_max=88))
    assert run.short()[1:] == [(20.000001, "RULE_CHANGED"), (20.000001, "CLEAR")]
    assert MachineRun(RULE, AT_ONCE).feed((0, 85)).restart(RULE, AT_ONCE).short() == [(0, "RAISE")]


def test_an_episode_that_goes_on_over_a_change_keeps_its_time() -> None:
    run = MachineRun(RULE).feed((0, 85)).change(30, replace(RULE, warn_max=82)).feed((40, 95))
    run.advance(50)
    assert {row.raised_at_us for row in run.rows if row.condition} == {run.rows[0].ts_us}
