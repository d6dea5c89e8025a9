-- PRD decision 12: the plant's indicators of the last 25 hours, for other readers. The rows of the newest
-- 24 hours have all 60 rows of lookback. Older versions had a materialized view here; its refresh computed
-- every row each minute, and with 2,000 tags it took longer than a minute. A materialized view that is
-- there stays: ksys db init replaces it (PRD §12.5). 130_policies.sql schedules the refresh.
CREATE TABLE IF NOT EXISTS public.tech_ind_1m_mv (
  bucket timestamptz,
  tag_name text,
  avg double precision,
  sma_10 double precision,
  sma_60 double precision,
  bb_top double precision,
  bb_bot double precision,
  slope_60 double precision
);

CREATE UNIQUE INDEX IF NOT EXISTS tech_ind_1m_mv_tag_bucket
  ON public.tech_ind_1m_mv (tag_name, bucket DESC);
CREATE INDEX IF NOT EXISTS tech_ind_1m_mv_bucket ON public.tech_ind_1m_mv (bucket);

-- Counts the runs of the job, so that each run compares the next part of the 25 hours.
CREATE SEQUENCE IF NOT EXISTS public.tech_ind_1m_mv_run;

-- Compares the minutes of a range with the stored rows. For each tag with a difference it computes the rows
-- from the first difference on, because each row depends on 60 rows before it. Two statements: the planner
-- leaves out chunks only by constants, and the second statement gets the first difference as one.
CREATE OR REPLACE PROCEDURE public.compute_indicators(since timestamptz, until timestamptz)
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan SET work_mem = '64MB' SET jit = off AS $$
DECLARE
  tags text[];
  firsts timestamptz[];
  earliest timestamptz;
BEGIN
  SELECT array_agg(tag_name), array_agg(first), min(first)
  INTO tags, firsts, earliest
  FROM (
    SELECT tag_name, min(bucket) AS first
    FROM (SELECT bucket, tag_name, avg FROM public.influx_agg_1m
          WHERE bucket >= since AND bucket < until) AS m
    FULL JOIN (SELECT bucket, tag_name, avg FROM public.tech_ind_1m_mv
               WHERE bucket >= since AND bucket < until) AS s USING (tag_name, bucket)
    WHERE m.avg IS DISTINCT FROM s.avg
    GROUP BY tag_name
  ) AS changed;
  IF tags IS NULL THEN
    RETURN;
  END IF;

  WITH changed AS (
    SELECT * FROM unnest(tags, firsts) AS c (tag_name, first)
  ),
  series AS (
    SELECT m.bucket, m.tag_name, m.avg, c.first
    FROM public.influx_agg_1m AS m
    JOIN changed AS c USING (tag_name)
    WHERE m.tag_name = ANY (tags) AND m.bucket >= earliest AND m.bucket >= c.first
    UNION ALL
    SELECT b.bucket, c.tag_name, b.avg, c.first
    FROM changed AS c
    CROSS JOIN LATERAL (
      SELECT k.bucket, k.avg
      FROM public.tech_ind_1m_mv AS k
      WHERE k.tag_name = c.tag_name AND k.bucket < c.first
      ORDER BY k.bucket DESC
      LIMIT 60
    ) AS b
  ),
  computed AS MATERIALIZED (
    SELECT bucket, tag_name, avg, sma_10, sma_60, bb_top, bb_bot, slope_60
    FROM (
      SELECT bucket,
             tag_name,
             first,
             avg,
             avg(avg) OVER w10 AS sma_10,
             avg(avg) OVER w60 AS sma_60,
             avg + 2 * stddev_samp(avg) OVER w20 AS bb_top,
             avg - 2 * stddev_samp(avg) OVER w20 AS bb_bot,
             avg - lag(avg, 60) OVER (PARTITION BY tag_name ORDER BY bucket) AS slope_60
      FROM series
      WINDOW
        w10 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 9 PRECEDING AND CURRENT ROW),
        w20 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 19 PRECEDING AND CURRENT ROW),
        w60 AS (PARTITION BY tag_name ORDER BY bucket ROWS BETWEEN 59 PRECEDING AND CURRENT ROW)
    ) AS moving
    WHERE bucket >= first
  ),
  stored AS (
    SELECT * FROM public.tech_ind_1m_mv WHERE tag_name = ANY (tags) AND bucket >= earliest
  ),
  gone AS (
    DELETE FROM public.tech_ind_1m_mv AS k
    USING changed AS c
    WHERE k.tag_name = ANY (tags) AND k.bucket >= earliest
      AND k.tag_name = c.tag_name AND k.bucket >= c.first
      AND NOT EXISTS (SELECT FROM computed AS n
                      WHERE n.tag_name = k.tag_name AND n.bucket = k.bucket)
  )
  INSERT INTO public.tech_ind_1m_mv
  SELECT n.*
  FROM computed AS n
  LEFT JOIN stored AS s ON s.tag_name = n.tag_name AND s.bucket = n.bucket
  WHERE (n.avg, n.sma_10, n.sma_60, n.bb_top, n.bb_bot, n.slope_60)
        IS DISTINCT FROM (s.avg, s.sma_10, s.sma_60, s.bb_top, s.bb_bot, s.slope_60)
  ON CONFLICT (tag_name, bucket) DO UPDATE
    SET avg = excluded.avg, sma_10 = excluded.sma_10, sma_60 = excluded.sma_60,
        bb_top = excluded.bb_top, bb_bot = excluded.bb_bot, slope_60 = excluded.slope_60;
END
$$;

-- As a job, compares the newest minutes, with what arrived late in the last 15 minutes, and the next part of
-- the 25 hours: all of it with few tags, 150 minutes with 2,000. So a late sample that is older
-- shows when the turn comes to its part. CALL public.refresh_tech_ind_1m_mv() compares everything.
CREATE OR REPLACE PROCEDURE public.refresh_tech_ind_1m_mv(
  job_id integer DEFAULT NULL, config jsonb DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
  rows_in_part constant integer := 300000;
  oldest timestamptz := date_trunc('minute', now()) - interval '25 hours';
  part interval := make_interval(mins => greatest(
    15, rows_in_part / greatest(1, (SELECT count(*)::integer FROM public.tag_latest))));
  parts integer := ceil(extract(epoch FROM interval '25 hours') / extract(epoch FROM part)) + 1;
  newest timestamptz := oldest;
  turn timestamptz;
BEGIN
  IF (SELECT relkind = 'm' FROM pg_class WHERE oid = 'public.tech_ind_1m_mv'::regclass) THEN
    REFRESH MATERIALIZED VIEW CONCURRENTLY public.tech_ind_1m_mv;
    RETURN;
  END IF;
  -- One run at a time. A lock of the table would stop autovacuum.
  PERFORM pg_advisory_xact_lock('public.tech_ind_1m_mv'::regclass::oid::bigint);
  DELETE FROM public.tech_ind_1m_mv WHERE bucket < oldest;

  IF job_id IS NOT NULL AND part < interval '25 hours' THEN
    SELECT greatest(oldest, max(bucket) - interval '15 minutes') INTO newest
    FROM public.tech_ind_1m_mv;
    turn := date_bin(part, oldest, '2000-01-01 00:00Z')
            + nextval('public.tech_ind_1m_mv_run') % parts * part;
    CALL public.compute_indicators(greatest(turn, oldest), least(turn + part, newest));
  END IF;
  CALL public.compute_indicators(newest, 'infinity');
END
$$;
