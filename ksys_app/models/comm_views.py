"""View models of ``/comm``.

A column of a grid is run-length encoded text, ``10000*700,9861,-1*19``. So the 720 hours of a
steady tag take a few hundred bytes and can be part of the page state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ksys_app.models.message import Message

COLOR_SCALE: Final = "0 comm-0, 8000 comm-1, 9500 comm-2, 9800 comm-3, 10000 comm-4"
"""The colours of the scale at success rates in hundredths of a percent; mixed in between. All tags
share one scale from red over amber to green. Its lightness alone shows the order."""


@dataclass(frozen=True)
class DayView:
    """A day of the grid: ``2026-03-29``, and the local hour of each of its cells."""

    day: str
    hours: list[int]


@dataclass(frozen=True)
class CalendarView:
    """The days of all grids.

    Attributes:
        first_ms: start of the first cell, epoch milliseconds; a cell begins every hour.
        days: the 30 days.
        today: the day on which the grids were judged; empty if it is not one of the 30 days.
        odd: a message for each day that does not have 24 hours.
    """

    first_ms: int = 0
    days: list[DayView] = field(default_factory=list)
    today: str = ""
    odd: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class CellsView:
    """The grid of a tag in columns, with one value for each cell, run-length encoded.

    Attributes:
        tag: the tag.
        rate: success rate in hundredths of a percent, rounded down, -1 for none.
        recv: messages that arrived; ``exp``: expected messages.
        seen: minute of the hour of the last message, -1 for none.
        state: ``o``, ``w``, ``c``, ``n`` or ``f``: ok, warn, crit, no data, not yet.
    """

    tag: str
    rate: str
    recv: str
    exp: str
    seen: str
    state: str


@dataclass(frozen=True)
class OutageView:
    """A row of the table of outages; times have an offset.

    Attributes:
        hours: its length; the page computes that of an ongoing outage from ``since_ms``.
        since_ms: start of an ongoing outage, epoch milliseconds; 0 for one that is over.
        received_s: the part of the expected messages that arrived; empty if none did.
        first, last: numbers of its first and last critical cell.
    """

    tag: str
    start_s: str
    end_s: str
    hours: float
    since_ms: int
    received_s: str
    ongoing: bool
    clipped: bool
    first: int
    last: int


@dataclass(frozen=True)
class SummaryView:
    """A row of the summary, every figure as text.

    Attributes:
        comm, ts_ms, allowed_s, still_s, still_longer: as in the tile of the tag; the page keeps
            judging them.
        judged: the number of days of ``success_30d`` if fewer than 30.
        total_min, longest_min: minutes of the outages that are over.
        since_ms: start of the ongoing outage, which the page adds; 0 without one.
        limits: the expectation of the tag and its limits.
        assumed: whether this expectation is the default, because none is stored.
        refused: the number of refused samples; empty without any.
    """

    tag: str
    comm: str
    ts_ms: int
    allowed_s: int
    still_s: int
    still_longer: bool
    success_24h: str
    success_30d: str
    judged: int
    outages: str
    total_min: int
    longest_min: int
    since_ms: int
    limits: Message
    assumed: bool
    refused: str = ""


@dataclass(frozen=True)
class CardView:
    """The selected cell; ``tag`` is empty without one."""

    tag: str = ""
    cell: int = -1
    state: str = "no_data"
    local_s: str = ""
    utc_s: str = ""
    rate_s: str = ""
    received_s: str = ""
    missing_s: str = ""
    seen_s: str = ""
    counted_s: str = ""


@dataclass(frozen=True)
class OverviewRow:
    """A tag of the overview, every figure as text.

    ``rate`` has the rates of its days, encoded as in :class:`CellsView`; ``crit`` has the critical
    hours of its days. ``longest_min``, ``since_ms``, ``judged`` and ``assumed`` are as in
    :class:`SummaryView`.
    """

    tag: str
    rate: str
    crit: str
    success_24h: str
    success_30d: str
    outages: str
    longest_min: int
    since_ms: int
    crit_s: str
    judged: int
    assumed: bool


@dataclass(frozen=True)
class OverviewNow:
    """The fields of an overview row that change with each tick, as in :class:`SummaryView`."""

    comm: str
    ts_ms: int
    allowed_s: int
    still_s: int
    still_longer: bool
