"""Messages about alarms: their routes, and the messages to send (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["smtp", "webhook"]
Language = Literal["en", "ko"]
Purpose = Literal["tell", "clear", "escalate"]
MessageState = Literal["sent", "waiting", "failing", "given_up", "not_needed"]
"""The state of a message. A failed message is retried, and given up after a day."""


@dataclass(frozen=True, slots=True)
class Route:
    """The recipients of messages about some alarms, and the times at which they get them.

    Attributes:
        name: its name in the file.
        kind: mail, or HTTP to a program.
        recipients: mail addresses; for a webhook, the name of the route.
        priorities: the priorities that it takes.
        groups: the groups of tags that it takes; empty for all.
        hours: start and end of the time of day at which it takes alarms, in minutes; None for the
            whole day.
        weekdays: the days on which it takes alarms, 0 is Monday; a night belongs to the day of its
            evening.
        on_raise: whether it takes new alarms; if not, it takes only escalations of other routes.
        on_clear: whether it also sends a message when an alarm has cleared.
        escalate_after_s: seconds after which an unacknowledged alarm goes to ``escalate_to`` too.
        escalate_to: name of that route.
        digest: whether a recipient gets at most one message in 60 s.
        url: address of the webhook.
        key_env: name of the environment variable with the key that signs it.
        language: the language of the messages.
    """

    name: str
    kind: Kind
    recipients: tuple[str, ...]
    priorities: frozenset[int] = frozenset({1, 2, 3})
    groups: frozenset[str] = frozenset()
    hours: tuple[int, int] | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    on_raise: bool = True
    on_clear: bool = True
    escalate_after_s: float | None = None
    escalate_to: str = ""
    digest: bool = True
    url: str = ""
    key_env: str = ""
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes mails; ``tls`` is ``starttls``, ``tls`` or ``none``."""

    host: str
    port: int
    sender: str
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_env: str = ""


@dataclass(frozen=True, slots=True)
class Routes:
    """The content of the routes file; routes by name, in the order of the file."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    server: MailServer | None = None
    heartbeat_url: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a row of the journal needs, for one recipient.

    Attributes:
        ts_us, tag_name, condition, raised_at_us, event: key of the row of the journal.
        purpose: why it is sent: ``escalate`` only while nobody has acknowledged.
        route, recipient: the route and the recipient.
        due_us: when to send it.
        dedupe_key: identifies the message: computing the same message again gives the same key.
    """

    ts_us: int
    tag_name: str
    condition: str
    raised_at_us: int
    event: str
    purpose: Purpose
    route: str
    recipient: str
    due_us: int
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of the outbox that is due, with its content.

    Attributes:
        id: the id of its row.
        purpose, route, recipient, event, ts, tag_name, condition, raised_at, dedupe_key: as in
            :class:`Delivery`.
        created_at: when the worker wrote it.
        wanted_at: when it was first due.
        attempt: the number of attempts so far.
        level, priority, value, limit_value: from the row of the journal.
        message, cause, consequence, response: guidance for the alarm.
        title, unit: title and unit of the tag.
        active: whether the episode is active now.
        unacked: whether the episode is shown and nobody has acknowledged it.
        over: whether the episode is hidden now, or needs no more attention.
        was_notified: whether this recipient got a message about the episode.
    """

    id: str
    purpose: Purpose
    route: str
    recipient: str
    event: str
    ts: datetime
    tag_name: str
    condition: str
    raised_at: datetime
    dedupe_key: str
    created_at: datetime
    wanted_at: datetime
    attempt: int
    level: str = ""
    priority: int | None = None
    value: float | None = None
    limit_value: float | None = None
    message: str = ""
    cause: str = ""
    consequence: str = ""
    response: str = ""
    title: str = ""
    unit: str = ""
    active: bool = True
    unacked: bool = True
    over: bool = False
    was_notified: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """The message for one recipient: subject, text, and for a webhook the alarms as JSON."""

    subject: str
    text: str
    dedupe_key: str
    events: tuple[dict[str, object], ...]
