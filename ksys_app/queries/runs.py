"""Reads since when the value of a tag is unchanged, from the minute buckets (PRD §5.3).

The statement reads only tags whose rule has a ``stuck_s`` and whose two newest samples are equal.
How far back it reads depends on the rule of each tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ksys_app import db
from ksys_app.domain.still import Suspect
from ksys_app.models.rows import Run

# If a value changed within a minute, it counts as unchanged from the next minute on. The statement
# reads three minutes more than "look_s"; a value that fills all of them is unchanged for longer.
RUNS: Final = """
SELECT suspect.tag_name, suspect.value,
       coalesce(max(minute.bucket) FILTER (WHERE minute.min <> suspect.value
                                              OR minute.max <> suspect.value),
                min(minute.bucket)) + interval '1 minute' AS since,
       bool_and(minute.min = suspect.value AND minute.max = suspect.value)
         AND min(minute.bucket) < now() - suspect.look_s * interval '1 second'
                                        - interval '1 minute' AS longer
FROM unnest(%(tags)s::text[], %(values)s::float8[], %(looks)s::float8[])
       AS suspect (tag_name, value, look_s)
JOIN public.influx_agg_1m AS minute USING (tag_name)
WHERE minute.tag_name = ANY (%(tags)s)
  AND minute.bucket >= now() - %(most)s::float8 * interval '1 second' - interval '3 minutes'
  AND minute.bucket <= now()
  AND minute.bucket >= now() - suspect.look_s * interval '1 second' - interval '3 minutes'
GROUP BY suspect.tag_name, suspect.value, suspect.look_s
"""


async def runs(suspects: Sequence[Suspect]) -> Mapping[str, Run]:
    """Tag to its run of one value, at most 30 s old; no statement runs without suspects."""
    if not suspects:
        return {}
    answer = await db.current().fetch_cached(
        "metrics", Run, RUNS, run_params(suspects), name="runs"
    )
    return {run.tag_name: run for run in answer.rows}


def run_params(suspects: Sequence[Suspect]) -> dict[str, object]:
    """The parameters of :data:`RUNS`."""
    return {
        "tags": [suspect.tag_name for suspect in suspects],
        "values": [suspect.value for suspect in suspects],
        "looks": [suspect.look_s for suspect in suspects],
        "most": max(suspect.look_s for suspect in suspects),
    }
