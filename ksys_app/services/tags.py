"""The tags that may be asked for, and the newest sample of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ksys_app.domain.names import shown
from ksys_app.errors import UnknownTag
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.queries.latest import latest_snapshot
from ksys_app.queries.qc import rules_by_tag, titled
from ksys_app.queries.tags import MAX_TAGS as MAX_TAGS
from ksys_app.queries.tags import find_tag, matching_tags, tag_list
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
    return next((tag.tag_name for tag in (await tag_list()).rows), "")


async def list_tags(words: str = "") -> TagList:
    """The known tags, all of them as of the last five minutes.

    Args:
        words: only tags whose name or title holds every word; those as of now.
    """
    rules = await rules_by_tag()
    if words:
        return TagList(await matching_tags(words, titled=await titled(words)), rules)
    return TagList(await tag_list(), rules)


async def newest_samples(tag: str | None = None) -> Answer[Latest]:
    """The newest sample of each tag by name, or of one; none of a tag that never reported."""
    return await latest_snapshot(tag)
