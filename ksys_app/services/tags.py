"""The list of tags, and the newest sample of each."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from ksys_app.domain.names import quoted_name
from ksys_app.errors import UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import Latest, QcRule, Tag
from ksys_app.queries.latest import latest_snapshot
from ksys_app.queries.qc import rules_by_tag, titled
from ksys_app.queries.tags import MAX_TAGS as MAX_TAGS, find_tag, matching_tags, tag_list
from ksys_app.utils.cache import Answer


@dataclass(frozen=True, slots=True)
class TagList:
    """Tags by name, and the rules of all tags.

    Attributes:
        answer: the tags; more than ``MAX_TAGS`` rows mean that there are more tags.
        rules: the rules by tag.
    """

    answer: Answer[Tag]
    rules: Mapping[str, QcRule]


async def require_known_tag(tag: str) -> Tag:
    """The tag, if it has samples, a rule, an expectation or refused samples.

    Raises:
        UnknownTag: the tag does not exist.
    """
    found = await find_tag(tag)
    if found is None:
        raise UnknownTag(Message("errors.unknown_tag", {"tag": quoted_name(tag)}))
    return found


async def require_known_tags(tags: Iterable[str], sure: Container[str] = ()) -> None:
    """Check that each of these tags exists.

    Args:
        tags: the tags, asked for one by one.
        sure: tags that need no check, because something of them was read.

    Raises:
        UnknownTag: one of them does not.
    """
    for tag in tags:
        if tag not in sure:
            await require_known_tag(tag)


async def first_tag() -> str:
    """The first tag by name, empty without one."""
    return next((tag.tag_name for tag in (await tag_list()).rows), "")


async def list_tags(words: str = "") -> TagList:
    """The tags; the list of all tags may be five minutes old.

    Args:
        words: only tags with every word in name or title; this list is current.
    """
    rules = await rules_by_tag()
    if words:
        return TagList(await matching_tags(words, titled=await titled(words)), rules)
    return TagList(await tag_list(), rules)


async def newest_samples(tag: str | None = None) -> Answer[Latest]:
    """The newest sample of each tag by name, or of one tag; no row for a tag that never sent."""
    return await latest_snapshot(tag)
