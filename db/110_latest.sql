-- PRD decisions 25 and 33: influx_latest reads a small table with one row a tag. Statement triggers update
-- it, so that it has the newest sample in whatever order samples arrive. Upserts fire the update trigger.

-- The functions run as their owner, so the writer needs no privilege on the two tables.
CREATE OR REPLACE FUNCTION public.keep_tag_latest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Rows are locked in one fixed order, so that two writers of the same tags cannot deadlock.
  INSERT INTO public.tag_latest AS kept (tag_name, value, ts, first_ts)
  SELECT tag_name, value, ts, first_ts
  FROM (
    SELECT tag_name, max(ts) AS ts, min(ts) AS first_ts
    FROM written
    WHERE ts <= clock_timestamp() + public.ksys_max_ahead()
    GROUP BY tag_name
  ) AS seen
  JOIN written USING (tag_name, ts)
  ORDER BY tag_name
  ON CONFLICT (tag_name) DO UPDATE
    SET value = CASE WHEN excluded.ts >= kept.ts THEN excluded.value ELSE kept.value END,
        ts = greatest(kept.ts, excluded.ts),
        first_ts = least(kept.first_ts, excluded.first_ts),
        late_count = kept.late_count + CASE
          WHEN excluded.first_ts <= kept.ts AND excluded.ts > kept.ts - interval '1 hour' THEN 1 ELSE 0 END
    -- What is older than an hour is history that somebody loads, and not late.
    WHERE excluded.ts > kept.ts - interval '1 hour' OR excluded.first_ts < kept.first_ts;
  RETURN NULL;
END
$$;

-- Notes a tag whose newest or first sample is deleted, or gets another time or tag. TimescaleDB has no
-- transition tables for DELETE, so these are row triggers.
CREATE OR REPLACE FUNCTION public.recheck_tag_latest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.tag_recheck (tag_name)
  SELECT tag_name
  FROM public.tag_latest
  WHERE tag_name = OLD.tag_name AND OLD.ts IN (ts, first_ts)
  ON CONFLICT (tag_name) DO NOTHING;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION public.recheck_every_tag() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.tag_recheck (tag_name)
  SELECT tag_name FROM public.tag_latest ORDER BY tag_name
  ON CONFLICT (tag_name) DO NOTHING;
  RETURN NULL;
END
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.influx_hist'::regclass
                                      AND tgname = 'keep_tag_latest_insert') THEN
    RETURN;
  END IF;
  CREATE TRIGGER keep_tag_latest_insert
    AFTER INSERT ON public.influx_hist REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION public.keep_tag_latest();
  -- Fill the table from samples that were written before the triggers existed. The creation of the
  -- triggers blocks writers until this transaction commits.
  INSERT INTO public.tag_latest AS kept (tag_name, value, ts, first_ts)
  SELECT tag_name, last(value, ts), max(ts), min(ts)
  FROM public.influx_hist
  WHERE ts <= now() + public.ksys_max_ahead()
  GROUP BY tag_name
  ON CONFLICT (tag_name) DO NOTHING;
END
$$;

DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('keep_tag_latest_update', 'AFTER UPDATE', 'REFERENCING NEW TABLE AS written FOR EACH STATEMENT',
       'keep_tag_latest'),
      ('recheck_tag_latest_update', 'BEFORE UPDATE',
       'FOR EACH ROW WHEN ((OLD.ts, OLD.tag_name) IS DISTINCT FROM (NEW.ts, NEW.tag_name))',
       'recheck_tag_latest'),
      ('recheck_tag_latest_delete', 'BEFORE DELETE', 'FOR EACH ROW', 'recheck_tag_latest'),
      ('recheck_tag_latest_truncate', 'AFTER TRUNCATE', 'FOR EACH STATEMENT', 'recheck_every_tag')
    ) AS t (name, occasion, rows, function)
    WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.influx_hist'::regclass
                                               AND tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s ON public.influx_hist %s EXECUTE FUNCTION public.%I()',
                   wanted.name, wanted.occasion, wanted.rows, wanted.function);
  END LOOP;
END
$$;

CREATE OR REPLACE VIEW public.influx_latest AS
SELECT tag_name, value, ts
FROM public.tag_latest;

-- PRD decision 7: the live query and the sparklines read this view in place of the raw table. The view has
-- bounds of time, so that no reader scans the whole history by mistake.
CREATE OR REPLACE VIEW public.influx_live AS
SELECT tag_name, ts, value, qc
FROM public.influx_hist
WHERE ts >= now() - interval '1 hour' AND ts <= now() + public.ksys_max_ahead();
