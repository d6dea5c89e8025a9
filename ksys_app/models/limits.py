"""Changes of the limits of a tag: edits, their results and conflicts, the history (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ksys_app.models.alarms import Condition
from ksys_app.models.rows import Fault, QcRule, StoredRule

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A row of ``alarm_rule``: the settings of a site for a condition, and the guidance for it.

    The first six fields are those of :class:`~ksys_app.models.alarms.AlarmSettings`. Texts may be
    empty.
    """

    priority: int | None = None
    on_delay_s: float | None = None
    off_delay_s: float | None = None
    latch: bool | None = None
    ack: bool | None = None
    realarm_s: float | None = None
    message: str = ""
    cause: str = ""
    consequence: str = ""
    response: str = ""
    group_name: str = ""


Settings = Mapping[Condition, AlarmRule]
NewSettings = Mapping[Condition, AlarmRule | None]
"""New settings by condition; None for the defaults."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Limits to save.

    Attributes:
        version: version of the tag's limits that the person saw.
        rule: the complete new rule; its ``tag_name`` names the tag.
        settings: new settings; conditions that are missing stay as they are.
    """

    version: int
    rule: QcRule
    settings: NewSettings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The result of a change of the limits of a tag.

    Attributes:
        tag_name: the tag.
        version: the version in force afterwards.
        saved: whether the change was saved; if not, somebody else had changed the limits.
        theirs: the limits in force, for a change that was not saved: ``rule``, a row or None, and
            ``settings``, rows by condition.
        base: the limits of the version that the person saw, in the same form.
    """

    tag_name: str
    version: int
    saved: bool
    theirs: Json | None = None
    base: Json | None = None


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A row of ``rule_history``.

    Attributes:
        id: number of the row, ascending.
        at: the database's time.
        tag_name: the tag.
        version: the version of the tag's limits after the change.
        relation: table of the row, ``influx_qc_rule`` or ``alarm_rule``.
        condition: condition of a row of ``alarm_rule``, else empty.
        op: ``INSERT``, ``UPDATE`` or ``DELETE``.
        old: the row before, None if there was none.
        new: the row after, None if there is none.
        actor: who did it.
        reason: why; empty for a change without one.
        source: ``page``, ``csv`` or ``sql``.
    """

    id: int
    at: datetime
    tag_name: str
    version: int
    relation: str
    condition: str
    op: str
    old: Json | None
    new: Json | None
    actor: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class StoredLimits(StoredRule):
    """A tag's row of ``influx_qc_rule`` as stored, with the version of its limits and its settings.

    Attributes:
        version: version of the tag's limits.
        has_rule: whether there is a row.
        settings: rows of ``alarm_rule`` by condition.
    """

    version: int
    has_rule: bool
    settings: Json


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a tag for somebody who edits them.

    Attributes:
        rule: the rule in force, without its unusable values.
        version: its version.
        has_rule: whether the tag has a rule; without one, ``rule`` has no limit.
        settings: settings of the tag's alarms by condition; defaults where they are missing.
    """

    rule: QcRule
    version: int
    has_rule: bool
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that differs: a column of the rule, or ``CONDITION.column`` of the settings."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """New values of some columns of a tag's rule.

    Attributes:
        tag_name: the tag.
        version: the version of the limits that the person saw; None for the version in force.
        values: new value by column; the other columns stay.
        settings: new settings; conditions that are missing stay as they are.
    """

    tag_name: str
    version: int | None
    values: Json
    settings: NewSettings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edited:
    """The result of an edit.

    Attributes:
        limits: the limits afterwards.
        cells: the values that differ from before.
        faults: why the edit cannot be saved; empty if it can.
    """

    limits: Limits
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An edit of limits that somebody else has changed in the meantime.

    Attributes:
        tag_name: the tag.
        version: the version in force.
        cells: the column, the value that the person wants, the value in force, and the value that
            the person saw.
    """

    tag_name: str
    version: int
    cells: tuple[tuple[str, Any, Any, Any], ...]
