"""Compares how often tags send with their expectations (PRD decision 29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Ratio of observed to expected messages a minute from which a warning is due.
TOO_MANY: Final = 2.0
TOO_FEW: Final = 0.5

# Median over the minutes of the last day since the tag's first sample; a minute without a message
# counts as 0.
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
# Minutes since the first sample from which the rate of a tag is meaningful.
RATE_AFTER_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """A tag's messages a minute, as the median of the last day, and its expectation."""

    tag_name: str
    observed: float
    expected: int


def rate_warnings(rates: list[Rate]) -> list[str]:
    """A sentence for each tag whose median rate is above twice or below half its expectation."""
    return [
        f"{rate.tag_name} sends {rate.observed:g} a minute (median of the last day), expected "
        f"{rate.expected}: correct exp_per_min in ingest_expectation"
        for rate in rates
        if not TOO_FEW * rate.expected <= rate.observed <= TOO_MANY * rate.expected
    ]
