"""Judges the data that ``ksys db status`` has read; pure functions.

Each problem is a failed :class:`~ksys_app.ops.check.Check` with a name, a description with advice,
and a runbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.quality import comm_state
from ksys_app.domain.timefmt import age_label, local_offset
from ksys_app.domain.upkeep import REFRESH
from ksys_app.ops.check import Check, days
from ksys_app.ops.verify.status import Lag, Status, Tag

# If no tag has sent for this time, no samples arrive, even if each tag is allowed a longer gap.
SILENT: Final = timedelta(minutes=5)
MOST_NAMED: Final = 5


def problems(state: Status, now: datetime, zone: ZoneInfo) -> list[Check]:
    """The problems: first of the schema, then of stored aggregates, then of arriving samples.

    Args:
        state: the data of ``ksys db status``.
        now: the database's clock.
        zone: the display zone.
    """
    # Without the triggers, tag_latest does not show what arrives.
    blind = any(check.name.startswith("trigger ") for check in state.failed)
    return [
        *state.failed,
        *_stored(state, zone),
        *(() if blind else _arriving(state.tags, now, zone)),
        *_ahead(state.tags, zone),
    ]


def silent_tags(tags: Sequence[Tag], now: datetime) -> str:
    """A sentence about tags that stopped sending, longest silence first; empty if there are none.

    The plant is responsible for a single tag, so this is only a warning.
    """
    current = [tag for tag in tags if not tag.ahead]
    if _silent(current, now):
        return ""
    silent = [tag for tag in current if comm_state(now - tag.ts, tag.allowed) == "lost"]
    named = ", ".join(
        f"{tag.tag_name} for {age_label((now - tag.ts).total_seconds())}"
        for tag in sorted(silent, key=lambda tag: tag.ts)[:MOST_NAMED]
    )
    more = f" and {len(silent) - MOST_NAMED:,} more" if len(silent) > MOST_NAMED else ""
    return f"no signal from {len(silent):,} of {len(tags):,} tags: {named}{more}" if silent else ""


def late_s(lag: Lag) -> float | None:
    """How late an aggregate is, seconds; 0 if it is not late.

    None if nothing is stored although samples are waiting.
    """
    if not lag.waiting:
        return 0.0
    return None if lag.stored_to is None else (lag.due - lag.stored_to).total_seconds()


def _stored(state: Status, zone: ZoneInfo) -> Iterator[Check]:
    """Aggregates whose jobs will never store existing samples, because these are too old."""
    for lag in state.lags:
        if lag.out_of_reach:
            has = "holds nothing"
            if lag.stored_to is not None:
                has = f"is stored to {local_offset(lag.stored_to, zone)}"
            detail = (
                f"{has}, and its job looks {days(REFRESH[lag.name].start)} back only: older "
                "samples are hidden once it has run; run ksys db refresh"
            )
            yield Check(f"stored {lag.name}", False, detail)


def _arriving(tags: Sequence[Tag], now: datetime, zone: ZoneInfo) -> Iterator[Check]:
    current = [tag for tag in tags if not tag.ahead]
    if _silent(current, now):
        newest = max(current, key=lambda tag: tag.ts)
        age = age_label((now - newest.ts).total_seconds())
        which = f"{newest.tag_name} at {local_offset(newest.ts, zone)}"
        yield Check("nothing arrives", False, f"any more: the newest sample is {age} old ({which})")


def _ahead(tags: Sequence[Tag], zone: ZoneInfo) -> Iterator[Check]:
    ahead = [tag for tag in tags if tag.ahead]
    named = ", ".join(f"{tag.tag_name} {local_offset(tag.ts, zone)}" for tag in ahead[:MOST_NAMED])
    more = f" and {len(ahead) - MOST_NAMED:,} more" if len(ahead) > MOST_NAMED else ""
    if ahead:
        yield Check(
            "samples ahead",
            False,
            f"of the database's clock by more than KSYS_MAX_AHEAD_S: {named}{more}; "
            "they hide newer ones of their tags",
        )


def _silent(current: Sequence[Tag], now: datetime) -> bool:
    """Whether there are tags and none of them has sent recently."""
    return bool(current) and all(now - tag.ts > max(SILENT, tag.allowed) for tag in current)
