"""Units that are a rate, and the unit of the total of a rate (PRD §33.3)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SECONDS: Final = {
    **dict.fromkeys(("s", "sec"), 1),
    **dict.fromkeys(("min",), 60),
    **dict.fromkeys(("h", "hr", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86_400),
}
_POWER: Final = re.compile(r"[kMGTm]?(W|VA|var|A)")
_NAMED: Final = {"lpm": ("L", 60), "gpm": ("gal", 60), "cfm": ("ft³", 60)}


class Rate(NamedTuple):
    """The total of a rate: its unit, and the seconds in which a rate of 1 adds up to 1 ``unit``."""

    unit: str
    seconds: int


def rate_of(unit: str) -> Rate | None:
    """The total of a tag with this unit; None for a unit that is no rate.

    The total of ``m³/h`` is in ``m³``, of ``L/min`` in ``L``, of ``kW`` in ``kWh``.
    """
    text = unit.strip()
    named = _NAMED.get(text.lower())
    if named is not None:
        return Rate(*named)
    if _POWER.fullmatch(text):
        return Rate(f"{text}h", 3600)
    amount, slash, time = text.rpartition("/")
    seconds = _SECONDS.get(time.strip())
    return Rate(amount.strip(), seconds) if slash and amount.strip() and seconds else None
