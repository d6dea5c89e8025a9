"""What was refused: counted by kind, and logged a few lines a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, get_args

from ksys_app import log
from ksys_app.utils.pace import Pace

Kind = Literal["connection", "frame", "size", "json", "event", "handler", "arguments"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# Lines a minute: of one connection, and of all, since a script may open as many as it likes.
CONNECTION_LINES: Final = 10
ALL_LINES: Final = 100
MAX_WHY: Final = 200


class Refused(Exception):
    """A message of a browser that nothing may be done with.

    Args:
        kind: what is wrong with it.
        why: the same in words; what the browser said is cut.
    """

    def __init__(self, kind: Kind, why: str) -> None:
        super().__init__(why)
        self.kind, self.why = kind, why[:MAX_WHY]


class Refusals:
    """Counts what is refused, and logs it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._clock = clock
        self._all = Pace(ALL_LINES, clock=clock)

    def pace(self) -> Pace:
        """The pace of the lines of one connection."""
        return Pace(CONNECTION_LINES, clock=self._clock)

    def note(self, refused: Refused, peer: str, pace: Pace) -> None:
        """Count a message, and log it in one line where the pace allows.

        Args:
            refused: what was wrong.
            peer: the address it came from.
            pace: of its connection. The last line that it allows says so (``muted``), the first
                after that says how many messages had none (``unlogged``).
        """
        self.counts[refused.kind] += 1
        if pace.full or self._all.full:
            pace.held += 1
            return
        unlogged, pace.held = pace.held, 0
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
"""Those of this process."""
