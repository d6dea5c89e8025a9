"""The machine of a tag writes the journal that a reference finds in its series (PRD §32.1)."""

from __future__ import annotations

from ksys_app.domain.alarms.settings import level_settings
from ksys_app.domain.alarms.tag import TagMachine
from ksys_app.models.rows import QcRule
from tests.unit.alarms import disturbed, reference
from tests.unit.alarms.disturbed import Series

AHEAD_US = 60_000_000
ALARM = {"RAISE", "CLEAR", "ESCALATE", "DEESCALATE"}
LEVELS = {
    "HIGH": ("H", "HH"),
    "LOW": ("L", "LL"),
    "INSTR": ("BAD", "NEGATIVE", "RANGE"),
    "GAP": ("",),
}
Row = tuple[int, str, str, str, int]
"""Time, condition, event, level, episode."""


def machine_journal(one: Series, until: int) -> list[Row]:
    machine = TagMachine(one.rule.tag_name, one.rule, one.settings)
    for ts, value, qc in one.samples:
        if ts > until + AHEAD_US:
            machine.feed_ahead(value)
        else:
            machine.feed(ts, value, qc)
    machine.advance(until)
    return sorted(
        (row.ts_us, row.condition, row.event, row.level, row.raised_at_us)
        for row in machine.take()
        if row.event in ALARM
    )


def judge(rule: QcRule, level: str, state: str, value: float) -> str | None:
    """A piece of a series judged by the words of PRD §32.1; None where the rule has no limit."""
    band = 0.0
    if rule.deadband_pct is not None and rule.min_val is not None and rule.max_val is not None:
        band = (rule.max_val - rule.min_val) * rule.deadband_pct / 100
    if level == "":
        return "set" if state == "silent" else "clear"
    if level == "BAD":
        return {"bad": "set", "good": "clear", "silent": "unknown"}[state]
    if state != "good":
        return "unknown"
    upper = {"H": rule.warn_max, "HH": rule.crit_max}.get(level)
    lower = {"L": rule.warn_min, "LL": rule.crit_min}.get(level)
    if upper is not None:
        return "set" if value >= upper else "clear" if value < upper - band else "between"
    if lower is not None:
        return "set" if value <= lower else "clear" if value > lower + band else "between"
    if level == "NEGATIVE":
        return "set" if value < 0 else "clear"
    low, high = rule.min_val, rule.max_val
    if (low is not None and value < low) or (high is not None and value > high):
        return "set"
    inside = (low is None or value > low + band) and (high is None or value < high - band)
    return "clear" if inside else "between"


def has(rule: QcRule, level: str) -> bool:
    limits = {"H": rule.warn_max, "HH": rule.crit_max, "L": rule.warn_min, "LL": rule.crit_min}
    if level in limits:
        return limits[level] is not None
    if level == "NEGATIVE":
        return rule.allow_negative is False
    if level == "RANGE":
        return rule.min_val is not None or rule.max_val is not None
    return level == "BAD" or rule.max_gap_seconds is not None


def reference_journal(one: Series, until: int) -> list[Row]:
    gap = one.rule.max_gap_seconds
    pieces = list(reference.pieces(one.samples, gap and gap * 1_000_000, until))
    rows: list[Row] = []
    for condition, names in LEVELS.items():
        names = tuple(name for name in names if has(one.rule, name))
        found = []
        for name in names:
            judged = [(a, b, judge(one.rule, name, state, v)) for a, b, state, v in pieces]
            chosen = level_settings(condition, name, one.settings.get(condition))
            found.append(reference.spells(judged, chosen.on_us, chosen.off_us))
        rows += [
            (ts, condition, event, names[rank], episode)
            for ts, event, rank, episode in reference.journal(found)
        ]
    return sorted(rows)


def test_a_million_disturbed_samples_of_200_tags_have_the_journal_of_the_reference() -> None:
    samples, events, different = 0, 0, []
    for seed in range(200):
        one = disturbed.series(seed, 4800)
        until = disturbed.until([one]) + seed % 3 * 300_000_000
        found = machine_journal(one, until)
        if found != reference_journal(one, until):
            different.append(one.rule.tag_name)
        samples, events = samples + len(one.samples), events + len(found)
    assert different == []
    assert samples > 1_000_000
    assert events > 100_000
