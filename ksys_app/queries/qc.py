"""Reads QC rules and expectations; unusable values from other programs are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ksys_app import db
from ksys_app.domain.meta import MAX_META
from ksys_app.domain.rules import usable_expectation, usable_rule
from ksys_app.models.rows import Expectation, QcRule, StoredExpectation, StoredRule
from ksys_app.queries import versions
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.utils.cache import Answer

# ``meta`` is read as text, because the driver cannot parse every JSON value that a table may hold.
RULES: Final = """
SELECT tag_name, min_val, max_val, max_step, max_gap_seconds, allow_negative, enabled,
       CASE WHEN pg_column_size(meta) <= %(meta_cap)s THEN meta::text END AS meta,
       pg_column_size(meta) AS meta_bytes, warn_min, warn_max, crit_min, crit_max,
       roc_max_per_min, spike_zscore, deadband_pct
FROM public.influx_qc_rule
ORDER BY tag_name
LIMIT %(cap)s
"""

EXPECTATIONS: Final = """
SELECT tag_name, exp_per_min, slo_warn, slo_crit
FROM public.ingest_expectation
ORDER BY tag_name
LIMIT %(cap)s
"""


def rule_params(cap: int) -> dict[str, object]:
    """The parameters of :data:`RULES`."""
    return {"cap": cap, "meta_cap": MAX_META}


async def qc_rules(*, fresh: bool = True) -> Answer[QcRule]:
    """Every rule by tag, without its unusable values; cached until a rule changes.

    Args:
        fresh: look for changed rules now; otherwise they may be 30 s old.
    """
    stored = await db.current().fetch_versioned(
        "qc",
        StoredRule,
        RULES,
        rule_params(MAX_TAGS),
        versions.RULES,
        name="rules",
        checked="live" if fresh else "metrics",
    )
    return stored.read_as("rules", usable_rule)


async def rules_by_tag(*, fresh: bool = True) -> Mapping[str, QcRule]:
    """Tag to rule, with the same rules as :func:`qc_rules`."""
    answer = await qc_rules(fresh=fresh)
    return answer.once(
        "by_tag", lambda: {rule.tag_name: rule for rule in answer.rows}, len(answer.rows)
    )


async def expectations(*, fresh: bool = True) -> Answer[Expectation]:
    """Every expectation by tag, with defaults for unusable values; cached until one changes.

    Args:
        fresh: look for changed expectations now; otherwise they may be 30 s old.
    """
    stored = await db.current().fetch_versioned(
        "qc",
        StoredExpectation,
        EXPECTATIONS,
        {"cap": MAX_TAGS},
        versions.EXPECTATIONS,
        name="expectations",
        checked="live" if fresh else "metrics",
    )
    return stored.read_as("expectations", lambda row: usable_expectation(row)[0])
