"""Changes annotations for a person, through the functions of schema ``ksys`` (PRD §33.7)."""

from __future__ import annotations

from typing import Final

from ksys_app.db import Database
from ksys_app.models.annotations import Annotation, AnnotationContent, HeldAnnotation

ADD: Final = """
SELECT * FROM ksys.annotation_add(
  %(starts)s, %(ends)s, %(tags)s, %(category)s, %(text)s, %(actor)s, %(via)s, %(address)s)
"""
CHANGE: Final = """
SELECT f.done, (f.held).*
FROM ksys.annotation_change(
  %(id)s, %(version)s, %(starts)s, %(ends)s, %(tags)s, %(category)s, %(text)s,
  %(actor)s, %(via)s, %(address)s) AS f
"""
DELETE: Final = """
SELECT f.done, (f.held).*
FROM ksys.annotation_delete(%(id)s, %(version)s, %(actor)s, %(via)s, %(address)s) AS f
"""


async def add(
    database: Database, content: AnnotationContent, actor_fields: dict[str, str]
) -> Annotation | None:
    """Add an annotation and return it; None if there are too many.

    Args:
        database: the operator's database (:func:`ksys_app.db.operator`).
        content: its content.
        actor_fields: ``actor``, ``via`` and ``address``.
    """
    params = _content(content) | actor_fields
    rows = await database.fetch_all(Annotation, ADD, params, name="annotation_add")
    return rows[0] if rows else None


async def change(
    database: Database,
    number: int,
    version: int,
    content: AnnotationContent,
    actor_fields: dict[str, str],
) -> HeldAnnotation | None:
    """Change an annotation, unless another version is in force; None if it is gone.

    Args:
        database: the operator's database.
        number: number of the annotation.
        version: the version that the person saw.
        content: its new content.
        actor_fields: ``actor``, ``via`` and ``address``.
    """
    params = {"id": number, "version": version} | _content(content) | actor_fields
    rows = await database.fetch_all(HeldAnnotation, CHANGE, params, name="annotation_change")
    return rows[0] if rows else None


async def delete(
    database: Database, number: int, version: int, actor_fields: dict[str, str]
) -> HeldAnnotation | None:
    """Delete an annotation, unless another version is in force; None if it is gone."""
    params: dict[str, object] = {"id": number, "version": version}
    rows = await database.fetch_all(
        HeldAnnotation, DELETE, params | actor_fields, name="annotation_delete"
    )
    return rows[0] if rows else None


def _content(content: AnnotationContent) -> dict[str, object]:
    return {
        "starts": content.starts_at,
        "ends": content.ends_at,
        "tags": list(content.tags),
        "category": content.category,
        "text": content.text,
    }
