"""QC rules."""

from __future__ import annotations

from typing import Final

from ksys_app import db
from ksys_app.models.rows import QcRule
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.utils.cache import Answer

ALL: Final = """
SELECT tag_name, min_val, max_val, max_step, max_gap_seconds, allow_negative, enabled,
       coalesce(meta, '{}'::jsonb) AS meta, warn_min, warn_max, crit_min, crit_max,
       roc_max_per_min, spike_zscore, deadband_pct
FROM public.influx_qc_rule
ORDER BY tag_name
LIMIT %(cap)s
"""


async def qc_rules() -> Answer[QcRule]:
    """Every rule by tag, kept for five minutes."""
    return await db.current().fetch_cached("qc", QcRule, ALL, {"cap": MAX_TAGS})
