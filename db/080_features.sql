-- Statistics of buckets of five minutes. The percentiles are exact; with --toolkit they are approximate and
-- faster (PRD decision 11).
DO $$
DECLARE
  percentile text := 'percentile_cont(%s) WITHIN GROUP (ORDER BY value)';
BEGIN
  IF EXISTS (SELECT FROM timescaledb_information.continuous_aggregates
             WHERE view_schema = 'public' AND view_name = 'features_5m') THEN
    RETURN;
  END IF;
  IF current_setting('ksys.toolkit', true) = 'on' THEN
    percentile := 'approx_percentile(%s, percentile_agg(value))';
  END IF;
  EXECUTE format($view$
    CREATE MATERIALIZED VIEW public.features_5m
    WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT time_bucket('5 minutes', ts) AS bucket,
           tag_name,
           avg(value) AS mean_5m,
           stddev_samp(value) AS std_5m,
           min(value) AS min_5m,
           max(value) AS max_5m,
           %s AS p10_5m,
           %s AS p90_5m,
           count(*) AS n_5m
    FROM public.influx_hist
    GROUP BY 1, 2
    WITH NO DATA
  $view$, format(percentile, '0.1'), format(percentile, '0.9'));
END
$$;
