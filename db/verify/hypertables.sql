-- Hypertables with chunk interval and compression; the hypertable of an aggregate has the aggregate's name.
SELECT coalesce(a.view_name, d.hypertable_name) AS name,
       a.view_name IS NOT NULL AS is_aggregate,
       d.time_interval AS chunk_interval,
       s.segmentby AS segment_by,
       s.orderby AS order_by
FROM timescaledb_information.dimensions AS d
LEFT JOIN timescaledb_information.continuous_aggregates AS a
  ON (a.materialization_hypertable_schema, a.materialization_hypertable_name)
   = (d.hypertable_schema, d.hypertable_name)
LEFT JOIN timescaledb_information.hypertable_compression_settings AS s
  ON s.hypertable = format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass
WHERE d.dimension_number = 1 AND coalesce(a.view_schema, d.hypertable_schema) = 'public'
ORDER BY 1;
