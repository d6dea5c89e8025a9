"""What ``/comm`` binds to.

A column of a grid is text with runs folded, ``10000*700,9861,-1*19``: 720 hours of a steady tag
take a few hundred bytes, so that they may travel through page state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ksys_app.models.message import Message

COLOR_SCALE: Final = "0 comm-0, 8000 comm-1, 9500 comm-2, 9800 comm-3, 10000 comm-4"
"""Where the scale has which colour, in hundredths of a percent; mixed between them. One scale for
all tags, red to amber to green, whose lightness alone tells the order."""


@dataclass(frozen=True)
class DayView:
    """A day of the grid: ``2026-03-29``, and the local hour of each of its cells."""

    day: str
    hours: list[int]


@dataclass(frozen=True)
class CalendarView:
    """The days of all grids.

    Attributes:
        first_ms: start of the first cell, epoch milliseconds; one begins every hour.
        days: the 30 days.
        today: the day the grids were judged on, empty where it is not among them.
        odd: a message for each day that has not 24 hours.
    """

    first_ms: int = 0
    days: list[DayView] = field(default_factory=list)
    today: str = ""
    odd: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class CellsView:
    """The grid of a tag in columns, one value a cell, runs folded.

    Attributes:
        tag: the tag.
        rate: success rate in hundredths of a percent, rounded down, -1 for none.
        recv: messages that arrived, ``exp`` expected.
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
    """A row of the outages; times with offset, critical cells by their numbers.

    Attributes:
        hours: its length; of an ongoing one the page computes it from ``since_ms``.
        since_ms: when the ongoing one began, epoch milliseconds; 0 for one that is over.
        received_s: which part of the expected messages arrived; empty where none did.
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
    """A row of the summary, every figure as text; ``refused`` is empty where nothing was.

    ``judged`` says of how many days ``success_30d`` is, where these are fewer than 30, and
    ``assumed`` that nobody has stated what ``limits`` says is expected.

    ``comm``, ``ts_ms``, ``allowed_s`` and ``still_s`` are those of the tag's tile: they go on
    being judged.
    ``total_min`` and ``longest_min`` are minutes of outages that are over; one that began at
    ``since_ms``, 0 without one, goes on growing.
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
    """The selected cell; ``tag`` empty without one."""

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

    Rates of its days are as in :class:`CellsView`, beside the critical hours of each. Its longest
    outage, in minutes, since when one goes on, ``judged`` and ``assumed`` are as in
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
    """What of a row of the overview changes with each tick: as in :class:`SummaryView`."""

    comm: str
    ts_ms: int
    allowed_s: int
    still_s: int
    still_longer: bool
