-- Columns of every table (r), view and continuous aggregate (v) and materialized view (m).
SELECT c.relname AS relation,
       c.relkind::text AS kind,
       a.attname AS column,
       format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS not_null
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm')
ORDER BY c.relname, a.attnum;
