"""Where rules in force differ from the rule file that was last synced (PRD §32.9)."""

from __future__ import annotations

from collections import defaultdict

from ksys_app.domain.rule_file import difference, unequal
from ksys_app.models.rule_file import CellChange, FileDifference
from ksys_app.queries import rule_file as queries
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.services.tags import require_known_tag


async def file_differences(tag: str | None) -> list[FileDifference]:
    """The tags whose rule differs from the file, by name; of one tag or of all.

    Raises:
        UnknownTag: the tag does not exist.
        KsysError: the database does not answer.
    """
    if tag is not None:
        await require_known_tag(tag)
    found = await queries.pairs(None if tag is None else [tag], MAX_TAGS)
    pairs = [one for one in found if one.base is None or one.row is None or unequal(one)]
    changes: dict[str, list[CellChange]] = defaultdict(list)
    if pairs:
        for change in await queries.changes([one.tag_name for one in pairs]):
            changes[change.tag_name].append(change)
    made = (difference(one, changes[one.tag_name]) for one in pairs)
    return [one for one in made if one is not None]
