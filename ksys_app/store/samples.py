"""Writes samples into ``influx_hist``: from files, recordings and demo plants.

The rows are sent as arrays, one parameter a column. A temporary table does not work behind a
pooler, which may give the session to another client. The embedded database refuses
``COPY … FROM STDIN``.

A trigger of the table refuses a sample that is not usable (PRD §4.9). It moves the sample to
``ingest_reject``. The other rows are still written, and the refused row is not counted. A caller
that must report unusable lines checks each with :func:`ksys_app.domain.ingest.unusable` first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.types.json import Jsonb

from ksys_app.models.samples import NewSample

TYPES: Final[dict[str, LiteralString]] = {
    "ts": "timestamptz",
    "tag_name": "text",
    "value": "double precision",
    "qc": "smallint",
    "meta": "jsonb",
}
COLUMNS: Final = tuple(TYPES)
KEY: Final = ("ts", "tag_name")
GRID_COLUMNS: Final = ("ts", "tag_name", "value", "meta")

INSERT: Final = "INSERT INTO public.influx_hist AS h ({names}) SELECT {names} FROM {source}"
KEEP: Final = " ON CONFLICT (ts, tag_name) DO NOTHING"
# A row that equals the stored row is not written. Writing it would create a new version of the row
# and make TimescaleDB compute its bucket again.
REPLACE: Final = (
    " ON CONFLICT (ts, tag_name) DO UPDATE SET {sets} WHERE ({old}) IS DISTINCT FROM ({new})"
)
GRID: Final = """(
  SELECT to_timestamp(%(start)s + %(step)s * ((v.i - 1) / cardinality(t.tags))) AS ts,
         t.tags[(v.i - 1) %% cardinality(t.tags) + 1] AS tag_name, v.value, %(meta)s AS meta
  FROM (SELECT %(tags)s::text[] AS tags) AS t,
       unnest(%(values)s::double precision[]) WITH ORDINALITY AS v (value, i)
  WHERE v.value IS NOT NULL
) AS u"""


class Existing(Enum):
    """What to do if the table already has a sample with the same time and tag."""

    REPLACE = "the new sample takes its place if it differs"
    KEEP = "the stored sample stays"
    NONE = "the caller knows that there is none; the check would cost half as much again"


@dataclass(frozen=True, slots=True)
class Grid:
    """Samples of several tags at a fixed step. It needs far fewer bytes than a row per sample.

    Attributes:
        start: epoch seconds of the first tick.
        step: seconds between two ticks.
        tags: names of the tags.
        values: the values of the first tick in the order of ``tags``, then those of the next tick
            and so on; None if a tag has no sample.
        meta: ``meta`` of every sample.
    """

    start: int
    step: int
    tags: Sequence[str]
    values: Sequence[float | None]
    meta: dict[str, Any]


async def write_samples(
    conn: AsyncConnection,
    samples: Sequence[NewSample],
    existing: Existing,
    columns: Sequence[str] = COLUMNS,
) -> int:
    """Write samples in one statement.

    Args:
        conn: a connection that may write.
        samples: the samples. With :attr:`Existing.REPLACE`, no two have the same time and tag.
        existing: what to do with samples that the table already has.
        columns: the columns that the source has. Where a sample is replaced, the other columns
            stay.

    Returns:
        The number of new and changed rows.
    """
    names = [name for name in COLUMNS if name in columns]
    arrays = sql.SQL(", ").join(
        sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(TYPES[name])) for name in names
    )
    source = sql.SQL("unnest({}) AS u ({})").format(arrays, _identifiers(names))
    values: dict[str, list[Any]] = {
        name: [getattr(sample, name) for sample in samples] for name in names
    }
    if "meta" in values:
        values["meta"] = [Jsonb(meta or {}) for meta in values["meta"]]
    cursor = await conn.execute(_statement(names, source, existing), values)
    return cursor.rowcount


async def write_grid(conn: AsyncConnection, grid: Grid, existing: Existing) -> int:
    """Write a grid in one statement; parameters and result as in :func:`write_samples`."""
    values = {
        "start": grid.start,
        "step": grid.step,
        "tags": list(grid.tags),
        "values": list(grid.values),
        "meta": Jsonb(grid.meta),
    }
    cursor = await conn.execute(_statement(GRID_COLUMNS, sql.SQL(GRID), existing), values)
    return cursor.rowcount


async def write_computed(
    conn: AsyncConnection, source: LiteralString, parameters: Mapping[str, Any]
) -> int:
    """Write samples that the database itself computes, in one statement; return their number.

    Args:
        conn: a connection that may write.
        source: a query in parentheses, with a name, that has ``ts``, ``tag_name`` and ``value``.
            The caller knows that the table has none of its samples.
        parameters: the parameters of the query.
    """
    statement = _statement(COLUMNS[:3], sql.SQL(source), Existing.NONE)
    return (await conn.execute(statement, parameters)).rowcount


def _statement(names: Sequence[str], source: sql.Composable, existing: Existing) -> sql.Composed:
    insert = sql.SQL(INSERT).format(names=_identifiers(names), source=source)
    match existing:
        case Existing.NONE:
            return insert
        case Existing.KEEP:
            return insert + sql.SQL(KEEP)
        case Existing.REPLACE:
            replaced = [sql.Identifier(name) for name in names if name not in KEY]
            return insert + sql.SQL(REPLACE).format(
                sets=_each("{0} = excluded.{0}", replaced),
                old=_each("h.{}", replaced),
                new=_each("excluded.{}", replaced),
            )


def _identifiers(names: Sequence[str]) -> sql.Composed:
    return _each("{}", [sql.Identifier(name) for name in names])


def _each(form: LiteralString, names: Sequence[sql.Identifier]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(form).format(name) for name in names)
