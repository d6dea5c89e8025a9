"""What a check of ``ksys db verify`` is, and how it writes spans of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

Rows = list[dict[str, Any]]


# The first word of a check's name, to the runbook of what it can find wrong.
RUNBOOKS: Final = {
    "statement": "VERIFY_RELATION",
    "extension": "VERIFY_EXTENSION",
    "table": "VERIFY_RELATION",
    "view": "VERIFY_RELATION",
    "aggregate": "VERIFY_RELATION",
    "materialized": "VERIFY_RELATION",
    "columns": "VERIFY_RELATION",
    "primary": "VERIFY_INDEX",
    "index": "VERIFY_INDEX",
    "hypertable": "VERIFY_HYPERTABLE",
    "compression": "VERIFY_COMPRESSION",
    "real-time": "VERIFY_DEFINITION",
    "definition": "VERIFY_DEFINITION",
    "trigger": "VERIFY_TRIGGER",
    "policy": "VERIFY_POLICY",
    "job": "VERIFY_JOB",
    "role": "VERIFY_ROLE",
    "privilege": "VERIFY_PRIVILEGE",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer.

    Attributes:
        name: what was checked, e.g. ``index idx_hist_tag_ts``.
        ok: whether it is as expected.
        detail: what was found; where it is not ok, what is wrong.
    """

    name: str
    ok: bool
    detail: str

    @property
    def runbook(self) -> str:
        """The page to follow where it is not ok, as ``docs/runbooks/<name>.md``."""
        return f"docs/runbooks/{RUNBOOKS[self.name.split()[0]]}.md"


def days(span: timedelta) -> str:
    """A span in its largest whole unit, e.g. ``7 d`` or ``10 min``."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
