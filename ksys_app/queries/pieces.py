"""SQL of the buckets of a window, which consists of pieces (PRD §5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

from psycopg import sql

from ksys_app.domain.pieces import Piece
from ksys_app.domain.windows import VIEW, BucketName

_PIECE: Final[LiteralString] = """
  SELECT tag_name, bucket, n, sum, min, max, first, last
  FROM {view}
  WHERE bucket >= {start} AND {end}
    AND (%(tags)s::text[] IS NULL OR tag_name = ANY (%(tags)s))
"""

Shape = tuple[BucketName, ...]
"""The bucket widths of the pieces of a window, in order."""

FROM: Final = sql.SQL("now() - %(window)s")
"""The start of a window that ends now."""
NOW: Final = sql.SQL("bucket <= now()")
"""The condition of the buckets before the end of a window that ends now."""


def shape(plan: Sequence[Piece]) -> Shape:
    """The bucket widths of ``plan``. Windows with one shape share one statement."""
    return tuple(piece.bucket for piece in plan)


def older_buckets(widths: Shape, start: sql.SQL = FROM) -> sql.Composed:
    """SQL of the buckets of all pieces but the last one; it has no row if there is one piece.

    Its columns are ``tag_name``, ``bucket``, ``n``, ``sum``, ``min``, ``max``, ``first`` and
    ``last``. Its parameters are those of :func:`bounds`, ``tags`` (NULL: all), and that of
    ``start``, which is the start of the window.
    """
    if len(widths) == 1:
        return _piece(widths[0], sql.SQL("now()"), sql.SQL("false"))
    return sql.SQL("  UNION ALL").join(
        _piece(
            name,
            _cut(at) if at else start,
            sql.SQL("bucket < ") + _cut(at + 1),
        )
        for at, name in enumerate(widths[:-1])
    )


def newest_buckets(widths: Shape, start: sql.SQL = FROM, end: sql.SQL = NOW) -> sql.Composed:
    """SQL of the buckets of the last piece, with the columns of :func:`older_buckets`.

    If it is the only piece, the bucket before the window is included, and ``width`` is a further
    parameter.
    """
    last = len(widths) - 1
    return _piece(widths[-1], _cut(last) if last else start + sql.SQL(" - %(width)s"), end)


def since(base: BucketName) -> sql.Composed:
    """SQL of the buckets from the parameter ``since`` on; columns as in :func:`older_buckets`."""
    return _piece(base, sql.SQL("%(since)s"), NOW)


def _piece(name: BucketName, start: sql.Composable, end: sql.Composable) -> sql.Composed:
    view = sql.Identifier("public", VIEW[name])
    return sql.SQL(_PIECE).format(view=view, start=start, end=end)


def _cut(at: int) -> sql.SQL:
    return sql.SQL(f"%(cut_{at})s")


def bounds(plan: Sequence[Piece]) -> dict[str, datetime | None]:
    """The parameters ``cut_1``, ``cut_2`` ... of :func:`older_buckets`: starts of the pieces."""
    return {f"cut_{at}": piece.start for at, piece in enumerate(plan) if at}
