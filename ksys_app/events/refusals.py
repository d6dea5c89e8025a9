"""Count refused messages by kind, and log them in a few lines a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, get_args

from ksys_app import log
from ksys_app.utils.pace import Pace

Kind = Literal["connection", "frame", "size", "json", "event", "handler", "arguments", "role"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# The most log lines a minute for one connection, and for all connections of all browsers.
CONNECTION_LINES: Final = 10
ALL_LINES: Final = 100
MAX_WHY: Final = 200


class Refused(Exception):
    """A message of a browser is not valid.

    Args:
        kind: the code of the reason.
        why: the reason in words. It is cut to 200 characters.
    """

    def __init__(self, kind: Kind, why: str) -> None:
        super().__init__(why)
        self.kind, self.why = kind, why[:MAX_WHY]


class Refusals:
    """Counts refused messages and logs them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._clock = clock
        self._all = Pace(ALL_LINES, clock=clock)

    def pace(self) -> Pace:
        """The limit of log lines for a new connection."""
        return Pace(CONNECTION_LINES, clock=self._clock)

    def note(self, refused: Refused, peer: str, pace: Pace) -> None:
        """Count a refused message, and log it in one line if the limits allow it.

        Args:
            refused: the reason.
            peer: address and port of the browser.
            pace: the limit of the connection. The last line before a pause has ``muted``. The first
                line after the pause has ``unlogged``, the number of messages without a line.
        """
        self.counts[refused.kind] += 1
        if pace.full or self._all.full:
            pace.refused += 1
            return
        unlogged, pace.refused = pace.refused, 0
        pace.passes()
        self._all.passes()
        muted = pace.full or self._all.full
        log.event(
            "event_refused",
            kind=refused.kind,
            why=refused.why,
            peer=peer,
            unlogged=unlogged,
            muted=muted,
        )


refusals: Final = Refusals()
"""The refused messages of this process."""
