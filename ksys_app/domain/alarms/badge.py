"""The alarms of a tag as its tile shows them (PRD §5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ksys_app.domain.alarms.shown import HIDDEN
from ksys_app.domain.kpi import active
from ksys_app.domain.limits import limits
from ksys_app.models.alarm_rows import Alarm, StateRow
from ksys_app.models.alarms import LOST
from ksys_app.models.rows import QcRule
from ksys_app.models.tiles import Level, Reason, Violation

# Conditions without levels, and the levels of the other conditions. The worst comes first.
REASONS: Final[Mapping[str, Reason]] = {
    **{"BAD": "BAD", "NEGATIVE": "NEGATIVE", "RANGE": "RANGE", "HH": "HH", "LL": "LL"},
    **{"H": "H", "L": "L", "STEP": "STEP", "RATE": "RATE", "SPIKE": "SPIKE", "GAP": "GAP"},
}
CRITICAL: Final[frozenset[Reason]] = frozenset({"BAD", "NEGATIVE", "RANGE", "HH", "LL"})
_ORDER: Final = tuple(REASONS)


@dataclass(frozen=True, slots=True)
class TagAlarms:
    """The alarms by tag.

    Attributes:
        by_tag: the active alarms of each tag that are not hidden.
        since: when the alarms were last evaluated, if no worker evaluates them now; otherwise None.
    """

    by_tag: Mapping[str, tuple[StateRow, ...]] = field(default_factory=dict)
    since: datetime | None = None

    def of(self, tag: str) -> tuple[StateRow, ...]:
        """The alarms of a tag; none while no worker evaluates alarms."""
        return () if self.since is not None else self.by_tag.get(tag, ())


def by_tag(alarms: Iterable[Alarm]) -> dict[str, tuple[StateRow, ...]]:
    """Tag to its active alarms that are not hidden."""
    found: dict[str, tuple[StateRow, ...]] = {}
    for alarm in alarms:
        row = alarm.row
        if row.active and alarm.state not in HIDDEN and row.condition != LOST:
            found[row.tag_name] = (*found.get(row.tag_name, ()), row)
    return found


def violations(
    rows: Iterable[StateRow], rule: QcRule | None, value: float | None, age_s: float | None
) -> list[Violation]:
    """The alarms of a tag with its current value and age, the worst first.

    Args:
        rows: the active alarms of the tag.
        rule: its rule.
        value: its newest value; None without a sample, or if the value is not a number.
        age_s: the age of that sample.
    """
    found = [_violation(row, rule, value, age_s) for row in rows if _reason(row) is not None]
    return sorted(found, key=lambda violation: _ORDER.index(violation.reason))


def _reason(row: StateRow) -> Reason | None:
    return REASONS.get(row.level or row.condition)


def _violation(
    row: StateRow, rule: QcRule | None, value: float | None, age_s: float | None
) -> Violation:
    reason = REASONS[row.level or row.condition]
    level: Level = "crit" if reason in CRITICAL else "warn"
    rule = active(rule)
    if reason == "BAD":
        return Violation(level, reason, note="QC")
    if reason == "GAP":
        return Violation(level, reason, row.value if age_s is None else age_s, row.limit_value)
    limit = (
        next((candidate for candidate in limits(rule) if candidate.name == reason), None)
        if rule
        else None
    )
    if limit is None or value is None or rule is None:
        return Violation(level, reason, row.value, row.limit_value)
    # The alarm goes on until the value has been back for the off-delay.
    held = not limit.breaks(value)
    low, high = (rule.min_val, rule.max_val) if reason == "RANGE" else (None, None)
    return Violation(level, reason, value, limit.nearest(value), low, high, held)
