"""What a message about alarms says, in the words of the pages (PRD §32.10)."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.timefmt import local_offset
from ksys_app.models import message
from ksys_app.models.alarms import LOST
from ksys_app.models.notify import Language, Message, Waiting
from ksys_app.texts import LANGUAGES, say

LISTED: Final = 200
"""Most alarms that a text names one by one."""
_SUBJECT: Final = 150


def compose(rows: Sequence[Waiting], zone: ZoneInfo, language: Language) -> Message:
    """The message about one or several alarms.

    Args:
        rows: what to tell one recipient, at least one.
        zone: the zone of the times in the text; the events of a webhook have UTC.
        language: that of subject and text.
    """
    words = _Words(language, zone)
    keys = [row.dedupe_key for row in rows]
    key = keys[0] if len(rows) == 1 else hashlib.sha256("\n".join(keys).encode()).hexdigest()[:24]
    subject = words.line(rows[0]) if len(rows) == 1 else words.counts(rows)
    text = "\n\n".join(words.about(row) for row in rows[:LISTED])
    if len(rows) > LISTED:
        text += "\n\n" + words("alarms.and_more", n=len(rows) - LISTED)
    return _message(words, subject, text, key, [_event(row) for row in rows])


def trial(route: str, now: datetime, language: Language) -> Message:
    """A message that only shows that a route works."""
    words = _Words(language, ZoneInfo("UTC"))
    key = hashlib.sha256(f"{route} {now.isoformat()}".encode()).hexdigest()[:24]
    event: dict[str, object] = {
        "dedupe_key": key,
        "purpose": "test",
        "route": route,
        "ts": now.isoformat(),
    }
    subject = words("mail.trial", route=route)
    return _message(words, subject, words("mail.trial_text", route=route), key, [event])


def _message(
    words: _Words, subject: str, text: str, key: str, events: list[dict[str, object]]
) -> Message:
    short = " ".join(subject.split())[:_SUBJECT]
    marked = f"[Ksys] {short} ({words('mail.key', key=key[:8])})"
    return Message(marked, text + "\n", key, tuple(events))


class _Words:
    """Texts of the catalogue in a language, and what they say about alarms."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self._catalogue = LANGUAGES[language]
        self._zone = zone

    def __call__(self, name: str, /, **values: object) -> str:
        """A text, filled in."""
        return say(message.Message(name, values), self._catalogue)

    def event(self, row: Waiting) -> str:
        """What happened to the alarm."""
        name = "state_unacked" if row.purpose == "escalate" else f"event_{row.event}"
        return self._of_alarms(name, row.event)

    def line(self, row: Waiting) -> str:
        """An alarm in a line."""
        heads = [self.event(row), self._of_alarms(f"prio_{row.priority}", "")]
        tag = f"{row.tag_name} {row.title}".strip()
        what = row.message or self._of_alarms(f"what_{row.level or row.condition}", row.condition)
        return f"{', '.join(filter(None, heads))}: {tag}, {what}"

    def counts(self, rows: Sequence[Waiting]) -> str:
        """How many alarms there are, by what happened."""
        counts = Counter(self.event(row) for row in rows).most_common()
        parts = [self("mail.part", event=event, count=count) for event, count in counts]
        return self("mail.many", n=len(rows), parts=", ".join(parts))

    def about(self, row: Waiting) -> str:
        """All about an alarm, in lines."""
        began = row.purpose == "escalate"
        head = self("alarms.event_RAISE") if began else self.event(row)
        ts = row.raised_at if began else row.ts
        lines = [self.line(row), f"{head}: {local_offset(ts, self._zone)}"]
        figures = [
            self(key, **{name: self._figure(row, value)})
            for key, name, value in (
                ("mail.value", "value", row.value),
                ("alarms.limit_is", "limit", row.limit_value),
            )
            if value is not None
        ]
        guidance = {name: getattr(row, name) for name in ("cause", "consequence", "response")}
        lines += [", ".join(figures)] if figures else []
        lines += [
            f"{self(f'alarms.guide_{name}')}: {text}" for name, text in guidance.items() if text
        ]
        return "\n".join([*lines, self("mail.key", key=row.dedupe_key)])

    def _figure(self, row: Waiting, value: float) -> str:
        if row.condition == "GAP":
            return self("live.age_s", s=f"{value:.0f}")
        unit = self("live.unit_tags") if row.condition == LOST else row.unit
        return f"{value:.6g} {unit}".strip()

    def _of_alarms(self, name: str, otherwise: str) -> str:
        return self._catalogue["alarms"].get(name, otherwise)


def _event(row: Waiting) -> dict[str, object]:
    names = (
        *("dedupe_key", "purpose", "route", "event", "tag_name", "title", "unit", "condition"),
        *("level", "priority", "message", "cause", "consequence", "response"),
    )
    told: dict[str, object] = {name: getattr(row, name) for name in names}
    told |= {name: getattr(row, name).isoformat() for name in ("ts", "raised_at")}
    for name in ("value", "limit_value"):
        value = getattr(row, name)
        told[name] = value if value is None or math.isfinite(value) else None
    return told
