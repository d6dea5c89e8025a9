-- Four aggregates with the same columns, one file each. Each is computed from the finer one (PRD decision
-- 28) and shows the current bucket too (PRD decision 18). These files leave an aggregate that the plant
-- built itself unchanged; ksys db init rebuilds it and copies its buckets (PRD §12.5).
CREATE MATERIALIZED VIEW IF NOT EXISTS public.influx_agg_1m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 minute', ts) AS bucket,
       tag_name,
       count(*) AS n,
       avg(value) AS avg,
       sum(value) AS sum,
       min(value) AS min,
       max(value) AS max,
       last(value, ts) AS last,
       first(value, ts) AS first,
       last(value, ts) - first(value, ts) AS diff
FROM public.influx_hist
GROUP BY 1, 2
WITH NO DATA;
