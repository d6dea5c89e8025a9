"""Units that are a rate, and the unit of what a rate adds up to (PRD §33.3)."""

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
    """What a rate adds up to: in ``unit``, of which the rate is the amount in ``seconds``."""

    unit: str
    seconds: int


def rate_of(unit: str) -> Rate | None:
    """What a tag with this unit adds up to; None for a unit that is no rate.

    ``m³/h`` adds up to ``m³``, ``L/min`` to ``L``, ``kW`` to ``kWh``.
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
