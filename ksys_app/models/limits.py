"""Changes of a tag's limits: what is saved, what stands against it, the history (PRD §32.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ksys_app.models.rows import QcRule

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
