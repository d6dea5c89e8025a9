"""An alarm in words: the badge of a tile, the column of a table, ``alarm`` in HTTP (PRD §5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ksys_app.domain.figures import brief, brief_differing
from ksys_app.models.message import Message
from ksys_app.models.tiles import Tile, Violation
from ksys_app.texts import DASH, ENGLISH, say

NO_ALARM: Final = "-"
# The note of a violation where the writer of a stored sample doubts it.
DOUBTFUL: Final = "QC"
_HOW: Final = {
    **{"HH": "over", "H": "over", "LL": "under", "L": "under"},
    **{"RANGE": "outside", "NEGATIVE": "less", "STEP": "more", "RATE": "more"},
}


@dataclass(frozen=True, slots=True)
class AlarmParts:
    """The worst violation of a tag, its figures as text.

    Attributes:
        level: ``warn`` or ``crit``, empty without a violation.
        reason: the rule that is broken.
        how: the text of the section ``alarm`` into which the next two are filled.
        value: what breaks the rule, with the digits that tell it from the limit, or the newest
            refused value.
        limit: the limit, or how many samples were refused.
    """

    level: str = ""
    reason: str = ""
    how: str = ""
    value: str = ""
    limit: str = ""


def alarm_parts(violations: Sequence[Violation], unjudged_s: str = "") -> AlarmParts:
    """The worst violation, its figures as text; pages have words for why samples are refused.

    Args:
        violations: the violations, the worst first.
        unjudged_s: until when alarms were evaluated, where nobody does now.
    """
    if not violations:
        return AlarmParts(how="unjudged", value=unjudged_s) if unjudged_s else AlarmParts()
    worst = violations[0]
    return AlarmParts(worst.level, worst.reason, *(_refusal(worst) or _figures(worst)))


def alarm(violations: Sequence[Violation]) -> str:
    """The worst violation in English, ``crit HH 196.2 ≥ 195``, or ``-`` where there is none."""
    if not violations:
        return NO_ALARM
    worst = violations[0]
    how, value, limit = _figures(worst)
    figures = Message(f"alarm.{how}", {"value": value, "limit": limit})
    level = Message(f"alarm.level_{worst.level}")
    values = {"level": level, "reason": worst.reason, "figures": figures}
    return say(Message("pages.alarm_text", values))


def alarm_of(tile: Tile) -> str:
    """The alarm of a tile in English; or since when nobody evaluates alarms."""
    if not tile.violations and tile.unjudged_s:
        return say(Message("alarm.unjudged", {"value": tile.unjudged_s}))
    return alarm(tile.violations)


def _figures(violation: Violation) -> tuple[str, str, str]:
    value, limit = violation.value, violation.limit
    if value is None or limit is None:
        return _refused(violation)
    match violation.reason:
        case "GAP":
            return "more", f"{value:.0f} s", f"{limit:.0f} s"
        case "SPIKE":
            # Of a tag that stood almost still the score may have any number of digits.
            score = f"{value:.1f}" if value < 1e6 else brief(value)
            return "more", f"z {score}", brief(limit)
    how = "held" if violation.held else _HOW[violation.reason]
    unit = "/min" if violation.reason == "RATE" else ""
    ends = (
        _range(violation)
        if violation.reason == "RANGE"
        else f"{brief_differing(limit, value)}{unit}"
    )
    return how, f"{brief_differing(value, limit)}{unit}", ends


def _refusal(violation: Violation) -> tuple[str, str, str] | None:
    """Refused samples with a reason of PRD §4.9, for which the catalogue has words."""
    how = f"refused_{violation.note}"
    if how not in ENGLISH["alarm"]:
        return None
    value = DASH if violation.value is None else f"{violation.value:g}"
    return how, value, str(violation.count)


def _refused(violation: Violation) -> tuple[str, str, str]:
    if not violation.note:
        return "not_finite", "", ""
    if violation.note == DOUBTFUL:
        return "doubtful", "", ""
    value = "" if violation.value is None else f" {violation.value:g}"
    return "refused", f"{violation.note}{value}", str(violation.count)


def _range(violation: Violation) -> str:
    low = "" if violation.low is None else brief(violation.low)
    high = "" if violation.high is None else brief(violation.high)
    return f"{low}..{high}"
