"""Changes of a tag's limits: what is saved, what stands against it, the history (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ksys_app.models.rows import Fault, QcRule, StoredRule

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule to save.

    Attributes:
        version: version of the tag's limits that the person saw.
        rule: the whole new rule; its ``tag_name`` says of which tag.
    """

    version: int
    rule: QcRule


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of a tag's change.

    Attributes:
        tag_name: the tag.
        version: the version in force afterwards.
        saved: whether the change was saved; if not, somebody else had changed the limits.
        theirs: the row in force of a change that was not saved, None if the tag has none.
        base: the row of the version that the person saw, None if the tag had none.
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
        version: version of the tag's limits that the change made.
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
    """A tag's row of ``influx_qc_rule`` as stored, its version, and whether there is a row."""

    version: int
    has_rule: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a tag for somebody who edits them.

    Attributes:
        rule: the rule in force, without its unusable values.
        version: its version.
        has_rule: whether the tag has a rule; without one, ``rule`` has no limit.
    """

    rule: QcRule
    version: int
    has_rule: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a rule that two rules have different values of."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """New values of some columns of a tag's rule.

    Attributes:
        tag_name: the tag.
        version: the version of the limits that the person saw; None: whichever is in force.
        values: new value by column; the other columns stay.
    """

    tag_name: str
    version: int | None
    values: Json


@dataclass(frozen=True, slots=True)
class Edited:
    """The result of an edit.

    Attributes:
        limits: the limits afterwards.
        cells: what differs from before.
        faults: why the edit cannot be saved; empty if it can.
    """

    limits: Limits
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An edit of limits that somebody else has changed meanwhile.

    Attributes:
        tag_name: the tag.
        version: the version in force.
        cells: each column with the value that the person wants, the one in force, and the one that
            the person saw.
    """

    tag_name: str
    version: int
    cells: tuple[tuple[str, Any, Any, Any], ...]
