"""How often tags send, against how often they are expected to (PRD decision 29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Observed against expected messages a minute.
TOO_MANY: Final = 2.0
TOO_FEW: Final = 0.5

# The median over the minutes of the last day that a tag has lived; one without a message is 0.
RATES: Final = """
SELECT a.tag_name,
       coalesce((array_agg(a.n ORDER BY a.n))
                  [(l.minutes + 1) / 2 - (l.minutes - count(*)::integer)], 0)::float8 AS observed,
       coalesce(min(e.exp_per_min), 1) AS expected
FROM public.influx_agg_1m AS a
JOIN (
  SELECT tag_name, greatest(date_trunc('minute', first_ts) + interval '1 minute',
                            date_trunc('minute', now()) - interval '1 day') AS since,
         least(1440, floor(extract(epoch FROM now() - first_ts) / 60) - 1)::integer AS minutes
  FROM public.tag_latest
) AS l ON l.tag_name = a.tag_name AND l.minutes >= %(least)s AND a.bucket >= l.since
LEFT JOIN public.ingest_expectation AS e ON e.tag_name = a.tag_name
WHERE a.bucket >= date_trunc('minute', now()) - interval '1 day'
  AND a.bucket < date_trunc('minute', now())
GROUP BY a.tag_name, l.minutes
ORDER BY a.tag_name
"""
# A tag that has lived for less says nothing about its rate yet.
RATE_AFTER_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a minute of a tag, the median of the last day, against its expectation."""

    tag_name: str
    observed: float
    expected: int


def rate_warnings(rates: list[Rate]) -> list[str]:
    """Tags whose median rate is more than twice, or less than half, what is expected."""
    return [
        f"{rate.tag_name} sends {rate.observed:g} a minute (median of the last day), expected "
        f"{rate.expected}: correct exp_per_min in ingest_expectation"
        for rate in rates
        if not TOO_FEW * rate.expected <= rate.observed <= TOO_MANY * rate.expected
    ]
