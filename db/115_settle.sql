-- The job settle_tags: work on samples and tags after they were written. 130_policies.sql schedules it.

-- PRD decision 33: reads the newest and first sample of one tag from influx_hist again. It locks the tag's
-- row first. If a sample is written meanwhile, its trigger waits and then updates the row, so no sample is
-- lost. If a writer has locked the row, the next run handles it: the job never waits for a writer.
CREATE OR REPLACE PROCEDURE public.settle_tag(tag text, soon timestamptz, oldest timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  kept record;
  newest record;
BEGIN
  SELECT ts, first_ts INTO kept
  FROM public.tag_latest WHERE tag_name = tag FOR UPDATE SKIP LOCKED;
  IF kept.ts IS NULL AND EXISTS (SELECT FROM public.tag_latest WHERE tag_name = tag) THEN
    RETURN;
  END IF;
  SELECT ts, value INTO newest
  FROM public.influx_hist WHERE tag_name = tag AND ts <= soon ORDER BY ts DESC LIMIT 1;

  IF newest.ts IS NULL THEN
    -- Samples that the retention job dropped do not count as deleted.
    DELETE FROM public.tag_latest WHERE tag_name = tag AND ts >= coalesce(oldest, '-infinity');
  ELSIF kept.ts IS NULL THEN
    INSERT INTO public.tag_latest AS l (tag_name, value, ts, first_ts)
    SELECT tag, newest.value, newest.ts, min(ts)
    FROM public.influx_hist WHERE tag_name = tag AND ts <= newest.ts
    ON CONFLICT (tag_name) DO UPDATE
      SET value = CASE WHEN excluded.ts >= l.ts THEN excluded.value ELSE l.value END,
          ts = greatest(l.ts, excluded.ts),
          first_ts = least(l.first_ts, excluded.first_ts);
  ELSE
    UPDATE public.tag_latest
    SET value = newest.value,
        ts = newest.ts,
        first_ts = CASE
          WHEN kept.first_ts < oldest AND public.usable(kept.first_ts, tag, 0) THEN kept.first_ts
          ELSE (SELECT coalesce(min(h.ts), newest.ts) FROM public.influx_hist AS h
                WHERE h.tag_name = tag AND h.ts >= kept.first_ts AND h.ts <= newest.ts)
        END
    WHERE tag_name = tag;
  END IF;

  DELETE FROM public.tag_recheck WHERE tag_name = tag;
END
$$;

-- Gathers statistics of tables that grow with the number of tags. Without statistics the planner reads
-- thousands of tags one by one. The embedded database has no autovacuum that would gather them.
CREATE OR REPLACE PROCEDURE public.gather_statistics()
LANGUAGE plpgsql AS $$
DECLARE
  newest regclass;
BEGIN
  ANALYZE public.tag_latest, public.influx_qc_rule, public.ingest_expectation;
  -- The chunk that is written now, of each hypertable, including those of aggregates.
  FOR newest IN
    SELECT DISTINCT ON (hypertable_schema, hypertable_name)
           format('%I.%I', chunk_schema, chunk_name)::regclass
    FROM timescaledb_information.chunks
    WHERE range_start <= now() AND NOT is_compressed
    ORDER BY hypertable_schema, hypertable_name, range_start DESC
  LOOP
    EXECUTE format('ANALYZE %s', newest);
  END LOOP;
END
$$;

-- Drops empty chunks of impossible times. TimescaleDB creates the chunk of a row before the trigger refuses
-- the row.
CREATE OR REPLACE PROCEDURE public.drop_empty_chunks()
LANGUAGE plpgsql AS $$
DECLARE
  -- TimescaleDB shows no time later than this one, so all chunks after it are dropped together.
  end_of_time timestamptz := timestamptz '294246-01-01 00:00:00+00';
  stray record;
  used boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM public.influx_hist WHERE ts >= end_of_time) THEN
    PERFORM drop_chunks('public.influx_hist', newer_than => end_of_time);
  END IF;
  FOR stray IN
    SELECT format('%I.%I', chunk_schema, chunk_name) AS name, range_start, range_end
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
      AND (range_end <= timestamptz '1990-01-01 00:00:00+00'
           OR range_start > now() + public.ksys_max_ahead())
      AND range_end <= end_of_time
    LIMIT 1000
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', stray.name) INTO used;
    IF NOT used THEN
      PERFORM drop_chunks('public.influx_hist', older_than => stray.range_end,
                          -- The first possible chunk has no start.
                          newer_than => nullif(stray.range_start, '-infinity'));
    END IF;
  END LOOP;
END
$$;

CREATE OR REPLACE PROCEDURE public.settle_tags(
  job_id integer DEFAULT NULL, config jsonb DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
  soon timestamptz := now() + public.ksys_max_ahead();
  oldest timestamptz := (SELECT min(range_start) FROM timescaledb_information.chunks
                         WHERE hypertable_schema = 'public' AND hypertable_name = 'influx_hist'
                           -- Not the chunk of an impossible time.
                           AND range_end > timestamptz '1990-01-01 00:00:00+00');
  tag text;
BEGIN
  CALL public.take_in_samples();

  FOR tag IN
    SELECT tag_name FROM public.tag_recheck ORDER BY tag_name FOR UPDATE SKIP LOCKED
  LOOP
    CALL public.settle_tag(tag, soon, oldest);
  END LOOP;

  -- The number of tags has grown by a fifth since the last statistics, or there are no statistics.
  IF (SELECT count(*) FROM public.tag_latest)
     > 1.2 * (SELECT greatest(reltuples, 0) FROM pg_class
              WHERE oid = 'public.tag_latest'::regclass) THEN
    CALL public.gather_statistics();
  END IF;

  BEGIN
    CALL public.drop_empty_chunks();
  EXCEPTION WHEN OTHERS THEN
    -- Statistics are cheap and not urgent; the samples and tags above must not wait for them.
    RAISE WARNING 'an empty chunk of influx_hist stays: %', SQLERRM;
  END;
END
$$;
