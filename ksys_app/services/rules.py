"""The QC rules of tags."""

from __future__ import annotations

from ksys_app.models.rows import QcRule
from ksys_app.queries.qc import qc_rules, rules_by_tag
from ksys_app.utils.cache import Answer


async def list_rules() -> Answer[QcRule]:
    """Every rule, ordered by tag, without its unusable values."""
    return await qc_rules()


async def rule_of(tag: str) -> QcRule | None:
    """The rule of a tag, None without one."""
    return (await rules_by_tag()).get(tag)
