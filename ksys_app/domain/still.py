"""Whether a value has stayed the same for longer than its tag's rule allows (PRD §5.3)."""

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
"""How far back is looked, in times of what the rule allows, but at least ``LEAST_S`` seconds."""
LEAST_S: Final = 6 * 3600.0


class Newest(Protocol):
    """What is known of a tag's newest sample, and of the one before it."""

    @property
    def tag_name(self) -> str:
        """The tag."""

    @property
    def ts(self) -> datetime | None:
        """Its time, None for a tag that never reported."""

    @property
    def value(self) -> float | None:
        """Its value."""

    @property
    def prev_value(self) -> float | None:
        """The value before it, None where that is not known."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tag whose newest samples are equal: the value, and how many seconds to look back."""

    tag_name: str
    value: float
    look_s: float


@dataclass(frozen=True, slots=True)
class Unchanged:
    """For how many seconds a value has been the same, or for longer than that."""

    seconds: float
    longer: bool


def suspects(rows: Iterable[Newest], rules: Mapping[str, QcRule]) -> list[Suspect]:
    """The tags of which the database has to be asked: they have such a rule and may stand still."""
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
    """How long the value of a tag that sends has been the same, None within what is allowed.

    Args:
        row: the tag's newest samples.
        rule: its rule, if any.
        comm: its Comm state; of a tag that does not send its age says enough.
        run: how long the database has seen one value of it.
    """
    rule = active(rule)
    if rule is None or rule.stuck_s is None or run is None or row.ts is None or comm != "ok":
        return None
    seconds = (row.ts - run.since).total_seconds()
    # The run may be half a minute old, and the value another one since.
    if row.value != run.value or seconds < rule.stuck_s:
        return None
    # How far was looked is one figure; the first minute that was found there moves with the clock.
    return Unchanged(look_back(rule.stuck_s) if run.longer else seconds, run.longer)


def look_back(stuck_s: float) -> float:
    """For how many seconds back an equal value is looked for."""
    return max(LOOK_BACK * stuck_s, LEAST_S)
