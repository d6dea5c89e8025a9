"""Reads, edits and rolls back the limits of tags (PRD §32.9)."""

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
    """The limits of each tag, in the order of the names; a tag without a rule has no limits."""
    return [
        Limits(
            usable_rule(row) if row.has_rule else QcRule(row.tag_name),
            row.version,
            row.has_rule,
            {
                name: setting_of(setting)
                for name in CONDITIONS
                if (setting := row.settings.get(name))
            },
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
    """The changes of the limits of one tag or of all tags, newest first."""
    return await queries.history(tag, before, limit)


async def edit(edits: Sequence[Edit], author: Author | None) -> list[Edited]:
    """Check edits and save all of them or none.

    Args:
        edits: the edits, at most one for each tag.
        author: who saves; None: only check.

    Returns:
        The result of each edit. Without an author the results may have faults.

    Raises:
        BadParameter: a rule cannot be saved; the error names each column.
        Conflict: somebody else changed the limits of one of the tags.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
        UnknownTag: a tag does not exist.
    """
    tags = [item.tag_name for item in edits]
    if len(set(tags)) < len(tags):
        ((duplicate, _),) = Counter(tags).most_common(1)
        raise BadParameter(Message("errors.limit_twice", {"tag": quoted_name(duplicate)}))
    current = {item.rule.tag_name: item for item in await read_limits(tags)}
    await require_known_tags(tag for tag, item in current.items() if not item.has_rule)
    pairs = [(item, current[item.tag_name]) for item in edits]
    too_new = [
        contradiction(
            edited(in_force, item.values, item.settings), in_force.version, _stored(in_force), {}
        )
        for item, in_force in pairs
        if item.version is not None and item.version > in_force.version
    ]
    if too_new:
        raise Conflict(_conflict(too_new), too_new)
    checked = [_edited(item, in_force) for item, in_force in pairs]
    if author is None:
        return checked
    faulty = [item for item in checked if item.faults]
    # Report an outdated version first: a fault may come from the change of somebody else.
    if faulty and all(item.version in (None, in_force.version) for item, in_force in pairs):
        raise BadParameter(_faulty(faulty), faulty)
    return await _save(pairs, checked, author)


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
                limits.rule.tag_name,
                limits.version,
                {column: computed(limits.rule, column, operation, value)},
            )
            for limits in await read_limits(list(dict.fromkeys(tags)))
        ]
    except ValueError as error:
        raise BadParameter(error.args[0]) from None


def pasted_edits(text: str) -> list[Edit]:
    """The edits of a block of a spreadsheet; they apply to any version in force.

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
            values_of_error = {"tag": quoted_name(tag), "version": to}
            raise BadParameter(Message("errors.limit_no_version", values_of_error))
        else:
            values = {name: change.old.get(name) for name in EDITABLE}
            values["meta"] = values["meta"] or {}
    (saved,) = await edit([Edit(tag, version, values, settings)], author)
    return saved


def _edited(item: Edit, in_force: Limits) -> Edited:
    new = edited(in_force, item.values, item.settings)
    return Edited(new, cells(in_force, new), rule_problems(new.rule))


async def _save(
    pairs: Sequence[tuple[Edit, Limits]], edits: Sequence[Edited], author: Author
) -> list[Edited]:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    changes = [
        RuleChange(
            in_force.version if item.version is None else item.version,
            checked.limits.rule,
            item.settings,
        )
        for (item, in_force), checked in zip(pairs, edits, strict=True)
    ]
    visitor = author.visitor
    outcomes = await store.save(
        operator, changes, visitor.name, visitor.via, author.address, author.reason
    )
    wanted = {item.limits.rule.tag_name: item.limits for item in edits}
    contradictions = [
        contradiction(
            wanted[outcome.tag_name], outcome.version, outcome.theirs or {}, outcome.base or {}
        )
        for outcome in outcomes
        if not outcome.saved
    ]
    if contradictions:
        raise Conflict(_conflict(contradictions), contradictions)
    version = {outcome.tag_name: outcome.version for outcome in outcomes}
    return [
        replace(item, limits=replace(item.limits, version=version[item.limits.rule.tag_name]))
        for item in edits
    ]


def _stored(in_force: Limits) -> dict[str, Any]:
    return {
        "rule": store.row_of(in_force.rule) if in_force.has_rule else None,
        "settings": {name: asdict(setting) for name, setting in in_force.settings.items()},
    }


def _conflict(contradictions: Sequence[Contradiction]) -> Message:
    names = (quoted_name(contradiction.tag_name) for contradiction in contradictions[:5])
    return Message("errors.limit_conflict", {"tags": ", ".join(names)})


def _faulty(edits: Sequence[Edited]) -> Message:
    first = edits[0]
    return Message(
        "errors.limit_faulty",
        {
            "tag": quoted_name(first.limits.rule.tag_name),
            "column": first.faults[0].column,
            "what": first.faults[0].what,
        },
    )
