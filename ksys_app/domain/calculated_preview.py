"""Minutes of a calculated tag, from the samples of its tags, for what limits would have done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ksys_app.domain.alarms.calculated import Formula
from ksys_app.domain.alarms.limits import DOUBTED
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.expressions.moments import Member, at_samples
from ksys_app.models.rule_preview import Minutes, Samples

_SECONDS: Final = MINUTE // SECOND


def minutes_of(formula: Formula, samples: Mapping[str, Samples], start_us: int) -> Minutes:
    """Smallest and largest value of each minute in which the calculated tag has one.

    Args:
        formula: the expression.
        samples: tag to its samples, ascending; bad ones are no values.
        start_us: only minutes that begin then or later, microseconds since 1970.
    """
    members = {tag: _member(samples[tag], hold) for tag, hold in formula.holds_us.items()}
    found = at_samples(formula.node, members, -(-start_us // MINUTE) * MINUTE)
    known = np.isfinite(found.value)
    minutes, values = found.at[known] // MINUTE, found.value[known]
    if not len(values):
        return Minutes([], [], [])
    first = np.flatnonzero(np.diff(minutes, prepend=-np.inf))
    return Minutes(
        at=[int(minute) * _SECONDS for minute in minutes[first].tolist()],
        low=np.minimum.reduceat(values, first).tolist(),
        high=np.maximum.reduceat(values, first).tolist(),
    )


def _member(samples: Samples, hold_us: int) -> Member:
    bad = np.array(samples.qc, dtype=np.int64) & DOUBTED != 0
    values = np.where(bad, np.nan, np.array(samples.value, dtype=np.float64))
    return Member(np.array(samples.at, dtype=np.float64), values, hold_us)
