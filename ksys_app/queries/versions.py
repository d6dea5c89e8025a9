"""Cheap statements that return a new version when a cached answer is out of date (PRD §7.1).

A table of rules is small. A command, a person with ``psql`` or another service may change it. The
version needs no counter: it is a hash over the transaction that wrote each row.
"""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import sql

_ROWS: Final[LiteralString] = """
SELECT count(*) || ' ' || coalesce(sum(hashtextextended(ctid::text || ' ' || xmin::text, 0)), 0)
       AS version
FROM {table}
LIMIT 1
"""


def _rows(table: str) -> sql.Composed:
    return sql.SQL(_ROWS).format(table=sql.Identifier("public", table))


RULES: Final = _rows("influx_qc_rule")
EXPECTATIONS: Final = _rows("ingest_expectation")
# The rows of tag_latest change with every sample, so only the names of the tags are hashed.
TAGS: Final = """
SELECT count(*) || ' ' || coalesce(sum(hashtextextended(tag_name, 0)), 0) AS version
FROM (
  SELECT tag_name FROM public.tag_latest
  UNION ALL SELECT tag_name FROM public.influx_qc_rule
  UNION ALL SELECT tag_name FROM public.ingest_expectation
  UNION ALL (
    SELECT DISTINCT tag_name FROM public.ingest_reject
    WHERE received_at BETWEEN now() - interval '5 minutes' AND now()
      AND source <> 'quarantine' AND tag_name <> ''
  )
) AS known
LIMIT 1
"""
