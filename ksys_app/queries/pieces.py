"""The buckets of a window as one relation: its pieces, joined (PRD §5.1)."""

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


def shape(plan: Sequence[Piece]) -> Shape:
    """The bucket widths of ``plan``. Windows with one shape share one statement."""
    return tuple(piece.bucket for piece in plan)


def buckets_of(widths: Shape) -> sql.Composed:
    """SQL of all buckets of a window's pieces.

    Its columns are ``tag_name``, ``bucket``, ``n``, ``sum``, ``min``, ``max``, ``first`` and
    ``last``. Its parameters are those of :func:`bounds`, ``window``, and ``tags`` (NULL: all).
    """
    return sql.SQL("  UNION ALL").join(
        sql.SQL(_PIECE).format(
            view=sql.Identifier("public", VIEW[name]),
            start=sql.SQL("%(cut_{})s" if at else "now() - %(window)s").format(sql.SQL(str(at))),
            end=sql.SQL("bucket < %(cut_{})s").format(sql.SQL(str(at + 1)))
            if at + 1 < len(widths)
            else sql.SQL("bucket <= now()"),
        )
        for at, name in enumerate(widths)
    )


def bounds(plan: Sequence[Piece]) -> dict[str, datetime | None]:
    """The parameters ``cut_1``, ``cut_2`` ... of :func:`buckets_of`: where the pieces meet."""
    return {f"cut_{at}": piece.start for at, piece in enumerate(plan) if at}
