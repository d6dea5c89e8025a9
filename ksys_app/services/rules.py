"""The QC rules of tags."""

from __future__ import annotations

from ksys_app.models.rows import QcRule
from ksys_app.queries.qc import qc_rules, rules_by_tag
from ksys_app.utils.cache import Answer


async def list_rules() -> Answer[QcRule]:
    """Every rule, ordered by tag, without its unusable values."""
    return await qc_rules()


async def rule_of(tag: str, *, fresh: bool = True) -> QcRule | None:
    """The rule of a tag, None without one.

    Args:
        tag: the tag.
        fresh: look for changed rules now, not only every 30 s.
    """
    return (await rules_by_tag(fresh=fresh)).get(tag)
