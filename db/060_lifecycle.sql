-- Raw samples are compressed after 7 days and dropped after 365.
DO $$
DECLARE
  old_job integer;
BEGIN
  IF NOT (SELECT compression_enabled FROM timescaledb_information.hypertables
          WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist') THEN
    ALTER TABLE public.influx_hist SET (
      timescaledb.compress,
      timescaledb.compress_segmentby = 'tag_name',
      timescaledb.compress_orderby = 'ts DESC'
    );
  END IF;

  -- A policy with other values is replaced: if_not_exists alone would keep it.
  FOR old_job IN
    SELECT job_id FROM timescaledb_information.jobs
    WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
      AND (proc_name = 'policy_compression'
             AND ((config ->> 'compress_after')::interval, schedule_interval)
                 <> (interval '7 days', interval '12 hours')
        OR proc_name = 'policy_retention'
             AND ((config ->> 'drop_after')::interval, schedule_interval)
                 <> (interval '365 days', interval '1 day'))
  LOOP
    PERFORM delete_job(old_job);
  END LOOP;
END
$$;

SELECT add_compression_policy('public.influx_hist', compress_after => interval '7 days',
                              schedule_interval => interval '12 hours', if_not_exists => true);
SELECT add_retention_policy('public.influx_hist', drop_after => interval '365 days',
                            schedule_interval => interval '1 day', if_not_exists => true);
