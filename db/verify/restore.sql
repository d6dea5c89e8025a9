-- Hypertables and aggregates with rows outside of their chunks. Rows that are written while TimescaleDB is
-- switched off (timescaledb.restoring) go into the parent table, where nobody can read them afterwards.
SELECT coalesce(a.view_name, h.table_name)::text AS name
FROM _timescaledb_catalog.hypertable AS h
LEFT JOIN timescaledb_information.continuous_aggregates AS a
  ON (a.materialization_hypertable_schema, a.materialization_hypertable_name)
   = (h.schema_name, h.table_name)
WHERE pg_relation_size(format('%I.%I', h.schema_name, h.table_name)::regclass) > 0
ORDER BY 1
LIMIT 100
