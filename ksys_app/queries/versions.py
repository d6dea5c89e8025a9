"""Fast statements that return a new version when a cached answer is out of date (PRD §7.1).

A table of rules is small. A command, a person with ``psql`` or another service may change it. The
version needs no counter: it is a hash of the transactions that wrote the rows.
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
# If a tag with samples has the name of an expression, the expression is no calculated tag.
EXPRESSIONS: Final = """
SELECT count(*) || ' ' || coalesce(sum(hashtextextended(
         concat_ws(' ', expression.ctid, expression.xmin, latest.tag_name IS NULL), 0
       )), 0) AS version
FROM public.expression
LEFT JOIN public.tag_latest AS latest ON latest.tag_name = expression.name
LIMIT 1
"""
# The rows of tag_latest change with every sample, so only the names of the tags are hashed.
TAGS: Final = """
SELECT count(*) || ' ' || coalesce(sum(hashtextextended(tag_name, 0)), 0) AS version
FROM (
  SELECT tag_name FROM public.tag_latest
  UNION ALL SELECT tag_name FROM public.influx_qc_rule
  UNION ALL SELECT tag_name FROM public.ingest_expectation
  -- The list has the text of an expression, too.
  UNION ALL SELECT name || ' ' || version FROM public.expression
  UNION ALL (
    SELECT DISTINCT tag_name FROM public.ingest_reject
    WHERE received_at BETWEEN now() - interval '5 minutes' AND now()
      AND source <> 'quarantine' AND tag_name <> ''
  )
) AS tag
LIMIT 1
"""
# What is written into the journal more than an hour late is found when the cache expires.
JOURNAL: Final = """
SELECT concat_ws(' ',
  (SELECT max(seq) FROM public.alarm_state),
  (SELECT count(*) || ' ' || max(recorded_at) FROM public.alarm_journal
   WHERE ts >= now() - interval '1 hour'),
  (SELECT max(id) FROM public.rule_history)
) AS version
LIMIT 1
"""
# What the worker, the app and the commands write changes the first three parts. Another program
# writes anomalies; those of the last hour are found at once, earlier ones when the cache expires.
EVENTS: Final = """
SELECT concat_ws(' ',
  (SELECT max(seq) FROM public.alarm_state WHERE tag_name = ANY (%(tags)s::text[])),
  (SELECT count(*) || ' ' || max(recorded_at) FROM public.alarm_journal
   WHERE tag_name = ANY (%(tags)s::text[]) AND ts >= now() - interval '1 hour'),
  (SELECT max(id) FROM public.rule_history WHERE tag_name = ANY (%(tags)s::text[])),
  (SELECT count(*) || ' ' || sum(hashtextextended(ctid::text || ' ' || xmin::text, 0))
   FROM public.anomalies
   WHERE tag_name = ANY (%(tags)s::text[]) AND ts >= now() - interval '1 hour')
) AS version
LIMIT 1
"""
