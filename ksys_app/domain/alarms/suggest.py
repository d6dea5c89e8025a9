"""Proposes limits, deadbands and delays from the history of a tag (PRD §32.2).

Only missing values are proposed, because the others were chosen by people. A limit is outside the
usual values of the tag, so that an alarm is unusual. The hard range is a property of the
instrument, which cannot be found in its history, so it is not proposed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.rule_edit import rule_problems
from ksys_app.models.alarm_history import AlarmHistory, Proposal
from ksys_app.models.alarms import AlarmSettings, Condition
from ksys_app.models.limits import AlarmRule, Limits
from ksys_app.models.rows import QcRule

LEAST_MINUTES: Final = 60
"""Minutes of history below which nothing is proposed."""
WARN_PART: Final = 0.05
CRIT_PART: Final = 0.3
"""How far beyond the usual values a limit lies, as a part of the usual width."""
DEADBAND: Final = (0.1, 5.0)
"""Least and most percent of the range."""
NICE_S: Final = (10, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
GAP_FLOOR_S: Final = 60
SIDES: Final[tuple[Condition, ...]] = ("HIGH", "LOW")
AGAIN_US: Final = 5 * MINUTE
"""An alarm that is raised again so soon chatters."""
OFF_S: Final = 30
LONGEST_OFF_S: Final = 600


def proposals(limits: Limits, history: AlarmHistory) -> tuple[list[Proposal], Limits]:
    """Proposals for the missing limits of a tag, and the limits with these proposals.

    There is no proposal for a tag whose rule is off or has unusable values, or with less than an
    hour of history. A proposal that contradicts a chosen limit is left out.
    """
    off = limits.rule.faults or not limits.rule.enabled
    if history.minutes < LEAST_MINUTES or off:
        return [], limits
    found: list[Proposal] = []
    rule = limits.rule
    for proposal in (*_limits(history), *_deadband(rule, history), *_gap(history)):
        wanted = replace(rule, **{proposal.column: proposal.value})  # type: ignore[arg-type]
        if getattr(rule, proposal.column) is None and not rule_problems(wanted):
            rule = wanted
            found.append(proposal)
    settings = dict(limits.settings)
    for condition in SIDES:
        delays = list(_delays(rule, settings.get(condition, AlarmRule()), condition, history))
        if delays:
            chosen: dict[str, Any] = {
                delay.column.partition(".")[2]: delay.value for delay in delays
            }
            settings[condition] = replace(settings.get(condition, AlarmRule()), **chosen)
            found += delays
    return found, replace(limits, rule=rule, settings=settings, has_rule=True)


def _limits(history: AlarmHistory) -> Iterator[Proposal]:
    """Limits beyond the thousandth of the minutes with the most extreme values."""
    width = history.usual_high - history.usual_low
    if not width > 0:
        return
    sides = {"max": (history.high, 1), "min": (history.low, -1)}
    for end, (edge, sign) in sides.items():
        less = "below" if sign > 0 else "above"
        for name, part in (("warn", WARN_PART), ("crit", CRIT_PART)):
            value = _rounded(edge + sign * part * width, width, sign)
            # A tag that is never negative gets no lower limit below zero.
            if value < 0 <= history.lowest:
                continue
            why = f"99.9 % of the minutes are {less} {edge:.6g}; the usual width is {width:.4g}"
            yield Proposal(history.tag_name, f"{name}_{end}", value, why)


def _deadband(rule: QcRule, history: AlarmHistory) -> Iterator[Proposal]:
    """A deadband as wide as the noise, where the rule has a range."""
    if rule.min_val is None or rule.max_val is None or not rule.max_val > rule.min_val:
        return
    percent = math.ceil(1000 * history.noise / (rule.max_val - rule.min_val)) / 10
    value = min(max(percent, DEADBAND[0]), DEADBAND[1])
    why = f"90 % of the minutes vary by less than {history.noise:.4g}"
    yield Proposal(history.tag_name, "deadband_pct", value, why)


def _gap(history: AlarmHistory) -> Iterator[Proposal]:
    """A gap of three times the interval that nearly all samples keep."""
    intervals = sorted(after[0] - before[0] for before, after in pairwise(history.samples))
    if len(intervals) < LEAST_MINUTES:
        return
    usual = intervals[math.ceil(len(intervals) * 0.99) - 1] / SECOND
    value = _nice(max(GAP_FLOOR_S, 3 * usual))
    why = f"99 % of the samples are at most {usual:.4g} s apart"
    yield Proposal(history.tag_name, "max_gap_seconds", value, why)


def _delays(
    rule: QcRule, chosen: AlarmRule, condition: Condition, history: AlarmHistory
) -> Iterator[Proposal]:
    """Delays with which a single sample raises no alarm, and no alarm comes back at once."""
    intervals = sorted(after[0] - before[0] for before, after in pairwise(history.samples))
    names = ("warn_max", "crit_max") if condition == "HIGH" else ("warn_min", "crit_min")
    if not intervals or all(getattr(rule, name) is None for name in names):
        return
    interval = intervals[len(intervals) // 2] / SECOND
    on_delay, off_delay = chosen.on_delay_s, chosen.off_delay_s
    if on_delay is None and 2 * interval > 10:
        on_delay = float(_nice(2 * interval))
        why = f"a sample comes every {interval:.4g} s, and one alone should raise nothing"
        yield Proposal(history.tag_name, f"{condition}.on_delay_s", on_delay, why)
    if off_delay is not None:
        return
    first = _comes_back(rule, condition, AlarmSettings(on_delay_s=on_delay), history)
    for longer in (value for value in NICE_S if OFF_S < value <= LONGEST_OFF_S):
        if not first:
            return
        settings = AlarmSettings(on_delay_s=on_delay, off_delay_s=longer)
        left = _comes_back(rule, condition, settings, history)
        if not left or longer == LONGEST_OFF_S:
            why = f"it would come back within 5 minutes {first} times, with this delay {left} times"
            yield Proposal(history.tag_name, f"{condition}.off_delay_s", float(longer), why)
            return


def _comes_back(
    rule: QcRule, condition: Condition, settings: AlarmSettings, history: AlarmHistory
) -> int:
    """How often the newest samples would raise the alarm again within five minutes."""
    machine = TagMachine(rule.tag_name, rule, {condition: settings})
    for ts_us, value, qc in history.samples:
        machine.feed(ts_us, value, qc)
    count, cleared = 0, -AGAIN_US
    for row in machine.take():
        if row.condition == condition and row.event == "RAISE":
            count += row.ts_us - cleared < AGAIN_US
        elif row.condition == condition and row.event == "CLEAR":
            cleared = row.ts_us
    return count


def _rounded(value: float, width: float, sign: int) -> float:
    """``value`` rounded away from the usual values, by at most a twentieth of their width."""
    step = float(10 ** math.floor(math.log10(width / 2)) / 10)
    rounded = math.ceil(value / step) if sign > 0 else math.floor(value / step)
    return float(f"{rounded * step:.12g}")


def _nice(seconds: float) -> int:
    return next((value for value in NICE_S if value >= seconds), NICE_S[-1])
