-- PRD decision 12: the plant's indicators over the last 25 hours. The rows of the newest 24 hours have
-- all 60 rows of lookback. 130_policies.sql schedules the refresh.
CREATE MATERIALIZED VIEW IF NOT EXISTS public.tech_ind_1m_mv AS
SELECT bucket,
       tag_name,
       avg,
       avg(avg) OVER w10 AS sma_10,
       avg(avg) OVER w60 AS sma_60,
       avg + 2 * stddev_samp(avg) OVER w20 AS bb_top,
       avg - 2 * stddev_samp(avg) OVER w20 AS bb_bot,
       avg - lag(avg, 60) OVER (PARTITION BY tag_name ORDER BY bucket) AS slope_60
FROM public.influx_agg_1m
WHERE bucket >= now() - interval '25 hours'
WINDOW
  w10 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
  w20 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
  w60 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 59 PRECEDING AND CURRENT ROW);

-- REFRESH ... CONCURRENTLY does not lock readers out, and needs a unique index.
CREATE UNIQUE INDEX IF NOT EXISTS tech_ind_1m_mv_tag_bucket
  ON public.tech_ind_1m_mv (tag_name, bucket DESC);

CREATE OR REPLACE PROCEDURE public.refresh_tech_ind_1m_mv(
  job_id integer DEFAULT NULL, config jsonb DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY public.tech_ind_1m_mv;
END
$$;
