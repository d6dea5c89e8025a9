-- PRD decision 13: a continuous aggregate counts messages, and a view compares them with the expectation,
-- so that a changed expectation applies to the past too. With bigint, an absurd expectation of one tag
-- does not make the query of all tags fail with an overflow.
CREATE MATERIALIZED VIEW IF NOT EXISTS public.comm_recv_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 hour', bucket) AS bucket,
       tag_name,
       sum(n)::bigint AS recv_msgs,
       max(bucket) AS last_seen_min
FROM public.influx_agg_1m
GROUP BY 1, 2
WITH NO DATA;

CREATE OR REPLACE VIEW public.comm_success_1h AS
SELECT r.bucket,
       r.tag_name,
       r.recv_msgs,
       coalesce(e.exp_per_min, 1)::bigint * 60 AS exp_msgs,
       least(1.0, greatest(0.0,
         r.recv_msgs::numeric / nullif(coalesce(e.exp_per_min, 1)::bigint * 60, 0))) AS success_rate,
       greatest(0, coalesce(e.exp_per_min, 1)::bigint * 60 - r.recv_msgs) AS missing_msgs,
       r.last_seen_min
FROM public.comm_recv_1h AS r
LEFT JOIN public.ingest_expectation AS e ON e.tag_name = r.tag_name;

COMMENT ON VIEW public.comm_success_1h IS
  'Messages of each hour against a whole hour, the running one too: it seems to lack what is yet to '
  'come. eco_comm_heatmap(day, tag) judges its elapsed part.';
