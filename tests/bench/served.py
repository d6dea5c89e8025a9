"""``ksys run`` whose cache of rows can be switched off and on, by SIGUSR1 and SIGUSR2.

Without the cache, each answer is loaded anew from the database. Rules, tags and expectations stay
in the cache, as they do while people use the pages.
"""

from __future__ import annotations

import signal
import sys
from typing import cast

from ksys_app.__main__ import main
from ksys_app.utils.cache import TTL

COMMAND = (sys.executable, "-m", "tests.bench.served")
COLD, WARM = signal.SIGUSR1, signal.SIGUSR2
ROWS = ("latest", "live", "past", "metrics", "features", "comm")


def switchable() -> None:
    """Let the two signals switch the cache."""
    lifetimes = cast(dict[str, float], TTL)
    original = dict(lifetimes)
    signal.signal(COLD, lambda *_: lifetimes.update(dict.fromkeys(ROWS, 0.0)))
    signal.signal(WARM, lambda *_: lifetimes.update(original))


if __name__ == "__main__":
    switchable()
    main()
