-- No refresh goes back further than the 365 days of raw samples, because it would delete buckets whose
-- samples are deleted (PRD decision 17). A refresh without changes takes a millisecond, so the ranges are
-- wide enough for late samples, and late samples of the minutes are in the days within 15 minutes. A batch covers about a day. By default every ten buckets are one
-- transaction, which makes 4,320 transactions for the first refresh of influx_agg_1m.
DO $$
DECLARE
  wanted record;
  job record;
  -- On request the policies of the plant stay, except a policy that deletes buckets.
  keep boolean := EXISTS (SELECT FROM public.ksys_kept WHERE name = 'policies');
  oldest timestamptz := (SELECT min(range_start) FROM timescaledb_information.chunks
                         WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist');
  erases boolean;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('influx_agg_1m', interval '30 days', interval '1 minute', interval '1 minute', 1440),
      ('features_5m', interval '30 days', interval '5 minutes', interval '5 minutes', 288),
      ('influx_agg_10m', interval '30 days', interval '10 minutes', interval '3 minutes', 144),
      ('influx_agg_1h', interval '60 days', interval '1 hour', interval '3 minutes', 240),
      ('comm_recv_1h', interval '60 days', interval '1 hour', interval '15 minutes', 240),
      ('influx_agg_1d', interval '90 days', interval '1 day', interval '3 minutes', 100)
    ) AS p (view_name, start_offset, end_offset, every, batch)
  LOOP
    -- Real-time: the current bucket is computed when it is read.
    IF (SELECT materialized_only FROM timescaledb_information.continuous_aggregates AS c
        WHERE c.view_schema = 'public' AND c.view_name = wanted.view_name) THEN
      EXECUTE format('ALTER MATERIALIZED VIEW public.%I SET (timescaledb.materialized_only = false)',
                     wanted.view_name);
    END IF;

    SELECT j.job_id, j.schedule_interval,
           (j.config ->> 'start_offset')::interval AS start_offset,
           (j.config ->> 'end_offset')::interval AS end_offset,
           (j.config ->> 'buckets_per_batch')::integer AS batch
    INTO job
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_name = 'policy_refresh_continuous_aggregate'
      AND j.hypertable_schema = 'public' AND j.hypertable_name = wanted.view_name
    -- An aggregate may have several policies; the one with our values is ours.
    ORDER BY (j.config ->> 'start_offset')::interval = wanted.start_offset DESC, j.job_id
    LIMIT 1;
    -- A plant may delete raw samples earlier than we do, or has deleted some in the past. If the aggregate
    -- has older buckets, its refresh goes back only to the oldest raw sample.
    erases := false;
    IF EXISTS (SELECT FROM timescaledb_information.continuous_aggregates AS c
               WHERE (c.view_schema, c.view_name) = ('public', wanted.view_name)
                 AND c.hypertable_name = 'influx_hist') THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE bucket >= $1 AND bucket < $2)',
                     wanted.view_name)
      INTO erases USING now() - wanted.start_offset, oldest;
      IF erases THEN
        wanted.start_offset := greatest(3 * wanted.end_offset, make_interval(
          hours => floor(extract(epoch FROM now() - oldest) / 3600)::integer));
      END IF;
    END IF;
    IF erases THEN
      INSERT INTO public.ksys_kept (name) VALUES ('refresh ' || wanted.view_name)
      ON CONFLICT (name) DO NOTHING;
    ELSE
      DELETE FROM public.ksys_kept WHERE name = 'refresh ' || wanted.view_name;
    END IF;
    IF keep AND job.start_offset <= greatest(wanted.start_offset, now() - oldest) THEN
      CONTINUE;
    END IF;
    IF (job.start_offset, job.end_offset, job.schedule_interval, job.batch)
       = (wanted.start_offset, wanted.end_offset, wanted.every, wanted.batch) THEN
      CONTINUE;
    END IF;
    IF job.job_id IS NOT NULL THEN
      PERFORM delete_job(job.job_id);
    END IF;
    PERFORM add_continuous_aggregate_policy(
      format('public.%I', wanted.view_name)::regclass, start_offset => wanted.start_offset,
      end_offset => wanted.end_offset, schedule_interval => wanted.every,
      buckets_per_batch => wanted.batch);
  END LOOP;

  IF EXISTS (SELECT FROM public.ksys_kept WHERE name = 'tech_ind_1m_mv') THEN
    -- The plant's own view covers all history; a refresh each minute would never finish.
    PERFORM delete_job(job_id) FROM timescaledb_information.jobs
    WHERE proc_schema = 'public' AND proc_name = 'refresh_tech_ind_1m_mv';
  ELSIF NOT EXISTS (SELECT FROM timescaledb_information.jobs
                    WHERE proc_schema = 'public' AND proc_name = 'refresh_tech_ind_1m_mv') THEN
    PERFORM add_job('public.refresh_tech_ind_1m_mv', interval '1 minute');
  END IF;
  IF NOT EXISTS (SELECT FROM timescaledb_information.jobs
                 WHERE proc_schema = 'public' AND proc_name = 'settle_tags') THEN
    PERFORM add_job('public.settle_tags', interval '1 minute');
  END IF;
END
$$;

-- Readers read at most some weeks of the fine aggregates, so older chunks are compressed. The default
-- compression has no segmentby, so a query for one tag would decompress all tags.
DO $$
DECLARE
  wanted record;
  job record;
  keep boolean := EXISTS (SELECT FROM public.ksys_kept WHERE name = 'policies');
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES ('influx_agg_1m'), ('influx_agg_10m'), ('features_5m')) AS c (view_name)
  LOOP
    IF NOT (SELECT compression_enabled FROM timescaledb_information.continuous_aggregates AS c
            WHERE c.view_schema = 'public' AND c.view_name = wanted.view_name) THEN
      EXECUTE format('ALTER MATERIALIZED VIEW public.%I SET (timescaledb.compress,'
                     ' timescaledb.compress_segmentby = ''tag_name'','
                     ' timescaledb.compress_orderby = ''bucket DESC'')', wanted.view_name);
    END IF;

    SELECT j.job_id, j.schedule_interval, (j.config ->> 'compress_after')::interval AS after
    INTO job
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_name = 'policy_compression'
      AND j.hypertable_schema = 'public' AND j.hypertable_name = wanted.view_name;
    IF (keep AND job.job_id IS NOT NULL)
       OR (job.after, job.schedule_interval) = (interval '60 days', interval '12 hours') THEN
      CONTINUE;
    END IF;
    IF job.job_id IS NOT NULL THEN
      PERFORM delete_job(job.job_id);
    END IF;
    PERFORM add_compression_policy(format('public.%I', wanted.view_name)::regclass,
      compress_after => interval '60 days', schedule_interval => interval '12 hours');
  END LOOP;
END
$$;

-- Records since when each job should run, and removes the records of jobs that no longer exist.
INSERT INTO public.ksys_job_run (job_id)
SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000
ON CONFLICT (job_id) DO NOTHING;
DELETE FROM public.ksys_job_run AS r
WHERE NOT EXISTS (SELECT FROM timescaledb_information.jobs AS j WHERE j.job_id = r.job_id);
