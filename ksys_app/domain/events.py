"""The events of tags as spans of time, from stored rows; many spans are merged (PRD §33.7)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from ksys_app.domain.comm import HOUR, outage
from ksys_app.domain.figures import finite
from ksys_app.models.events import AnomalyRow, DenseRow, EpisodeRow, GapRow, Kind, Span
from ksys_app.models.limits import RecordedChange

STANDS: Final = "STANDS"
"""The event of the row of an alarm that is active now."""
JOURNAL_ONLY: Final = 4
"""The priority of alarms that are only recorded."""
ONE_SAVE: Final = timedelta(seconds=1)
MOST_CELLS: Final = 20
MOST_TEXT: Final = 200
MOST_TAGS: Final = 9
MANY: Final[Mapping[Kind, str]] = {
    "alarm": "explore.lane_n_alarm",
    "outage": "explore.lane_n_outage",
    "anomaly": "explore.lane_n_anomaly",
    "change": "explore.lane_n_change",
}


@dataclass
class _Episode:
    """An alarm while its rows are read."""

    row: EpisodeRow
    end: datetime | None = None
    stands: bool = False


def alarm_spans(rows: Iterable[EpisodeRow], start: datetime, end: datetime) -> list[Span]:
    """The alarms that were active at some time of a range, ascending.

    An alarm lasts from its ``RAISE`` to the ``CLEAR`` with the same ``raised_at``. It has the most
    urgent level that it reached. Alarms that are only recorded are left out.

    Args:
        rows: rows ``RAISE``, ``ESCALATE``, ``CLEAR`` and ``STANDS``, ascending by time.
        start: start of the range.
        end: its end.
    """
    found: dict[tuple[str, str, datetime], _Episode] = {}
    for row in rows:
        if row.event == "CLEAR":
            # The value of a CLEAR is the value that was back to normal.
            row = replace(row, value=None, limit_value=None)
        episode = found.setdefault((row.tag_name, row.condition, row.raised_at), _Episode(row))
        if row.event == "CLEAR":
            episode.end = row.ts
        if (row.priority or JOURNAL_ONLY) <= (episode.row.priority or JOURNAL_ONLY):
            values = (row, episode.row)[row.event == "CLEAR"]
            episode.row = replace(row, value=values.value, limit_value=values.limit_value)
        episode.stands |= row.event == STANDS
    spans = (
        _alarm(episode)
        for episode in found.values()
        if (episode.row.priority or JOURNAL_ONLY) < JOURNAL_ONLY
    )
    return sorted(
        (span for span in spans if span.start < end and (span.end is None or span.end > start)),
        key=attrgetter("start"),
    )


def _alarm(episode: _Episode) -> Span:
    row = episode.row
    return Span(
        kind="alarm",
        tag_name=row.tag_name,
        start=row.raised_at,
        end=episode.end,
        key=f"alarms.what_{row.level or row.condition}",
        values={
            "condition": row.condition,
            "value": finite(row.value),
            "limit_value": finite(row.limit_value),
        },
        ongoing=episode.end is None and episode.stands,
        level=row.level,
        priority=row.priority,
    )


def hours_around(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The whole UTC hours that hold a range: start of the first hour, end of the last hour."""
    first = start.replace(minute=0, second=0, microsecond=0)
    last = end.replace(minute=0, second=0, microsecond=0)
    return first, last if last == end else last + HOUR


def outage_spans(rows: Iterable[GapRow], start: datetime, end: datetime) -> list[Span]:
    """The outages of whole hours (PRD §28.2), ascending.

    Args:
        rows: runs of critical hours.
        start: start of the first hour that the query read.
        end: end of the last hour that the query read.
    """
    spans = []
    for row in rows:
        found = outage(row.first, row.last, row.newest, (start, end), row)
        spans.append(
            Span(
                kind="outage",
                tag_name=row.tag_name,
                start=found.start,
                end=None if found.ongoing else found.end,
                key="explore.lane_outage",
                ongoing=found.ongoing,
                clipped=found.clipped,
            )
        )
    return sorted(spans, key=attrgetter("start"))


def anomaly_spans(rows: Iterable[AnomalyRow]) -> list[Span]:
    """The anomalies that another service found, each at one moment, ascending."""
    return sorted(
        (
            Span(
                kind="anomaly",
                tag_name=row.tag_name,
                start=row.ts,
                end=row.ts,
                key="explore.lane_anomaly",
                values={"score": finite(row.score)},
                level=row.level[:MOST_TEXT],
            )
            for row in rows
        ),
        key=attrgetter("start"),
    )


def change_spans(rows: Sequence[RecordedChange]) -> list[Span]:
    """The changes of limits, ascending. Rows that were saved together are one change.

    Args:
        rows: the recorded changes, ascending by time.
    """
    spans = []
    for saved in _saves(sorted(rows, key=lambda row: (row.tag_name, row.at, row.id))):
        last = saved[-1]
        cells = [cell for row in saved for cell in changed_cells(row)]
        spans.append(
            Span(
                kind="change",
                tag_name=last.tag_name,
                start=last.at,
                end=last.at,
                key="explore.lane_change",
                values={
                    "cells": cells[:MOST_CELLS],
                    "more": max(0, len(cells) - MOST_CELLS),
                    "actor": last.actor[:MOST_TEXT],
                    "reason": last.reason[:MOST_TEXT],
                    "source": last.source,
                    "version": last.version,
                },
            )
        )
    return sorted(spans, key=attrgetter("start"))


def _saves(rows: Sequence[RecordedChange]) -> Iterator[list[RecordedChange]]:
    saved: list[RecordedChange] = []
    for row in rows:
        same = saved and (row.tag_name, row.actor, row.reason, row.source) == (
            *(saved[-1].tag_name, saved[-1].actor, saved[-1].reason, saved[-1].source),
        )
        if saved and not (same and row.at - saved[-1].at < ONE_SAVE):
            yield saved
            saved = []
        saved.append(row)
    if saved:
        yield saved


def changed_cells(row: RecordedChange) -> list[dict[str, Any]]:
    """The columns whose value a change replaced: ``column``, ``old`` and ``new`` as texts.

    A column of alarm settings has a name such as ``HIGH.on_delay_s``. The version of the settings
    is left out, because it only counts the changes.
    """
    old, new = row.old or {}, row.new or {}
    names = [name for name in {**old, **new} if name not in ("tag_name", "condition", "version")]
    return [
        {
            "column": f"{row.condition}.{name}" if row.condition else name,
            "old": _text(old.get(name)),
            "new": _text(new.get(name)),
        }
        for name in sorted(names, key=lambda name: name == "meta")
        if old.get(name) != new.get(name)
    ]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def dense_spans(kind: Kind, rows: Iterable[DenseRow]) -> list[Span]:
    """Events of a kind that the database counted, because they were too many to read, ascending."""
    return [
        Span(
            kind=kind,
            tag_name=row.tag_name,
            start=row.first,
            end=row.last,
            key=MANY[kind],
            values={"n": row.count, "tags": [row.tag_name]},
            priority=row.priority,
            count=row.count,
        )
        for row in rows
    ]


def merged(spans: Sequence[Span], start: datetime, end: datetime, most: int) -> list[Span]:
    """Spans of one kind, ascending, merged to at most ``most`` spans. The sum of counts is equal.

    If there are more spans, the longest stay as they are, up to half of ``most``. The others are
    merged by their start, in equal parts of the range.

    Args:
        spans: the spans.
        start: start of the range.
        end: its end.
        most: most spans, at least two.
    """
    if len(spans) <= most:
        return sorted(spans, key=attrgetter("start"))
    parts = most - most // 2
    width = max((end - start) / parts, timedelta.resolution)

    def part_index(span: Span) -> int:
        return min(parts - 1, max(0, (span.start - start) // width))

    def length(span: Span) -> timedelta:
        return min(span.end or end, end) - max(span.start, start)

    ordered = sorted(spans, key=length, reverse=True)
    long = [span for span in ordered[: most // 2] if length(span) > width]
    rest = sorted(ordered[len(long) :], key=lambda span: (part_index(span), span.start))
    groups = (list(group) for _, group in groupby(rest, key=part_index))
    return sorted([*long, *map(_joined, groups)], key=attrgetter("start"))


def _joined(spans: Sequence[Span]) -> Span:
    if len(spans) == 1:
        return spans[0]
    tags = sorted({span.tag_name for span in spans if span.tag_name is not None})
    several = len(tags) != 1 or any(span.tag_name is None for span in spans)
    ends = [span.end for span in spans if span.end is not None]
    ongoing = any(span.ongoing for span in spans)
    urgent = min(spans, key=lambda span: span.priority or JOURNAL_ONLY)
    count = sum(span.count for span in spans)
    return Span(
        kind=urgent.kind,
        tag_name=None if several else tags[0],
        start=min(span.start for span in spans),
        end=None if ongoing or not ends else max(ends),
        key=MANY[urgent.kind],
        values={"n": count, "tags": tags[:MOST_TAGS]},
        ongoing=ongoing,
        clipped=any(span.clipped for span in spans),
        level=urgent.level,
        priority=urgent.priority,
        count=count,
    )
