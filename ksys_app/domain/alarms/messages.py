"""What a message about alarms says (PRD §32.10)."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ksys_app.domain.timefmt import local_offset
from ksys_app.models.notify import Message, Waiting

PRIORITIES: Final = {1: "critical", 2: "high", 3: "low"}
WORDS: Final = {
    "RAISE": "raised",
    "ESCALATE": "raised to a higher level",
    "REALARM": "still active, and acknowledged too long ago",
    "UNSHELVE": "active when its shelf ended",
    "RELEASE": "active when its suppression ended",
    "CLEAR": "cleared",
}
UNACKED: Final = "not acknowledged"
LISTED: Final = 200
"""Most alarms that a mail names one by one."""
_SUBJECT: Final = 150


def compose(rows: Sequence[Waiting], zone: ZoneInfo) -> Message:
    """The message about one or several alarms.

    Args:
        rows: what to tell one recipient, at least one.
        zone: the zone of the times in a mail; a webhook gets UTC.
    """
    keys = [row.dedupe_key for row in rows]
    key = keys[0] if len(rows) == 1 else hashlib.sha256("\n".join(keys).encode()).hexdigest()[:24]
    if len(rows) == 1:
        subject, text = _line(rows[0]), _about(rows[0], zone)
    else:
        counts = Counter(_what(row) for row in rows)
        parts = ", ".join(f"{number} {what}" for what, number in counts.most_common())
        subject = f"{len(rows)} alarms: {parts}"
        text = "\n\n".join(_about(row, zone) for row in rows[:LISTED])
        if len(rows) > LISTED:
            text += f"\n\nand {len(rows) - LISTED} more, which the list of alarms shows"
    subject = " ".join(subject.split())[:_SUBJECT]
    return Message(
        f"[Ksys] {subject} (key {key[:8]})", text + "\n", key, tuple(_event(row) for row in rows)
    )


def trial(route: str, now: datetime) -> Message:
    """A message that only shows that a route works."""
    key = hashlib.sha256(f"{route} {now.isoformat()}".encode()).hexdigest()[:24]
    event: dict[str, object] = {
        "dedupe_key": key,
        "purpose": "test",
        "route": route,
        "ts": now.isoformat(),
    }
    text = f"This is a test of the route {route}. No alarm was raised.\n"
    return Message(f"[Ksys] Test of the route {route} (key {key[:8]})", text, key, (event,))


def _what(row: Waiting) -> str:
    return UNACKED if row.purpose == "escalate" else WORDS.get(row.event, row.event)


def _line(row: Waiting) -> str:
    priority = PRIORITIES.get(row.priority or 0, "")
    name = " ".join(part for part in (row.condition, row.level) if part)
    return f"{_what(row)}, {priority} priority: {row.tag_name} {row.title}: {name}"


def _about(row: Waiting, zone: ZoneInfo) -> str:
    lines = [_line(row), f"{_what(row).capitalize()}: {local_offset(row.ts, zone)}"]
    if row.purpose == "escalate":
        lines[1] = f"Raised: {local_offset(row.raised_at, zone)}"
    figures = [
        f"{name} {value:.6g} {row.unit}".strip()
        for name, value in (("value", row.value), ("limit", row.limit_value))
        if value is not None
    ]
    if figures:
        lines.append(", ".join(figures))
    lines.append(row.message)
    guidance = {name: getattr(row, name) for name in ("cause", "consequence", "response")}
    lines += [f"{name.capitalize()}: {text}" for name, text in guidance.items() if text]
    lines.append(f"Key: {row.dedupe_key}")
    return "\n".join(line for line in lines if line)


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
