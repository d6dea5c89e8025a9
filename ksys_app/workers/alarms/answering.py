"""Folds new events into the stored standings of alarms (PRD §32.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ksys_app.domain.alarms.response import after
from ksys_app.domain.alarms.settings import policy
from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import Act, AlarmSettings, ProcessEvent, Standing
from ksys_app.store.alarms import Key

SettingsOf = Callable[[Key], AlarmSettings | None]


@dataclass(slots=True)
class Answered:
    """The result: the new standings of alarms, and additional rows of the journal."""

    standings: dict[Key, Standing] = field(default_factory=dict)
    rows: list[ProcessEvent] = field(default_factory=list)


def answer(
    stored: Mapping[Key, Standing],
    events: Iterable[ProcessEvent],
    due: Iterable[Key],
    settings_of: SettingsOf,
    now_us: int,
) -> Answered:
    """Fold new events into the standings, then end shelves and acknowledgements that have expired.

    Args:
        stored: the stored standings, among them those of ``events`` and ``due`` if they exist.
        events: new rows of the journal, in order.
        due: alarms whose shelf or acknowledgement may have expired.
        settings_of: gives the settings of the site for an alarm.
        now_us: the database's clock.
    """
    answered = Answered()

    def fold(key: Key, event: ProcessEvent | Act, priority: int | None) -> None:
        standing = answered.standings.get(key) or stored.get(key) or Standing()
        chosen = policy(priority or standing.priority or 3, settings_of(key))
        standing, acts = after(standing, event, chosen)
        answered.standings[key] = standing
        answered.rows += [_row(key, act, standing) for act in acts]

    for event in events:
        if event.condition:
            fold((event.tag_name, event.condition), event, event.priority)
    for key in due:
        standing = answered.standings.get(key) or stored.get(key)
        for act in () if standing is None else _expired(standing, settings_of(key), now_us):
            fold(key, act, None)
            answered.rows.append(_row(key, act, answered.standings[key]))
    return answered


def _expired(standing: Standing, settings: AlarmSettings | None, now_us: int) -> list[Act]:
    """The events of a shelf or an acknowledgement that has expired by the database's clock."""
    episode = now_us if standing.raised_at_us is None else standing.raised_at_us
    acts = []
    if standing.shelved_until_us is not None and standing.shelved_until_us <= now_us:
        acts.append(Act("UNSHELVE", now_us, episode))
    acked_us = standing.acked_at_us if standing.active and standing.ack == "acked" else None
    after_s = None if settings is None else settings.realarm_s
    if (
        acked_us is not None
        and after_s is not None
        and acked_us + round(after_s * SECOND) <= now_us
    ):
        acts.append(Act("REALARM", now_us, episode))
    return acts


def _row(key: Key, act: Act, standing: Standing) -> ProcessEvent:
    tag, condition = key
    return ProcessEvent(
        act.ts_us,
        tag,
        condition,  # type: ignore[arg-type]
        standing.level,
        act.raised_at_us,
        act.event,
        standing.value,
        standing.limit_value,
        standing.priority or None,
        standing.quality,
    )
