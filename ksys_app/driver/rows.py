"""Rows of a statement as objects of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from psycopg import AsyncCursor
from psycopg.rows import AsyncRowFactory, RowMaker, class_row, no_result

from ksys_app.driver import stored_json as stored_json

T = TypeVar("T")


def rows_of(model: type[T]) -> AsyncRowFactory[T]:
    """A row factory that creates a ``model`` from each row.

    Args:
        model: a named tuple or a dataclass whose fields have the names of the columns. If they are
            also in the same order, reading takes half the time.
    """
    named = class_row(model)

    def factory(cursor: AsyncCursor[Any]) -> RowMaker[T]:
        if cursor.description is None:
            return no_result
        columns = [column.name for column in cursor.description]
        if columns != _fields(model)[: len(columns)]:
            return named(cursor)
        make: Callable[[Sequence[Any]], T] | None = getattr(model, "_make", None)
        if make is not None and len(columns) == len(_fields(model)):
            return make
        return lambda values: model(*values)

    return factory


def _fields(model: type[Any]) -> list[str]:
    return list(getattr(model, "_fields", None) or (field.name for field in fields(model)))


async def first_row(cursor: AsyncCursor[Any]) -> tuple[Any, ...]:
    """The only row of a result, empty if there is none."""
    row = await cursor.fetchone() if cursor.rowcount == 1 else None
    return () if row is None else row
