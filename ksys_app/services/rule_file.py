"""Differences between the rules in force and the last synced rule file (PRD §32.9)."""

from __future__ import annotations

from collections import defaultdict

from ksys_app.domain.rule_file import difference, unequal
from ksys_app.models.rule_file import CellChange, FileDifference
from ksys_app.queries import rule_file as queries
from ksys_app.queries.tags import MAX_TAGS
from ksys_app.services.tags import require_known_tag


async def file_differences(tag: str | None) -> list[FileDifference]:
    """The differences of one tag or of all tags, by name; equal rules are left out.

    Raises:
        UnknownTag: the tag does not exist.
        KsysError: the database does not answer.
    """
    if tag is not None:
        await require_known_tag(tag)
    rows = await queries.pairs(None if tag is None else [tag], MAX_TAGS)
    pairs = [pair for pair in rows if pair.base is None or pair.row is None or unequal(pair)]
    changes: dict[str, list[CellChange]] = defaultdict(list)
    if pairs:
        for change in await queries.changes([pair.tag_name for pair in pairs]):
            changes[change.tag_name].append(change)
    differences = (difference(pair, changes[pair.tag_name]) for pair in pairs)
    return [pair for pair in differences if pair is not None]
