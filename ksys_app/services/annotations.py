"""Annotations for pages, programs and files (PRD §33.7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from ksys_app import db
from ksys_app.domain.annotations import Marks, bucket_ends, may_change, wrong_span
from ksys_app.domain.ranges import Range
from ksys_app.errors import BadParameter, Conflict, Forbidden, UnknownTag
from ksys_app.models.annotations import (
    Annotation,
    AnnotationContent,
    AnnotationKey,
    HeldAnnotation,
)
from ksys_app.models.message import Message
from ksys_app.models.visitor import Visitor
from ksys_app.queries import annotations as queries, expressions
from ksys_app.queries.annotations import AnnotationFilter as AnnotationFilter
from ksys_app.queries.export import clock
from ksys_app.services import runtime
from ksys_app.services.export import Export
from ksys_app.services.tags import require_known_tags
from ksys_app.store import annotations as store
from ksys_app.utils.cache import Answer

SLICE: Final = 2_000
MOST: Final = 100_000
"""Most annotations of a plant."""
CONTENT: Final = tuple(field.name for field in fields(AnnotationContent))


@dataclass(frozen=True, slots=True)
class AnnotationPage:
    """A page of annotations, newest first.

    Attributes:
        answer: the rows.
        rows: the rows of this page.
        total: number of annotations on all pages.
        next: the key after which the next page begins, None at the end.
    """

    answer: Answer[Annotation]
    rows: Sequence[Annotation]
    total: int
    next: AnnotationKey | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes annotations, and from which address."""

    visitor: Visitor
    address: str


def can_write() -> bool:
    """Whether this app can change annotations: TS_OPERATOR_DSN is set."""
    return db.operator() is not None


async def read_page(
    filters: AnnotationFilter, after: AnnotationKey | None, limit: int
) -> AnnotationPage:
    """A page of annotations.

    Raises:
        UnknownTag: a tag does not exist.
        KsysError: the database does not answer.
    """
    answer = await queries.page(filters, after, limit + 1)
    await _require(filters.tags, {tag for row in answer.rows for tag in row.tags})
    rows = answer.rows[:limit]
    more = len(answer.rows) > limit
    # A first page with all annotations needs no query for their number.
    total = await queries.count(filters) if more or after is not None else len(rows)
    return AnnotationPage(answer, rows, total, rows[-1].key if more else None)


async def read_all(filters: AnnotationFilter) -> AsyncIterator[Sequence[Annotation]]:
    """All matching annotations, newest first, ``SLICE`` at a time.

    Raises:
        UnknownTag: a tag does not exist.
        KsysError: the database does not answer.
    """
    after: AnnotationKey | None = None
    while True:
        rows = (await queries.page(filters, after, SLICE)).fresh_rows()
        if after is None:
            await _require(filters.tags, {tag for row in rows for tag in row.tags})
        yield rows
        if len(rows) < SLICE:
            return
        after = rows[-1].key


async def read_marks(export: Export) -> dict[str, Marks]:
    """Tag to the texts of its annotations for each row of a file.

    Raises:
        KsysError: the database does not answer.
    """
    period, now = export.query.window, await clock()
    start, end = now - period.duration, now
    if isinstance(period, Range):
        start, end = period.start, period.end
    # The first row may begin before the requested time.
    filters = AnnotationFilter(start - export.width, end, export.tags)
    annotations = [row async for rows in read_all(filters) for row in rows]
    ends = bucket_ends(export.width, runtime.current().zone)
    return {
        tag: Marks((row for row in annotations if not row.tags or tag in row.tags), ends)
        for tag in export.tags
    }


async def read_one(number: int) -> Annotation:
    """The annotation with this number.

    Raises:
        UnknownTag: there is no such annotation.
        KsysError: the database does not answer.
    """
    annotation = await queries.find_annotation(number)
    if annotation is None:
        raise _unknown(number)
    return annotation


async def add(content: AnnotationContent, actor: Actor) -> Annotation:
    """Add an annotation for an actor whose role the caller has checked.

    Raises:
        BadParameter: its time cannot be used, or there are too many annotations.
        UnknownTag: one of its tags does not exist.
        Forbidden: the app cannot save, because TS_OPERATOR_DSN is not set.
    """
    operator = _operator()
    _check(content)
    await _require(content.tags)
    annotation = await store.add(operator, content, _actor_fields(actor))
    if annotation is None:
        raise BadParameter(Message("errors.annotations_many", {"most": MOST}))
    return annotation


async def change(number: int, version: int, values: Mapping[str, Any], actor: Actor) -> Annotation:
    """Change an annotation, if its version is the one that the person saw.

    Args:
        number: its number.
        version: the version that the person saw.
        values: field of :class:`AnnotationContent` to its new value; other fields stay.
        actor: who changes it.

    Raises:
        UnknownTag: there is no such annotation, or one of its new tags does not exist.
        BadParameter: its time cannot be used.
        Forbidden: the actor may not change it, because somebody else wrote it; or the app cannot
            save.
        Conflict: another version is in force; the error contains it.
    """
    operator = _operator()
    old = await _read_own(number, actor.visitor)
    if old.version > version:
        raise _conflict(old)
    content = AnnotationContent(**{name: getattr(old, name) for name in CONTENT} | dict(values))
    _check(content)
    await _require(content.tags, old.tags)
    return _annotation_of(
        number, await store.change(operator, number, version, content, _actor_fields(actor))
    )


async def delete(number: int, version: int, actor: Actor) -> None:
    """Delete an annotation, if its version is the one that the person saw.

    Raises:
        UnknownTag: there is no such annotation.
        Forbidden: the actor may not change it, because somebody else wrote it; or the app cannot
            save.
        Conflict: another version is in force; the error contains it.
    """
    operator = _operator()
    await _read_own(number, actor.visitor)
    _annotation_of(number, await store.delete(operator, number, version, _actor_fields(actor)))


def _operator() -> db.Database:
    operator = db.operator()
    if operator is None:
        raise Forbidden(Message("errors.read_only"))
    return operator


async def _read_own(number: int, visitor: Visitor) -> Annotation:
    annotation = await read_one(number)
    if not may_change(annotation, visitor):
        raise Forbidden(Message("errors.annotation_of_other", {"author": annotation.author}))
    return annotation


def _check(content: AnnotationContent) -> None:
    wrong = wrong_span(content.starts_at, content.ends_at)
    if wrong is not None:
        raise BadParameter(wrong)


async def _require(tags: Collection[str], existing: Collection[str] = ()) -> None:
    unchecked = [tag for tag in tags if tag not in existing]
    if unchecked:
        rows = (await expressions.find_expressions(unchecked)).fresh_rows()
        saved = {expression.name for expression in rows}
        await require_known_tags(unchecked, saved)


def _actor_fields(actor: Actor) -> dict[str, str]:
    visitor = actor.visitor
    return {"actor": visitor.name, "via": visitor.via, "address": actor.address}


def _unknown(number: int) -> UnknownTag:
    return UnknownTag(Message("errors.unknown_annotation", {"number": number}))


def _annotation_of(number: int, outcome: HeldAnnotation | None) -> Annotation:
    """The annotation in force after a change.

    Raises:
        UnknownTag: the annotation is gone.
        Conflict: the change was not saved, because another version is in force.
    """
    if outcome is None:
        raise _unknown(number)
    if not outcome.done:
        raise _conflict(outcome)
    return outcome


def _conflict(current: Annotation) -> Conflict:
    message = Message("errors.annotation_conflict", {"author": current.edited_by or current.author})
    return Conflict(message, annotation=current)
