"""How far back moving averages look, and the names of the bands (PRD §22.1, decision 12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

Band = Literal["plant", "bollinger"]

LOOKBACK_ROWS: Final = 60
# A tag with gaps finds its 60 rows in six times the time that 60 rows without gaps take.
_SPARSENESS: Final = 6


def lookback(width: timedelta) -> timedelta:
    """How far before a window to read for the 60 rows before its first one: 6 h for minutes.

    Args:
        width: the length of one bucket.
    """
    return _SPARSENESS * LOOKBACK_ROWS * width
