"""Reading, editing and rolling back the limits of tags (PRD §32.9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, cast

from ksys_app import db
from ksys_app.domain.names import quoted_name
from ksys_app.domain.rule_edit import (
    EDITABLE,
    Operation,
    cells,
    computed,
    contradiction,
    edited,
    rule_problems,
    setting_of,
)
from ksys_app.domain.rule_paste import pasted
from ksys_app.domain.rules import usable_rule
from ksys_app.errors import BadParameter, Conflict, Forbidden
from ksys_app.models.alarms import CONDITIONS, Condition
from ksys_app.models.limits import (
    AlarmRule,
    Contradiction,
    Edit,
    Edited,
    Limits,
    RecordedChange,
    RuleChange,
)
from ksys_app.models.message import Message
from ksys_app.models.rows import QcRule
from ksys_app.models.visitor import Visitor
from ksys_app.queries import limits as queries
from ksys_app.services.tags import require_known_tag, require_known_tags
from ksys_app.store import rules as store

MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes limits, from which address, and why."""

    visitor: Visitor
    address: str
    reason: str


async def read_limits(tags: Sequence[str]) -> list[Limits]:
    """The limits of each tag, by name; a tag without a rule has none of them."""
    return [
        Limits(
            usable_rule(row) if row.has_rule else QcRule(row.tag_name),
            row.version,
            row.has_rule,
            {name: setting_of(one) for name in CONDITIONS if (one := row.settings.get(name))},
        )
        for row in await queries.limits_of(tags)
    ]


async def limits_of(tag: str) -> Limits:
    """The limits of a tag.

    Raises:
        UnknownTag: the tag does not exist.
    """
    await require_known_tag(tag)
    return (await read_limits([tag]))[0]


async def history(tag: str | None, before: int | None, limit: int) -> list[RecordedChange]:
    """What was changed, newest first; of one tag or of all."""
    return await queries.history(tag, before, limit)


async def edit(edits: Sequence[Edit], author: Author | None) -> list[Edited]:
    """Check edits and save them: all or none.

    Args:
        edits: the edits, one a tag.
        author: who saves; None: only check.

    Returns:
        What each edit changes. Without an author also the edits that cannot be saved, with their
        faults.

    Raises:
        BadParameter: a rule cannot be saved; the error names each column.
        Conflict: somebody else changed the limits of one of the tags.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
        UnknownTag: a tag does not exist.
    """
    tags = [one.tag_name for one in edits]
    if len(set(tags)) < len(tags):
        ((twice, _),) = Counter(tags).most_common(1)
        raise BadParameter(Message("errors.limit_twice", {"tag": quoted_name(twice)}))
    found = {one.rule.tag_name: one for one in await read_limits(tags)}
    await require_known_tags(tag for tag, one in found.items() if not one.has_rule)
    pairs = [(one, found[one.tag_name]) for one in edits]
    ahead = [
        contradiction(edited(now, one.values, one.settings), now.version, _stored(now), {})
        for one, now in pairs
        if one.version is not None and one.version > now.version
    ]
    if ahead:
        raise Conflict(_conflict(ahead), ahead)
    made = [_edited(one, now) for one, now in pairs]
    if author is None:
        return made
    wrong = [one for one in made if one.faults]
    # Whose version is outdated learns that first: a fault may come from what somebody else changed.
    if wrong and all(one.version in (None, now.version) for one, now in pairs):
        raise BadParameter(_faulty(wrong), wrong)
    return await _save(pairs, made, author)


async def computed_edits(
    tags: Sequence[str], column: str, operation: Operation, value: Any
) -> list[Edit]:
    """An edit of one column for each tag, with the versions in force.

    Raises:
        BadParameter: the value cannot be computed.
    """
    try:
        return [
            Edit(
                one.rule.tag_name,
                one.version,
                {column: computed(one.rule, column, operation, value)},
            )
            for one in await read_limits(list(dict.fromkeys(tags)))
        ]
    except ValueError as error:
        raise BadParameter(error.args[0]) from None


def pasted_edits(text: str) -> list[Edit]:
    """The edits of a block of a spreadsheet, for whichever versions are in force.

    Raises:
        BadParameter: the block cannot be read.
    """
    try:
        return pasted(text)
    except ValueError as error:
        raise BadParameter(error.args[0]) from None


async def roll_back(tag: str, to: int, version: int, author: Author) -> Edited:
    """Save the limits that a tag had at a version as a new version.

    Raises:
        BadParameter: the tag had no rule then.
        KsysError: as :func:`edit`.
    """
    await require_known_tag(tag)
    values: dict[str, Any] = {}
    settings: dict[Condition, AlarmRule | None] = {}
    for change in await queries.changed_since(tag, to):
        if change.relation == "alarm_rule":
            condition = cast(Condition, change.condition)
            settings[condition] = None if change.old is None else setting_of(change.old)
        elif change.old is None:
            what = {"tag": quoted_name(tag), "version": to}
            raise BadParameter(Message("errors.limit_no_version", what))
        else:
            values = {name: change.old.get(name) for name in EDITABLE}
            values["meta"] = values["meta"] or {}
    (made,) = await edit([Edit(tag, version, values, settings)], author)
    return made


def _edited(one: Edit, now: Limits) -> Edited:
    new = edited(now, one.values, one.settings)
    return Edited(new, cells(now, new), rule_problems(new.rule))


async def _save(
    pairs: Sequence[tuple[Edit, Limits]], made: Sequence[Edited], author: Author
) -> list[Edited]:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    changes = [
        RuleChange(
            now.version if one.version is None else one.version, new.limits.rule, one.settings
        )
        for (one, now), new in zip(pairs, made, strict=True)
    ]
    visitor = author.visitor
    outcomes = await store.save(
        operator, changes, visitor.name, visitor.via, author.address, author.reason
    )
    wanted = {one.limits.rule.tag_name: one.limits for one in made}
    against = [
        contradiction(wanted[one.tag_name], one.version, one.theirs or {}, one.base or {})
        for one in outcomes
        if not one.saved
    ]
    if against:
        raise Conflict(_conflict(against), against)
    version = {one.tag_name: one.version for one in outcomes}
    return [
        replace(one, limits=replace(one.limits, version=version[one.limits.rule.tag_name]))
        for one in made
    ]


def _stored(now: Limits) -> dict[str, Any]:
    return {
        "rule": store.row_of(now.rule) if now.has_rule else None,
        "settings": {condition: asdict(one) for condition, one in now.settings.items()},
    }


def _conflict(found: Sequence[Contradiction]) -> Message:
    return Message(
        "errors.limit_conflict", {"tags": ", ".join(quoted_name(one.tag_name) for one in found[:5])}
    )


def _faulty(wrong: Sequence[Edited]) -> Message:
    first = wrong[0]
    return Message(
        "errors.limit_faulty",
        {
            "tag": quoted_name(first.limits.rule.tag_name),
            "column": first.faults[0].column,
            "what": first.faults[0].what,
        },
    )
