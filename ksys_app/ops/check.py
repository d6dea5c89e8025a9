"""The result of a check of ``ksys db verify``, and the text of a span of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]

NAMED: Final = 2
"""How many names of one runbook a headline lists; further names are only counted."""


# First word of a check's name, to the runbook for a failure of this check.
RUNBOOKS: Final = {
    "restore": "DB_RESTORING",
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
    "function": "VERIFY_RELATION",
    "constraint": "VERIFY_SAMPLE",
    "samples": "VERIFY_SAMPLE",
    "stored": "VERIFY_JOB",
    "nothing": "NO_ROWS",
    "policy": "VERIFY_POLICY",
    "job": "VERIFY_JOB",
    "role": "VERIFY_ROLE",
    "privilege": "VERIFY_PRIVILEGE",
    "access": "VERIFY_ACCESS",
    "rules": "VERIFY_RULE",
    "rule": "VERIFY_RULE",
    "expectations": "VERIFY_RULE",
    "expectation": "VERIFY_RULE",
}


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check, a line of the output.

    Attributes:
        name: the checked object, e.g. ``index idx_hist_tag_ts``.
        ok: whether the check passed.
        detail: the finding; for a failed check, what is wrong.
    """

    name: str
    ok: bool
    detail: str

    @property
    def page(self) -> str:
        """The name of the runbook for a failure of this check."""
        return RUNBOOKS[self.name.split()[0]]

    @property
    def runbook(self) -> str:
        """The path of the runbook: ``docs/runbooks/<name>.md``."""
        return f"docs/runbooks/{self.page}.md"


def headline(failed: Sequence[Check]) -> str:
    """One line that sums up the failed checks; ``all well`` if there are none.

    A single failure is described. Several are listed with their runbooks, for example
    ``2 wrong: policy retention influx_agg_1h (VERIFY_POLICY); nothing arrives (NO_ROWS)``.
    """
    if len(failed) == 1:
        return f"1 wrong: {failed[0].name} {failed[0].detail} ({failed[0].page})"
    by_page: dict[str, list[str]] = {}
    for check in failed:
        by_page.setdefault(check.page, []).append(check.name)
    parts = []
    for page, names in by_page.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        parts.append(f"{', '.join(names[:NAMED])}{more} ({page})")
    return f"{len(failed)} wrong: {'; '.join(parts)}" if failed else "all well"


def days(span: timedelta) -> str:
    """A span in its largest whole unit, e.g. ``7 d`` or ``10 min``."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
