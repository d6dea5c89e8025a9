-- PRD decisions 31 and 32: a row that is no usable sample does not affect other rows. The trigger moves
-- it to ingest_reject with the reason, its statement goes on, and the writer gets a notice. The
-- constraint influx_hist_usable refuses unusable rows that reach influx_hist in another way (an UPDATE,
-- a disabled trigger).

-- The reason for refusing a row, with the names of domain/ingest.py. Call it only for unusable rows: a row
-- with no other fault counts as ahead of the clock.
CREATE OR REPLACE FUNCTION public.unusable_reason(
  ts timestamptz, tag_name text, value double precision)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN tag_name IS NULL OR tag_name = '' THEN 'NO_TAG'
    WHEN value IS NULL THEN 'NO_VALUE'
    WHEN value IN ('NaN', 'Infinity', '-Infinity') THEN 'NOT_FINITE'
    WHEN value <> 0 AND abs(value) NOT BETWEEN 1e-100 AND 1e100 THEN 'MAGNITUDE'
    WHEN ts < timestamptz '1990-01-01 00:00:00+00' THEN 'TOO_OLD'
    ELSE 'AHEAD'
  END
$$;

-- The function runs as its owner, so the writer needs no privilege on ingest_reject.
CREATE OR REPLACE FUNCTION public.refuse_unusable() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  why text := public.unusable_reason(NEW.ts, NEW.tag_name, NEW.value);
BEGIN
  INSERT INTO public.ingest_reject (ts, tag_name, value, qc, meta, reason)
  VALUES (NEW.ts, NEW.tag_name, NEW.value, NEW.qc, NEW.meta, why);
  RAISE NOTICE 'sample refused (%): tag %, time %, value %; it is kept in ingest_reject',
               why, NEW.tag_name, NEW.ts, NEW.value;
  RETURN NULL;
END
$$;

-- The rule for usable samples (PRD §4.9) is stated once, and used as a function, as the trigger's condition
-- and as the constraint. The trigger and the constraint contain its text, because every statement of the
-- ingest would parse a function again. For PostgreSQL, NaN is greater than every number, so NaN is not
-- usable. A number too close to zero is not usable either: an average of it can fail with an underflow.
DO $do$
DECLARE
  rule text := $rule$%1$stag_name <> '' AND %1$svalue BETWEEN -1e100 AND 1e100
     AND (%1$svalue >= 1e-100 OR %1$svalue <= -1e-100 OR %1$svalue = 0)
     AND %1$sts >= timestamptz '1990-01-01 00:00:00+00'
     AND %1$sts < timestamptz '2100-01-01 00:00:00+00'$rule$;
  -- How far ahead of the database's clock a sample may be: KSYS_MAX_AHEAD_S, which ksys db init passes in
  -- the setting ksys.max_ahead_s. Without the setting the current value stays; a new database gets 60 s.
  given interval := nullif(current_setting('ksys.max_ahead_s', true), '')::integer * interval '1 second';
  in_force interval;
  -- The table had another rule until now. Remove the constraint, so that all stored rows are checked again.
  changed boolean := (SELECT prosrc FROM pg_proc
                      WHERE oid = to_regprocedure('public.usable(timestamptz, text, double precision)'))
                     IS DISTINCT FROM 'SELECT ' || format(rule, '');
BEGIN
  IF to_regprocedure('public.ksys_max_ahead()') IS NOT NULL THEN
    EXECUTE 'SELECT public.ksys_max_ahead()' INTO in_force;
  END IF;
  given := coalesce(given, in_force, interval '60 seconds');

  EXECUTE format('CREATE OR REPLACE FUNCTION public.ksys_max_ahead() RETURNS interval'
                 ' LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L', format('SELECT interval %L', given));
  EXECUTE format('CREATE OR REPLACE FUNCTION public.usable('
                 'ts timestamptz, tag_name text, value double precision) RETURNS boolean'
                 ' LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L', 'SELECT ' || format(rule, ''));
  EXECUTE format('CREATE OR REPLACE PROCEDURE public.require_usable() LANGUAGE sql AS %L',
                 'ALTER TABLE public.influx_hist ADD CONSTRAINT influx_hist_usable CHECK ('
                 || format(rule, '') || ')');

  IF changed OR given IS DISTINCT FROM in_force THEN
    DROP TRIGGER IF EXISTS refuse_unusable ON public.influx_hist;
  END IF;
  IF changed THEN
    ALTER TABLE public.influx_hist DROP CONSTRAINT IF EXISTS influx_hist_usable;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.influx_hist'::regclass
                                          AND tgname = 'refuse_unusable') THEN
    -- With this condition the function is called only for bad rows. The condition uses a clock that goes
    -- on while a writer's transaction is open.
    EXECUTE format('CREATE TRIGGER refuse_unusable BEFORE INSERT ON public.influx_hist FOR EACH ROW'
                   ' WHEN ((%s) IS NOT TRUE OR NEW.ts > clock_timestamp() + interval %L)'
                   ' EXECUTE FUNCTION public.refuse_unusable()', format(rule, 'NEW.'), given);
  END IF;

  -- Unusable rows that are stored already must be moved first: ksys db init does that, and adds the
  -- constraint afterwards.
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.influx_hist'::regclass
                                             AND conname = 'influx_hist_usable')
     AND NOT EXISTS (SELECT FROM public.influx_hist) THEN
    CALL public.require_usable();
  END IF;
END
$do$;

-- PRD decision 33: writes samples that were ahead of the clock, after their time has come. If the sender has
-- sent such a sample again, the newer row stays.
CREATE OR REPLACE PROCEDURE public.take_in_samples()
LANGUAGE plpgsql AS $$
DECLARE
  soon timestamptz := now() + public.ksys_max_ahead();
BEGIN
  WITH due AS (
    DELETE FROM public.ingest_reject
    WHERE reason = 'AHEAD' AND ts <= soon
      -- Another program may have written any row here; a bad row must not stop the others.
      AND public.usable(ts, tag_name, value)
    RETURNING received_at, ts, tag_name, value, qc, meta
  )
  INSERT INTO public.influx_hist (ts, tag_name, value, qc, meta)
  SELECT DISTINCT ON (ts, tag_name) ts, tag_name, value, qc, meta
  FROM due
  ORDER BY ts, tag_name, received_at DESC
  ON CONFLICT (ts, tag_name) DO NOTHING;
END
$$;

-- Moves the unusable rows of one chunk to ingest_reject, in a database that accepted such rows before it
-- had the trigger. ksys db init calls it for every chunk. Returns the number of moved rows.
CREATE OR REPLACE FUNCTION public.quarantine_chunk(of_schema text, of_chunk text) RETURNS bigint
LANGUAGE plpgsql SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0 AS $$
DECLARE
  soon timestamptz := now() + public.ksys_max_ahead();
  span record;
  bad record;
  moved bigint := 0;
BEGIN
  SELECT range_start, range_end INTO span
  FROM timescaledb_information.chunks WHERE chunk_schema = of_schema AND chunk_name = of_chunk;
  FOR bad IN
    SELECT h.tag_name, min(h.ts) AS first, max(h.ts) AS last, count(*) AS rows
    FROM public.influx_hist AS h
    WHERE h.ts >= span.range_start AND h.ts < span.range_end
      AND (NOT public.usable(h.ts, h.tag_name, h.value) OR h.ts > soon)
    GROUP BY h.tag_name
    ORDER BY h.tag_name
  LOOP
    -- With one tag and one time range, only the matching batches of a compressed chunk are decompressed.
    INSERT INTO public.ingest_reject (ts, tag_name, value, qc, meta, reason, source)
    SELECT h.ts, h.tag_name, h.value, h.qc, h.meta,
           public.unusable_reason(h.ts, h.tag_name, h.value), 'quarantine'
    FROM public.influx_hist AS h
    WHERE h.tag_name = bad.tag_name AND h.ts BETWEEN bad.first AND bad.last
      AND (NOT public.usable(h.ts, h.tag_name, h.value) OR h.ts > soon);
    DELETE FROM public.influx_hist AS h
    WHERE h.tag_name = bad.tag_name AND h.ts BETWEEN bad.first AND bad.last
      AND (NOT public.usable(h.ts, h.tag_name, h.value) OR h.ts > soon);
    moved := moved + bad.rows;
  END LOOP;
  RETURN moved;
END
$$;
