"""The faults of the demo plant: a fixed timetable of four weeks, in Seoul time.

Faults that ``/comm`` shows, because samples are missing:

=====  ========  ==========================================  ========  ============================
tag    kind      begins                                      lasts     what is seen
=====  ========  ==========================================  ========  ============================
D102   loss      Mon, Wed, Fri 09:00                         3 h       60 % of the samples arrive
D200   dropout   Sun 06:00                                   4 h       nothing arrives
D201   dropout   every 14 h from Mon 02:40                   150 s     nothing arrives
D201   dropout   every 32 h from Mon 11:05                   150 s     nothing arrives
D202   loss      Thu 00:00 of the second week                24 h      80 % of the samples arrive
D301   loss      Tue, Thu 13:00                              3 h       97 % of the samples arrive
D302   dropout   Sat 22:00                                   5 h       nothing arrives
D302   loss      Wed 10:00                                   2 h       97 % of the samples arrive
D302   loss      Mon 22:20 of the third week                 16 h      80 % of the samples arrive
D302   dropout   Tue 14:20 of the third week                 52 h      the tag dies and comes back
=====  ========  ==========================================  ========  ============================

At most three tags have such a fault at once, and usually none. D100, D101 and D300 never miss a
sample.

What ``/`` shows. At nearly every moment one value is past ``warn``, one past ``crit`` and one no
longer moves, and most tags are normal:

=====  ========  ==========================================  ========  ============================
tag    kind      begins                                      lasts     what is seen
=====  ========  ==========================================  ========  ============================
D201   drift     every 90 min from Mon 00:00                 75 min    past warn, then past crit,
                                                                       then back
D300   drift     every 90 min from Mon 00:30                 75 min    the same
D301   drift     every 90 min from Mon 01:00                 75 min    the same
D202   stuck     every 2 h from Mon 00:00                    65 min    the value no longer moves
D102   stuck     every 2 h from Mon 01:00                    65 min    the same
D201   negative  daily 04:10, 16:10                          60 s      a pressure below zero
D300   spike     every odd hour, 17 minutes past             45 s      an inrush above crit
=====  ========  ==========================================  ========  ============================

Live, D302 also sends a sample without a usable value every four minutes (:func:`unreadable`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, WEEK

Kind = Literal["dropout", "loss", "spike", "drift", "stuck", "negative"]
MINUTE: Final = 60
HOUR: Final = 3600
ROUND: Final = 4 * WEEK
"""Seconds after which the timetable begins again."""
PAST_WARN: Final = 5 * MINUTE
AT_PEAK: Final = 60 * MINUTE
"""Seconds after the start of a drift at which it passes warn, and at which it turns back."""
UNREADABLE_TAG: Final = "D302"
UNREADABLE_EVERY_S: Final = 4 * MINUTE


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timetable.

    Attributes:
        tag_name: the tag with the fault.
        kind: kind of the fault.
        begins: first start, in seconds after Monday 00:00 in Seoul of the first week.
        every: seconds between two starts; four weeks are a multiple of it.
        lasts: duration, seconds.
        amount: loss: the part that arrives; spike and negative: the value; drift: a value slightly
            past warn, from which it continues slowly.
        peak: drift: the value past crit at which it turns back.
    """

    tag_name: str
    kind: Kind
    begins: int
    every: int
    lasts: int
    amount: float = 0.0
    peak: float = 0.0

    def into(self, t: int) -> int | None:
        """Seconds since the fault began, None while there is no fault."""
        since = (t - LOCAL_MONDAY - self.begins) % self.every
        return since if since < self.lasts else None


def _at(day: int, hour: int, minute: int = 0) -> int:
    return day * DAY + hour * HOUR + minute * MINUTE


def _drift(tag_name: str, minute: int, amount: float, peak: float) -> Entry:
    return Entry(tag_name, "drift", minute * MINUTE, 90 * MINUTE, 78 * MINUTE, amount, peak)


# If several lines apply, the last line counts, so that a spike shows during a drift.
TIMETABLE: Final[tuple[Entry, ...]] = (
    _drift("D201", 0, 4.62, 3.42),
    _drift("D300", 30, 95.9, 113.5),
    _drift("D301", 60, 79.2, 100.0),
    Entry("D202", "stuck", 0, 2 * HOUR, 65 * MINUTE),
    Entry("D102", "stuck", HOUR, 2 * HOUR, 65 * MINUTE),
    Entry("D201", "negative", _at(0, 4, 10), 12 * HOUR, 60, -0.35),
    Entry("D300", "spike", _at(0, 1, 17), 2 * HOUR, 45, 112.0),
    *(Entry("D102", "loss", _at(day, 9), WEEK, 3 * HOUR, 0.6) for day in (0, 2, 4)),
    Entry("D200", "dropout", _at(6, 6), WEEK, 4 * HOUR),
    Entry("D201", "dropout", _at(0, 2, 40), 14 * HOUR, 150),
    Entry("D201", "dropout", _at(0, 11, 5), 32 * HOUR, 150),
    Entry("D202", "loss", _at(10, 0), ROUND, DAY, 0.8),
    *(Entry("D301", "loss", _at(day, 13), WEEK, 3 * HOUR, 0.97) for day in (1, 3)),
    Entry("D302", "dropout", _at(5, 22), WEEK, 5 * HOUR),
    Entry("D302", "loss", _at(2, 10), WEEK, 2 * HOUR, 0.97),
    Entry("D302", "loss", _at(14, 22, 20), ROUND, 16 * HOUR, 0.8),
    Entry("D302", "dropout", _at(15, 14, 20), ROUND, 52 * HOUR),
)


def drifted(entry: Entry, into: int, value: float) -> float:
    """The value ``into`` seconds after the start of a drift; ``value`` is that without drift."""
    points = (
        (0, value),
        (PAST_WARN, entry.amount),
        (AT_PEAK, entry.peak),
        (entry.lasts, value),
    )
    (start, begins), (end, ends) = next(pair for pair in pairwise(points) if into < pair[1][0])
    return begins + (ends - begins) * (into - start) / (end - start)


def unreadable(t: int) -> bool:
    """Whether ``UNREADABLE_TAG`` sends a sample without a usable value just before ``t``."""
    return (t - LOCAL_MONDAY) % UNREADABLE_EVERY_S == 0
