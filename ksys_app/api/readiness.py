"""Response shapes of ``/readyz``."""

from __future__ import annotations

from typing import Literal

from ksys_app.api.schemas import ABSENT, Count, ErrorBody, Exact, Moment, Nothing, Seconds


class Pool(Exact):
    """Connections to the database: open, unused, waiting callers, and the largest number."""

    size: Count
    available: Count
    waiting: Count
    max: Count


class Feed(Exact):
    """The live feed: subscribed tabs, and the age of the last tick while a tab is subscribed."""

    subscribers: Count
    age_s: Seconds | None


class Jobs(Exact):
    """Jobs of the database: existing, required, and faulty ones, and the last success."""

    total: Count
    expected: Count
    missing: Count
    off: Count
    failing: Count
    overdue: Count
    last_finish: Moment | None


class ReadReplica(Exact):
    """A standby: whether it receives changes, and how far it is behind, null if unknown."""

    connected: bool
    lag_s: Seconds | None


class GoodDatabase(Exact):
    """The database answers."""

    name: str
    state: Literal["ok"]


class BadDatabase(Exact):
    """The database has been away for ``lost_for_s`` seconds, or its schema is wrong."""

    name: str
    state: Literal["wrong", "lost"]
    lost_for_s: Seconds | None


class NotReadyBody(ErrorBody):
    """An error, the names of the missing objects, and the runbook."""

    names: list[str]
    runbook: str


class OnlyReady(Exact):
    """Whether this process can serve, for who is not logged in."""

    ready: bool


class Ready(Exact):
    """This process can serve."""

    ready: Literal[True]
    database: GoodDatabase
    pool: Pool
    feed: Feed
    replica: ReadReplica | Nothing = ABSENT
    jobs: Jobs


class NotReady(Exact):
    """This process cannot serve, and the reason."""

    ready: Literal[False]
    database: BadDatabase
    pool: Pool
    feed: Feed
    error: NotReadyBody
