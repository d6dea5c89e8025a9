"""What goes wrong in the demo plant, and when: a fixed timetable of the week, in Seoul time.

=====  ========  ==========================================  ========  ============================
tag    kind      begins                                      lasts     what is seen
=====  ========  ==========================================  ========  ============================
D102   loss      Mon, Wed, Fri 09:00                         3 h       60 % of the samples arrive
D200   dropout   Sun 06:00                                   90 min    nothing arrives
D201   dropout   daily 02:40, 08:40, 14:40, 20:40            150 s     nothing arrives
D201   negative  daily 04:10, 16:10                          40 s      a pressure below zero
D202   stuck     daily 12:30                                 45 min    the value no longer moves
D300   spike     every odd hour, 17 minutes past             15 s      an inrush above crit
D301   drift     daily 19:00                                 150 min   2 h up past warn and crit,
                                                                       30 min back
D301   loss      Tue, Thu 13:00                              3 h       97 % of the samples arrive
D302   dropout   Sat 22:00                                   5 h       nothing arrives
=====  ========  ==========================================  ========  ============================

Never are more than two tags abnormal at the same time, and most of the time none is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ksys_app.ops.demo.plant.signals import DAY, LOCAL_MONDAY, WEEK

Kind = Literal["dropout", "loss", "spike", "drift", "stuck", "negative"]
HOUR: Final = 3600
DRIFT_UP: Final = 0.8
"""The part of a drift's length in which the value rises; in the rest it comes back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timetable.

    Attributes:
        tag_name: the tag it happens to.
        kind: what happens.
        begins: seconds after Monday 00:00 in Seoul.
        every: seconds from one beginning to the next; a whole number of them makes a week.
        lasts: seconds.
        amount: loss: part that arrives; spike and negative: the value shown; drift: what is
            added at its peak.
    """

    tag_name: str
    kind: Kind
    begins: int
    every: int
    lasts: int
    amount: float = 0.0

    def into(self, t: int) -> int | None:
        """Seconds since it began, None while it is not there."""
        since = (t - LOCAL_MONDAY - self.begins) % self.every
        return since if since < self.lasts else None


def _at(day: int, hour: int, minute: int = 0) -> int:
    return day * DAY + hour * HOUR + minute * 60


TIMETABLE: Final[tuple[Entry, ...]] = (
    *(Entry("D102", "loss", _at(day, 9), WEEK, 3 * HOUR, 0.6) for day in (0, 2, 4)),
    Entry("D200", "dropout", _at(6, 6), WEEK, 90 * 60),
    Entry("D201", "dropout", _at(0, 2, 40), 6 * HOUR, 150),
    Entry("D201", "negative", _at(0, 4, 10), 12 * HOUR, 40, -0.35),
    Entry("D202", "stuck", _at(0, 12, 30), DAY, 45 * 60),
    Entry("D300", "spike", _at(0, 1, 17), 2 * HOUR, 15, 112.0),
    Entry("D301", "drift", _at(0, 19), DAY, 150 * 60, 36.0),
    *(Entry("D301", "loss", _at(day, 13), WEEK, 3 * HOUR, 0.97) for day in (1, 3)),
    Entry("D302", "dropout", _at(5, 22), WEEK, 5 * HOUR),
)


def drift_part(entry: Entry, into: int) -> float:
    """How much of a drift's amount is there ``into`` seconds after its beginning, 0 to 1."""
    part = into / entry.lasts
    return part / DRIFT_UP if part < DRIFT_UP else (1 - part) / (1 - DRIFT_UP)
