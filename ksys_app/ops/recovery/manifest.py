"""The manifest of a dump: numbers of rows and checksums, which are compared after a restore.

The checksum of a day is a sum over its rows. Each row adds the first 60 bits of the MD5 of
``ts|value|qc|meta``, as PostgreSQL writes them in UTC. So it can be computed again with any version
of PostgreSQL and in any order of the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection, sql

from ksys_app import __version__
from ksys_app.domain.upkeep import REFRESH
from ksys_app.errors import ConfigError
from ksys_app.ops import golden
from ksys_app.ops.schema import schema

FORMAT: Final = 1
# Relations that jobs and their runner change all the time; they are not compared.
RESTLESS: Final = frozenset({"influx_hist", "ksys_job_run", "tech_ind_1m_mv"})
ACCESS: Final = ("ksys.app_user", "ksys.audit", "ksys.token")
"""The tables of schema ``ksys`` whose rows are in a dump."""
MAX_NAMED_DAYS: Final = 10

DAYS: Final = """
SELECT tag_name, (time_bucket('1 day', ts) AT TIME ZONE 'UTC')::date::text, count(*),
       sum(('x' || left(md5(concat_ws('|', ts, value, qc, meta)), 15))::bit(60)::bigint)::text
FROM public.influx_hist
GROUP BY 1, 2
ORDER BY 1, 2
"""
ABOUT: Final = """
SELECT current_database() AS database,
       current_setting('server_version') AS postgres,
       current_setting('server_version_num')::integer / 10000 AS major,
       (SELECT rolname FROM pg_roles WHERE oid = c.relowner) AS owner,
       (SELECT jsonb_object_agg(extname, extversion) FROM pg_extension) AS extensions
FROM pg_class AS c
WHERE c.oid = 'public.influx_hist'::regclass
"""


@dataclass(frozen=True, slots=True)
class Dump:
    """The size of a dump in bytes, and its SHA-256."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a database.

    Attributes:
        relations: number of rows of each table and aggregate except the raw samples.
        days: ``[tag, day of UTC, rows, checksum]`` of the raw samples.
    """

    relations: dict[str, int]
    days: list[list[Any]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A dump, its origin and its content; ``schema`` is the hash of the SQL that created it."""

    format: int
    ksys: str
    made: str
    schema: str
    database: str
    postgres: str
    major: int
    owner: str
    extensions: dict[str, str]
    dump: Dump
    content: Content

    @property
    def timescaledb(self) -> str:
        """Version of the extension."""
        return self.extensions["timescaledb"]


def beside(dump: Path) -> Path:
    """The path of a dump's manifest."""
    return dump.with_name(f"{dump.name}.manifest.json")


EXISTING: Final = """
SELECT w.name FROM unnest(%s::text[]) AS w (name)
JOIN pg_namespace AS n ON n.nspname = CASE WHEN w.name LIKE 'ksys.%%' THEN 'ksys' ELSE 'public' END
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = regexp_replace(w.name, '^ksys[.]', '')
ORDER BY 1
"""


async def about(conn: AsyncConnection) -> dict[str, Any]:
    """Database, versions, owner and extensions, in the form of a manifest."""
    cursor = await conn.execute(ABOUT)
    assert cursor.description is not None
    row = await cursor.fetchone()
    assert row is not None, "the cast to regclass fails if there is no such table"
    return dict(zip([column.name for column in cursor.description], row, strict=True))


async def content(conn: AsyncConnection, also: Iterable[str] = ()) -> Content:
    """Count rows and compute checksums; in one snapshot if the connection has one.

    Args:
        conn: the owner's connection.
        also: relations to count in addition to those of this version. A relation that does not
            exist, as in a database of another version, is not counted.
    """
    relations = {}
    names = {*golden.of(conn).tables, *REFRESH, *ACCESS, *also} - RESTLESS
    existing = await (await conn.execute(EXISTING, (sorted(names),))).fetchall()
    for (name,) in existing:
        parts = name.split(".") if name in ACCESS else ("public", name)
        counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*parts))
        row = await (await conn.execute(counting)).fetchone()
        assert row is not None
        relations[name] = row[0]
    rows = await (await conn.execute(DAYS)).fetchall()
    return Content(relations, [list(row) for row in rows])


def make(origin: dict[str, Any], counted: Content, dump: Dump, zone: str) -> Manifest:
    """A manifest with the current time."""
    return Manifest(
        format=FORMAT,
        ksys=__version__,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        schema=hashlib.sha256(schema.script(zone).encode()).hexdigest(),
        dump=dump,
        content=counted,
        **origin,
    )


def text(manifest: Manifest) -> str:
    """A manifest as JSON, with one line for each day."""
    document = asdict(manifest)
    days = document["content"].pop("days")
    head = json.dumps(document, indent=1)
    body = ",\n".join(json.dumps(day, ensure_ascii=False) for day in days)
    return f'{head[:-2]},\n "days": [\n{body}\n]}}\n'


def read(path: Path) -> Manifest:
    """The manifest in a file.

    Raises:
        ConfigError: the file cannot be read, or it is no manifest.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != FORMAT:
            raise ConfigError(
                f"{path} has format {document['format']}; this version reads {FORMAT}"
            )
        days = document.pop("days")
        document["content"] = Content(days=days, **document["content"])
        document["dump"] = Dump(**document["dump"])
        return Manifest(**document)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not a manifest of ksys db backup") from error


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between a restored database and its dump, a sentence each.

    Attributes:
        differences: missing, additional or different content.
        additional: aggregates that are more complete than in the dump, because late samples were
            refreshed since.
    """

    differences: list[str]
    additional: list[str]


def compare(expected: Content, found: Content, floor: date) -> Comparison:
    """Compare a restored database with its dump. Samples must be equal; aggregates may have more.

    Args:
        expected: the content of the dump.
        found: the content of the restored database.
        floor: the retention job may have dropped whole days before this day since the dump.
    """
    differences: list[str] = []
    additional: list[str] = []
    for name, rows in expected.relations.items():
        actual = found.relations.get(name, 0)
        text = f"{name} has {actual:,} rows, the dump {rows:,}"
        if name in REFRESH and actual > rows:
            additional.append(text)
        elif actual != rows:
            differences.append(text)
    days = list(_other_days(expected, found, floor))
    differences += days[:MAX_NAMED_DAYS]
    if len(days) > MAX_NAMED_DAYS:
        differences.append(f"and {len(days) - MAX_NAMED_DAYS:,} more days differ")
    return Comparison(differences, additional)


def _other_days(expected: Content, found: Content, floor: date) -> Iterator[str]:
    restored = {(tag, day): (rows, checksum) for tag, day, rows, checksum in found.days}
    for tag, day, rows, checksum in expected.days:
        actual = restored.pop((tag, day), None)
        if actual is None and date.fromisoformat(day) < floor:
            continue
        if actual is None:
            yield f"{tag} has no samples on {day}, the dump {rows:,}"
        elif actual[0] != rows:
            yield f"{tag} has {actual[0]:,} samples on {day}, the dump {rows:,}"
        elif actual[1] != checksum:
            yield f"{tag} has other samples on {day} than the dump"
    yield from (f"{tag} has samples on {day}, the dump none" for tag, day in restored)
