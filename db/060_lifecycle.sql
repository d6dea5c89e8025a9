-- Raw samples are compressed after 7 days and dropped after 365. Refused rows are dropped after 90 days.
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

  -- A policy with other values is replaced, because if_not_exists alone would leave it unchanged.
  -- Intervals are read only for our tables; hypertables of others may use integers.
  IF EXISTS (SELECT FROM public.ksys_kept WHERE name = 'policies') THEN
    RETURN;
  END IF;
  FOR old_job IN
    SELECT j.job_id
    FROM (VALUES
      ('influx_hist', 'policy_compression', 'compress_after', interval '7 days', interval '12 hours'),
      ('influx_hist', 'policy_retention', 'drop_after', interval '365 days', interval '1 day'),
      ('ingest_reject', 'policy_retention', 'drop_after', interval '90 days', interval '1 day')
    ) AS wanted (name, proc, key, after, every)
    JOIN timescaledb_information.jobs AS j
      ON (j.hypertable_schema, j.hypertable_name, j.proc_name)
       = ('public', wanted.name, wanted.proc)
    WHERE CASE WHEN (j.hypertable_schema, j.hypertable_name) = ('public', wanted.name)
               THEN ((j.config ->> wanted.key)::interval, j.schedule_interval)
                    IS DISTINCT FROM (wanted.after, wanted.every) END
  LOOP
    PERFORM delete_job(old_job);
  END LOOP;
END
$$;

SELECT add_compression_policy('public.influx_hist', compress_after => interval '7 days',
                              schedule_interval => interval '12 hours', if_not_exists => true);
SELECT add_retention_policy('public.influx_hist', drop_after => interval '365 days',
                            schedule_interval => interval '1 day', if_not_exists => true);
SELECT add_retention_policy('public.ingest_reject', drop_after => interval '90 days',
                            schedule_interval => interval '1 day', if_not_exists => true);
