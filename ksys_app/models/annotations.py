"""Annotations: notes of people about a moment or a span of time (PRD §33.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Category = Literal["note", "maintenance", "calibration", "fault", "trial"]
"""The categories of annotations."""
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True, slots=True)
class AnnotationKey:
    """The position of an annotation in the order of the list."""

    starts_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class AnnotationContent:
    """The content of an annotation: its text, its time and its tags.

    Attributes:
        starts_at: the moment, or the start of the span.
        ends_at: the end of the span, None for a moment.
        tags: its tags; empty for all tags.
        category: its category.
        text: the text.
    """

    starts_at: datetime
    ends_at: datetime | None
    tags: Sequence[str]
    category: Category
    text: str


@dataclass(frozen=True, slots=True)
class Annotation(AnnotationContent):
    """A row of ``annotation``.

    Attributes:
        id: its number.
        author: who created it; ``via`` is how the author was identified.
        created_at: when it was created.
        edited_at: the last change, None without one.
        edited_by: who made the last change, empty without one.
        version: counts its changes, from 1.
    """

    id: int
    author: str
    via: str
    created_at: datetime
    edited_at: datetime | None
    edited_by: str
    version: int

    @property
    def key(self) -> AnnotationKey:
        """Its position in the order of the list."""
        return AnnotationKey(self.starts_at, self.id)


@dataclass(frozen=True, slots=True)
class HeldAnnotation(Annotation):
    """The annotation in force after a request; ``done``: whether the request changed it."""

    done: bool
