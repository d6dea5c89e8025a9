"""Find values that have been unchanged for longer than the rule of their tag allows (PRD §5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ksys_app.domain.figures import finite
from ksys_app.domain.kpi import active
from ksys_app.domain.quality import Comm
from ksys_app.models.rows import QcRule, Run

LOOK_BACK: Final = 2
"""How far back the product looks: this many times ``stuck_s``, but at least ``LEAST_S`` seconds."""
LEAST_S: Final = 6 * 3600.0


class Newest(Protocol):
    """A row with a tag's newest sample and the sample before it."""

    @property
    def tag_name(self) -> str:
        """The tag."""

    @property
    def ts(self) -> datetime | None:
        """Time of the newest sample, None for a tag without samples."""

    @property
    def value(self) -> float | None:
        """Value of the newest sample."""

    @property
    def prev_value(self) -> float | None:
        """Value of the sample before it, None if the query did not read it."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tag whose newest samples are equal: the value, and how many seconds to look back."""

    tag_name: str
    value: float
    look_s: float


@dataclass(frozen=True, slots=True)
class Unchanged:
    """For how many seconds a value has been unchanged; ``longer``: for more than that."""

    seconds: float
    longer: bool


def suspects(rows: Iterable[Newest], rules: Mapping[str, QcRule]) -> list[Suspect]:
    """The tags to look up in the database: they have a ``stuck_s`` and may be unchanged."""
    found: list[Suspect] = []
    for row in rows:
        rule = active(rules.get(row.tag_name))
        value = finite(row.value)
        if rule is None or rule.stuck_s is None or value is None:
            continue
        if row.prev_value is None or row.prev_value == value:
            found.append(Suspect(row.tag_name, value, look_back(rule.stuck_s)))
    return found


def unchanged(row: Newest, rule: QcRule | None, comm: Comm, run: Run | None) -> Unchanged | None:
    """How long the value of a tag has been unchanged, None while the rule allows it.

    Args:
        row: the tag's newest samples.
        rule: the tag's rule, if any.
        comm: the tag's Comm state. A tag that does not send has no result; its age is enough.
        run: the run of equal values, from the database.
    """
    rule = active(rule)
    if rule is None or rule.stuck_s is None or run is None or row.ts is None or comm != "ok":
        return None
    seconds = (row.ts - run.since).total_seconds()
    # The run may come from the cache, up to 30 s old, and the value may have changed since.
    if row.value != run.value or seconds < rule.stuck_s:
        return None
    # For a longer run, report how far back the product looked. That figure is constant; the first
    # minute found there moves with the clock.
    return Unchanged(look_back(rule.stuck_s) if run.longer else seconds, run.longer)


def look_back(stuck_s: float) -> float:
    """How many seconds back the database is searched for another value."""
    return max(LOOK_BACK * stuck_s, LEAST_S)
