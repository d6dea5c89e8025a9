"""The rules that tags are judged by."""

from __future__ import annotations

from ksys_app.models.rows import QcRule
from ksys_app.queries.qc import qc_rules, rules_by_tag
from ksys_app.utils.cache import Answer


async def list_rules() -> Answer[QcRule]:
    """Every rule by tag, without the parts that cannot be used."""
    return await qc_rules()


async def rule_of(tag: str) -> QcRule | None:
    """The rule of a tag, None where it has none."""
    return (await rules_by_tag()).get(tag)
