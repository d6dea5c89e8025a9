"""Cheap questions whose answer changes with what another answer is about (PRD §7.1).

A table of rules is small, and is changed by whoever may: a command, a person with ``psql``, another
service. Nobody has to count the changes: each row carries the transaction that wrote it.
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
# The rows of tag_latest change with every sample, their names do not.
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
