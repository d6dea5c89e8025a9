"""How far back moving figures look, and which bands there are (PRD §22.1, decision 12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

Band = Literal["plant", "bollinger"]

LOOKBACK_ROWS: Final = 60
# A tag with holes still finds its 60 rows in six times the time that they take without.
_SPARSENESS: Final = 6


def lookback(width: timedelta) -> timedelta:
    """How long before a window its first row looks for its 60 predecessors: 6 h of minutes.

    Args:
        width: the length of one bucket.
    """
    return _SPARSENESS * LOOKBACK_ROWS * width
