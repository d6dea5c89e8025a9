"""Messages about alarms: where they go, and what is to be sent (PRD §32.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["smtp", "webhook"]
Language = Literal["en", "ko"]
Purpose = Literal["tell", "clear", "escalate"]
MessageState = Literal["sent", "waiting", "failing", "given_up", "not_needed"]
"""What became of a message; those that failed are tried again, and given up after a day."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages about some alarms go, and when.

    Attributes:
        name: its name in the file.
        kind: by mail, or to a program over HTTP.
        recipients: mail addresses; for a webhook, the name of the route.
        priorities: the priorities that it takes.
        groups: the groups of tags that it takes; empty for all.
        hours: minutes of the day from which until which it takes alarms; None for the whole day.
        weekdays: the days on which it does, 0 is Monday; a night belongs to the day of its evening.
        on_raise: whether it takes new alarms; without it, only those that another route hands on.
        on_clear: whether it also says that an alarm has cleared.
        escalate_after_s: seconds after which an unacknowledged alarm goes to ``escalate_to`` too.
        escalate_to: name of that route.
        digest: whether a recipient gets at most one message in 60 s.
        url: address of the webhook.
        key_env: name of the environment variable with the key that signs it.
        language: the language of what people read.
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
    """What the file of routes says; routes by name, in the order of the file."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    server: MailServer | None = None
    heartbeat_url: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a row of the journal needs, for one recipient.

    Attributes:
        ts_us, tag_name, condition, raised_at_us, event: key of the row of the journal.
        purpose: why it is sent: ``escalate`` only while nobody has acknowledged.
        route, recipient: where it goes.
        due_us: when it is to be sent.
        dedupe_key: the same for the same message, however often it is computed.
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
    """A message of the outbox that is due, with what it says.

    Attributes:
        id: its row.
        purpose, route, recipient, event, ts, tag_name, condition, raised_at, dedupe_key: as of
            :class:`Delivery`.
        created_at: when the worker wrote it.
        wanted_at: when it was to be sent first.
        attempt: how often it was tried.
        level, priority, value, limit_value: of the row of the journal.
        message, cause, consequence, response: guidance for the alarm.
        title, unit: of the tag.
        active: whether the episode is active now.
        unacked: whether the episode is shown and nobody has acknowledged it.
        over: whether the episode is hidden now, or nothing of it is left to look at.
        told: whether this recipient got a message about the episode.
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
    told: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What one recipient gets: subject and text, and a webhook also the alarms as JSON."""

    subject: str
    text: str
    dedupe_key: str
    events: tuple[dict[str, object], ...]
