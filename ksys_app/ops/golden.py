"""The golden files: the results of the statements in ``db/verify/`` on a newly built database.

``make golden`` writes them to ``db/verify/golden/``, one file for each major version of PostgreSQL.
``ksys db verify`` compares a database with the file of its version.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from psycopg import AsyncConnection

from ksys_app import resources
from ksys_app.errors import ConfigError
from ksys_app.ops.check import Rows

Kind = Literal["table", "view", "materialized view", "aggregate"]

_KINDS: Final[dict[str, Kind]] = {"r": "table", "v": "view", "m": "materialized view"}

SECTIONS: Final = {
    "columns": ("relation", "kind", "column", "type", "not_null"),
    "indexes": ("relation", "name", "is_primary", "is_unique", "columns"),
    "hypertables": ("name", "is_aggregate", "segment_by", "order_by"),
    "definitions": ("name", "kind", "materialized_only", "definition"),
    "triggers": ("relation", "name", "definition"),
    "functions": ("name", "arguments"),
    "constraints": ("name",),
    "roles": ("name", "settings"),
    "privileges": ("role", "relation", "privileges"),
    "access": ("name", "facts"),
    "jobs": (
        "name",
        "every",
        "start_offset",
        "end_offset",
        "batch",
        "compress_after",
        "drop_after",
    ),
}
"""Statement of ``db/verify/`` to the columns of its result that a golden file holds. Times, sizes
and versions are left out."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One golden file: the rows of the statements in ``db/verify/``, by the statement's name.

    Attributes:
        major: the major version of PostgreSQL that returned the rows.
        definitions: normalised, with a placeholder for the display zone (``ops/definitions.py``).
        jobs: the jobs by their names (``domain/jobs.py``), with their spans of time as text.
    """

    major: int
    columns: Rows
    indexes: Rows
    hypertables: Rows
    definitions: Rows
    triggers: Rows
    functions: Rows
    constraints: Rows
    roles: Rows
    privileges: Rows
    access: Rows
    jobs: Rows

    @property
    def kinds(self) -> dict[str, Kind]:
        """Each relation of the schema and its kind, tables first."""
        found = kinds(self.columns, self.definitions)
        return dict(sorted(found.items(), key=lambda item: item[1] != "table"))

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(name for name, kind in self.kinds.items() if kind == "table")

    @property
    def views(self) -> tuple[str, ...]:
        """The names of views, materialized views and continuous aggregates."""
        return tuple(name for name, kind in self.kinds.items() if kind != "table")

    def columns_of(self, relation: str) -> list[str]:
        """The names of a relation's columns, in order."""
        return [row["column"] for row in self.columns if row["relation"] == relation]


def kinds(columns: Rows, definitions: Rows) -> dict[str, Kind]:
    """Relation to kind; the definitions say which relation is a continuous aggregate.

    Args:
        columns: rows of ``db/verify/columns.sql``.
        definitions: rows of ``db/verify/definitions.sql``.
    """
    aggregates = {row["name"] for row in definitions if row["kind"] == "aggregate"}
    return {
        row["relation"]: "aggregate" if row["relation"] in aggregates else _KINDS[row["kind"]]
        for row in columns
    }


def of(conn: AsyncConnection) -> Golden:
    """The golden file for the server of a connection.

    Raises:
        ConfigError: there is no golden file at all.
    """
    return of_major(major(conn))


def major(conn: AsyncConnection) -> int:
    """The major version of the server of a connection."""
    return conn.info.server_version // 10_000


def of_major(version: int) -> Golden:
    """The golden file of a major version of PostgreSQL, or of the nearest version with a file.

    Raises:
        ConfigError: there is no golden file at all.
    """
    files = {int(file.stem): file for file in resources.GOLDEN.glob("*.json")}
    if not files:
        raise ConfigError(
            f"no JSON files in {resources.GOLDEN}; run ksys from its own installation"
        )
    return _read(files[nearest(version, files)])


def nearest(version: int, available: Collection[int]) -> int:
    """The version if it is available, else the nearest one; the newer of two equally near ones."""
    return min(available, key=lambda other: (abs(other - version), -other))


@cache
def _read(file: Path) -> Golden:
    return Golden(major=int(file.stem), **json.loads(file.read_text("utf-8")))
