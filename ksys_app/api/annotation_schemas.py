"""Response shapes of the annotation endpoints, and an annotation as JSON (PRD §33.7)."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from ksys_app.api import render
from ksys_app.api.schemas import Count, ErrorBody, Exact, Moment
from ksys_app.models.annotations import Annotation, Category


class Note(Exact):
    """An annotation: a moment, or a span with ``to``; without ``tags`` it is for all tags.

    ``editable``: whether whoever asks may change it.
    """

    id: Count
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment | None
    tags: list[str]
    category: Category
    text: str
    author: str
    created_at: Moment
    edited_at: Moment | None
    edited_by: str
    version: Count
    editable: bool


class NotePage(Exact):
    """Annotations, newest first; ``next`` is ``after`` of the next page, ``total`` of all pages.

    ``writable``: whether annotations can be saved here at all.
    """

    rows: list[Note]
    total: Count
    next: str | None
    writable: bool


class NoteConflictBody(ErrorBody):
    """An error with the annotation that is in force."""

    annotation: Note


def annotation(row: Annotation, zone: ZoneInfo, *, editable: bool) -> dict[str, Any]:
    """An annotation as a JSON object with the field names of the HTTP contract."""
    return {
        "id": row.id,
        "from": render.time(row.starts_at, zone),
        "to": render.time(row.ends_at, zone),
        "tags": list(row.tags),
        "category": row.category,
        "text": row.text,
        "author": row.author,
        "created_at": render.time(row.created_at, zone),
        "edited_at": render.time(row.edited_at, zone),
        "edited_by": row.edited_by,
        "version": row.version,
        "editable": editable,
    }
