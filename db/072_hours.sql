-- Buckets of one hour, from the buckets of ten minutes.
CREATE MATERIALIZED VIEW IF NOT EXISTS public.influx_agg_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 hour', bucket) AS bucket,
       tag_name,
       sum(n)::bigint AS n,
       sum(sum) / sum(n) AS avg,
       sum(sum) AS sum,
       min(min) AS min,
       max(max) AS max,
       last(last, bucket) AS last,
       first(first, bucket) AS first,
       last(last, bucket) - first(first, bucket) AS diff
FROM public.influx_agg_10m
GROUP BY 1, 2
WITH NO DATA;
