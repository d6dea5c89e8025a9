"""The list of tags, and which names are those of tags."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ksys_app.domain.names import quoted_name
from ksys_app.errors import UnknownTag
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule, Tag
from ksys_app.queries.tags import MAX_TAGS as MAX_TAGS, find_tags, matching_tags, tag_list
from ksys_app.services.catalogue import find_calculated
from ksys_app.services.rules import rules_by_tag, tags_by_title
from ksys_app.utils.cache import Answer

MOST_SHOWN: Final = 200
"""Most characters of an expression in a message."""
_MOST_NAMES: Final = 9
"""Most tags of an expression in a message."""


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
    """The tag; it exists if it has samples, a rule, an expectation, rejects or an expression.

    Raises:
        UnknownTag: the tag does not exist.
    """
    (found,) = await require_known_tags([tag])
    return found


async def require_known_tags(tags: Iterable[str], existing: Container[str] = ()) -> list[Tag]:
    """Check that each of these tags exists.

    Args:
        tags: the tags.
        existing: tags that need no check, because they have rows.

    Returns:
        The tags that were checked.

    Raises:
        UnknownTag: one of them does not exist.
    """
    unchecked = [tag for tag in tags if tag not in existing]
    found = await find_tags(unchecked) if unchecked else {}
    for tag in unchecked:
        if tag not in found:
            raise UnknownTag(Message("errors.unknown_tag", {"tag": quoted_name(tag)}))
    return [found[tag] for tag in unchecked]


async def require_sending(tags: Iterable[str]) -> None:
    """Check that each of these tags exists and is not calculated, so that it may send messages.

    Raises:
        UnknownTag: one of them does not exist, or is calculated; the error has its expression and
            the tags of it that send.
    """
    for tag in await require_known_tags(tags):
        if tag.expression is not None:
            calculated = await find_calculated(tag.tag_name)
            members = () if calculated is None else calculated.tags
            values = {
                "tag": quoted_name(tag.tag_name),
                "tags": [*members[:_MOST_NAMES], *(["…"] if len(members) > _MOST_NAMES else [])],
                "expression": tag.expression[:MOST_SHOWN],
            }
            raise UnknownTag(Message("errors.calculated_sends", values))


async def existing_tags(tags: Iterable[str]) -> list[str]:
    """Those of these tags that exist."""
    names = list(tags)
    found = await find_tags(names)
    return [tag for tag in names if tag in found]


async def first_tag() -> str:
    """The first tag by name that is not calculated, empty if there is none."""
    rows = (await tag_list()).rows
    return next((tag.tag_name for tag in rows if tag.expression is None), "")


async def list_tags(words: str = "") -> TagList:
    """The tags; the list of all tags may be five minutes old.

    Args:
        words: only tags with every word in name or title; this list is always current.
    """
    rules = await rules_by_tag()
    if words:
        return TagList(await matching_tags(words, titled=await tags_by_title(words)), rules)
    return TagList(await tag_list(), rules)
