"""Response shapes of the alarm endpoints."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from ksys_app.api.schemas import ABSENT, Count, Exact, Moment, Nothing, Seconds
from ksys_app.domain.alarms.measures import Verdict
from ksys_app.models.alarm_rows import AlarmState, Result
from ksys_app.models.alarms import AlarmCondition
from ksys_app.models.notify import MessageState, Purpose


class AlarmEntry(Exact):
    """An alarm; ``raised_at`` is the episode, ``value`` the value at the last event.

    ``value_now`` is the newest sample of the tag, ``assigned_to`` who takes care of the alarm.
    """

    tag_name: str
    condition: AlarmCondition
    level: str
    priority: Annotated[int, Field(ge=0, le=4)]
    state: AlarmState
    raised_at: Moment | None
    cleared_at: Moment | None
    acked_at: Moment | None
    acked_by: str
    ack_comment: str
    assigned_to: str
    assigned_at: Moment | None
    value: float | None
    limit_value: float | None
    quality: str
    count: Count
    latched: bool
    shelved_until: Moment | None
    shelved_kind: str | None
    shelved_by: str
    shelved_reason: str
    suppressed_by: str | None
    out_of_service_at: Moment | None
    out_of_service_by: str | None
    out_of_service_reason: str
    title: str
    unit: str
    group: str
    message: str
    cause: str
    consequence: str
    response: str
    value_now: float | None
    value_now_ts: Moment | None


class PriorityCounts(Exact):
    """The alarms of a priority in the list; ``acked`` are also latched ones."""

    unacked: Count
    acked: Count
    returned: Count


class AlarmCounts(Exact):
    """How many alarms there are, of all tags."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    critical: PriorityCounts = Field(alias="1")
    high: PriorityCounts = Field(alias="2")
    low: PriorityCounts = Field(alias="3")
    event: PriorityCounts = Field(alias="4")
    shelved: Count
    suppressed: Count
    out_of_service: Count


class AlarmList(Exact):
    """Alarms: those that nobody has acknowledged first, then by priority, the newest first.

    ``evaluated_to``: until when every tag is judged; ``evaluating``: whether a worker judges now.
    ``seq`` grows with each change. ``total``: how many alarms the list has without ``limit``.
    ``writable``: whether anybody can change alarms here.
    """

    evaluated_to: Moment | None
    age_s: Seconds | None
    evaluating: bool
    writable: bool
    seq: Count
    counts: AlarmCounts
    total: Count
    rows: list[AlarmEntry]


class AlarmKey(Exact):
    """What identifies an alarm."""

    tag_name: str
    condition: AlarmCondition


class ValueNow(Exact):
    """The newest sample of a tag."""

    tag_name: str
    value_now: float | None
    value_now_ts: Moment | None


class AlarmChanges(AlarmList):
    """The changes of a list of alarms since an earlier response.

    If ``whole`` is true, ``rows`` are all alarms and replace those of the client. Otherwise they
    are the new and the changed alarms, ``removed`` names the alarms that left the list, and
    ``values`` are the newest samples of the other alarms. The next request has ``since=seq``.
    """

    whole: bool
    removed: list[AlarmKey]
    values: list[ValueNow]


class AlarmOutcome(Exact):
    """What became of an item; ``message`` says why it is forbidden."""

    tag_name: str
    condition: AlarmCondition
    raised_at: Moment | None
    result: Result
    message: str | Nothing = ABSENT


class AlarmOutcomes(Exact):
    """A result for each item, in their order."""

    results: list[AlarmOutcome]


class JournalMessage(Exact):
    """Messages of a route about an event, of so many recipients.

    ``at``: when the last one was sent or ended; of ``waiting`` and ``failing``, when it is sent
    next.
    """

    route: str
    purpose: Purpose
    state: MessageState
    recipients: Count
    at: Moment


class JournalEntry(Exact):
    """A row of the journal; ``raised_at`` names the episode.

    ``condition`` and ``level`` are empty for an event of the tag itself. ``messages`` has the
    recipients of the event.
    """

    ts: Moment
    recorded_at: Moment
    id: str
    tag_name: str
    condition: str
    level: str
    raised_at: Moment
    event: str
    priority: int | None
    value: float | None
    limit_value: float | None
    deadband: float | None
    quality: str
    rule_version: int | None
    actor: str
    via: str
    station: str
    comment: str
    reason: str
    data: dict[str, Any]
    messages: list[JournalMessage]


class JournalPage(Exact):
    """Rows of the journal; ``next`` is the value of ``after`` for those that follow."""

    rows: list[JournalEntry]
    next: str | None


class Figure(Exact):
    """A figure of the period; ``good`` and ``limit`` are the values of the standards.

    ``verdict``: good up to ``good``, fair up to ``limit``, poor above it; none without these.
    """

    name: str
    value: float | None
    unit: str
    formula: str
    good: float | None
    limit: float | None
    verdict: Verdict


class ActorEntry(Exact):
    """A condition, how often it happened, and its share of all."""

    tag_name: str
    condition: str
    count: Count
    share: float


class RankedEntry(ActorEntry):
    """A source of alarms with its rank; 1 is the most frequent one."""

    place: Count


class BadActors(Exact):
    """The announced alarms, the most frequent first; ``ranked``: how many there are of all tags.

    ``announced``: how often they were announced altogether.
    """

    from_: Moment = Field(alias="from")
    to: Moment
    announced: Count
    ranked: Count
    actors: list[RankedEntry]


class ChatterEntry(Exact):
    """A condition that chatters: how many raises are in bursts, and most in one minute."""

    tag_name: str
    condition: str
    count: Count
    most_in_60_s: Count


class SpellEntry(Exact):
    """A condition that was active for so long; ``raised_at`` where it is one episode."""

    tag_name: str
    condition: str
    seconds: Seconds
    raised_at: Moment | None


class FloodEntry(Exact):
    """A flood, and the alarms in it."""

    start: Moment
    end: Moment
    count: Count


class AnsweringEntry(Exact):
    """How people acknowledge alarms of a priority; 0 for all of them."""

    priority: Count
    raised: Count
    acked: Count
    median_s: Seconds | None
    p95_s: Seconds | None
    cleared_unacked: float | None


class ChangedEntry(Exact):
    """A tag whose limits were changed, and how many of the changes have no reason."""

    tag_name: str
    changes: Count
    unreasoned: Count


class AlarmFigures(Exact):
    """The figures of a period; ``slots`` are the alarms of each ten minutes from its beginning."""

    from_: Moment = Field(alias="from")
    to: Moment
    figures: list[Figure]
    bad_actors: list[ActorEntry]
    chattering: list[ChatterEntry]
    fleeting: list[ActorEntry]
    stale: list[SpellEntry]
    floods: list[FloodEntry]
    time_to_ack: list[AnsweringEntry]
    time_in_alarm: list[SpellEntry]
    renewed_shelves: list[ActorEntry]
    unreasoned_changes: list[ChangedEntry]
    slots: list[Count]
