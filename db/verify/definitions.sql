-- Definitions of continuous aggregates, views and materialized views.
SELECT view_name AS name, 'aggregate' AS kind, materialized_only, view_definition AS definition
FROM timescaledb_information.continuous_aggregates
WHERE view_schema = 'public'
UNION ALL
SELECT c.relname,
       CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
       NULL,
       pg_get_viewdef(c.oid)
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates AS a
                  WHERE (a.view_schema, a.view_name) = ('public', c.relname))
ORDER BY 1;
