"""The QC rules of tags, with those of calculated tags."""

from __future__ import annotations

from collections.abc import Mapping

from ksys_app.domain.names import matches
from ksys_app.models.rows import QcRule
from ksys_app.queries import qc
from ksys_app.services.catalogue import catalogue
from ksys_app.utils.cache import Answer


async def list_rules() -> Answer[QcRule]:
    """Every stored rule, ordered by tag, without its unusable values."""
    return await qc.qc_rules()


async def rules_by_tag(*, fresh: bool = True) -> Mapping[str, QcRule]:
    """Tag to rule; every calculated tag has one, with its unit, title and decimals.

    Args:
        fresh: look for changed rules now; otherwise they may be up to 30 s old.
    """
    stored = await qc.rules_by_tag(fresh=fresh)
    return (await catalogue(fresh=fresh)).rules(stored)


async def rule_of(tag: str, *, fresh: bool = True) -> QcRule | None:
    """The rule of a tag, None if it has none.

    Args:
        tag: the tag.
        fresh: look for changed rules now; otherwise they may be up to 30 s old.
    """
    return (await rules_by_tag(fresh=fresh)).get(tag)


async def tags_by_title(words: str) -> frozenset[str]:
    """Names of the tags whose name, title and group hold every word; none for no words.

    Only tags with a title or a group; the caller finds the others by name. The title of a
    calculated tag has its expression.
    """
    if not words:
        return frozenset()
    titles = {
        name: f"{rule.title} {rule.group}".strip() for name, rule in (await rules_by_tag()).items()
    }
    return frozenset(
        name for name, title in titles.items() if title and matches(name, words, title)
    )
