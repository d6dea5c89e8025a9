"""The tags that may be asked for, and the newest sample of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ksys_app.domain.names import shown
from ksys_app.errors import UnknownTag
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.queries.latest import latest_snapshot
from ksys_app.queries.qc import rules_by_tag, titled
from ksys_app.queries.tags import MAX_TAGS as MAX_TAGS
from ksys_app.queries.tags import find_tag, known_tags, matching_tags, tag_exists
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class TagList:
    """Known tags by name, and the rules of all tags.

    Attributes:
        answer: the tags; more rows than ``MAX_TAGS`` say that there are more.
        rules: the rules by tag.
    """

    answer: Answer[Tag]
    rules: Mapping[str, QcRule]


async def require_known_tag(tag: str) -> Tag:
    """The tag, known from samples, rules, expectations or refused samples.

    Raises:
        UnknownTag: it is not known.
    """
    found = await find_tag(tag)
    if found is None:
        raise UnknownTag(f"no tag is named {shown(tag)}; choose another one")
    return found


async def first_tag() -> str:
    """The first known tag by name, empty where there is none."""
    return next((tag.tag_name for tag in (await known_tags()).rows), "")


async def choose_tags(wanted: Sequence[str], last: str) -> list[str]:
    """The tags to show: those that are wanted, else the last one, else the first by name.

    Args:
        wanted: tags that somebody has chosen.
        last: the tag that was shown last, empty for none.

    Returns:
        Names of known tags; none where the database knows no tag.

    Raises:
        UnknownTag: a wanted tag is not known, and others are.
    """
    first = await first_tag()
    if not first:
        return []
    for tag in wanted:
        await require_known_tag(tag)
    if wanted:
        return list(wanted)
    return [last if last and await tag_exists(last) else first]


async def list_tags(words: str = "") -> TagList:
    """The known tags, all of them as of the last five minutes.

    Args:
        words: only tags whose name or title holds every word; those as of now.
    """
    rules = await rules_by_tag()
    if words:
        return TagList(await matching_tags(words, titled=await titled(words)), rules)
    return TagList(await known_tags(), rules)


async def newest_samples(tag: str | None = None) -> Answer[Latest]:
    """The newest sample of each tag by name, or of one; none of a tag that never reported."""
    return await latest_snapshot(tag)
