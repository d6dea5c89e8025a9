"""Since when tags have had one value, from the minutes (PRD §5.3).

Only tags are asked about that have a rule for it and whose newest samples are equal, so that the
rest costs nothing; the search is bounded by what each rule allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ksys_app import db
from ksys_app.domain.still import Suspect
from ksys_app.models.rows import Run

# A value that changed within a minute counts from the next one on. Three minutes more than asked
# for are read: a value that fills them all has been there for longer than that.
RUNS: Final = """
SELECT asked.tag_name, asked.value,
       coalesce(max(minute.bucket) FILTER (WHERE minute.min <> asked.value
                                              OR minute.max <> asked.value),
                min(minute.bucket)) + interval '1 minute' AS since,
       bool_and(minute.min = asked.value AND minute.max = asked.value)
         AND min(minute.bucket) < now() - asked.look_s * interval '1 second'
                                        - interval '1 minute' AS longer
FROM unnest(%(tags)s::text[], %(values)s::float8[], %(looks)s::float8[])
       AS asked (tag_name, value, look_s)
JOIN public.influx_agg_1m AS minute USING (tag_name)
WHERE minute.tag_name = ANY (%(tags)s)
  AND minute.bucket >= now() - %(most)s::float8 * interval '1 second' - interval '3 minutes'
  AND minute.bucket <= now()
  AND minute.bucket >= now() - asked.look_s * interval '1 second' - interval '3 minutes'
GROUP BY asked.tag_name, asked.value, asked.look_s
"""


async def runs(suspects: Sequence[Suspect]) -> Mapping[str, Run]:
    """The runs of these tags by tag, at most half a minute old; nothing is asked for none."""
    if not suspects:
        return {}
    answer = await db.current().fetch_cached(
        "metrics", Run, RUNS, run_params(suspects), name="runs"
    )
    return {run.tag_name: run for run in answer.rows}


def run_params(suspects: Sequence[Suspect]) -> dict[str, object]:
    """The parameters of :data:`RUNS`."""
    return {
        "tags": [one.tag_name for one in suspects],
        "values": [one.value for one in suspects],
        "looks": [one.look_s for one in suspects],
        "most": max(one.look_s for one in suspects),
    }
