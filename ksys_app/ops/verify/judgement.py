"""What is wrong with a database, from what ``ksys db status`` read of it; pure.

A wrong thing is a failed :class:`~ksys_app.ops.check.Check`: its name, what is wrong and what to
do, and its runbook.
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

# All tags at once are silent for so long, whatever each of them is allowed.
SILENT: Final = timedelta(minutes=5)
MOST_NAMED: Final = 5


def wrong(state: Status, now: datetime, zone: ZoneInfo) -> list[Check]:
    """What is wrong: with the schema, then what is stored, then what arrives.

    Args:
        state: what was read.
        now: the database's clock.
        zone: the display zone.
    """
    # Without its triggers nobody notes what arrives.
    blind = any(check.name.startswith("trigger ") for check in state.failed)
    return [
        *state.failed,
        *_stored(state, zone),
        *(() if blind else _arriving(state.tags, now, zone)),
        *_ahead(state.tags, zone),
    ]


def lost(tags: Sequence[Tag], now: datetime) -> str:
    """The tags that no longer send while others do, longest silent first; empty if there is none.

    A tag is the plant's matter, so it is a warning.
    """
    present = [tag for tag in tags if not tag.ahead]
    if _silent(present, now):
        return ""
    gone = [tag for tag in present if comm_state(now - tag.ts, tag.allowed) == "lost"]
    named = ", ".join(
        f"{tag.tag_name} for {age_label((now - tag.ts).total_seconds())}"
        for tag in sorted(gone, key=lambda tag: tag.ts)[:MOST_NAMED]
    )
    more = f" and {len(gone) - MOST_NAMED:,} more" if len(gone) > MOST_NAMED else ""
    return f"no signal from {len(gone):,} of {len(tags):,} tags: {named}{more}" if gone else ""


def late_s(lag: Lag) -> float | None:
    """How far an aggregate is stored behind where it should be, seconds; 0 where it is not.

    None where nothing is stored and samples are waiting for it.
    """
    if not lag.waiting:
        return 0.0
    return None if lag.stored_to is None else (lag.due - lag.stored_to).total_seconds()


def _stored(state: Status, zone: ZoneInfo) -> Iterator[Check]:
    """Aggregates whose jobs run and will never store what is there: it is too old for them."""
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
    present = [tag for tag in tags if not tag.ahead]
    if _silent(present, now):
        newest = max(present, key=lambda tag: tag.ts)
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


def _silent(present: Sequence[Tag], now: datetime) -> bool:
    """Whether there are tags and not one of them still sends."""
    return bool(present) and all(now - tag.ts > max(SILENT, tag.allowed) for tag in present)
