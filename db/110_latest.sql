-- PRD decision 25: influx_latest reads a small table. Statement triggers keep it: one row a tag, the
-- newest sample whatever the order of arrival. Upserts reach the table as updates.

-- The writer needs no right on tag_latest: the function runs as its owner.
CREATE OR REPLACE FUNCTION public.keep_tag_latest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- In one order always: two writers of the same tags cannot lock each other out.
  INSERT INTO public.tag_latest AS kept (tag_name, value, ts, first_ts)
  SELECT DISTINCT ON (tag_name)
         tag_name, value, ts, min(ts) OVER (PARTITION BY tag_name)
  FROM written
  ORDER BY tag_name, ts DESC
  ON CONFLICT (tag_name) DO UPDATE
    SET value = CASE WHEN excluded.ts >= kept.ts THEN excluded.value ELSE kept.value END,
        ts = greatest(kept.ts, excluded.ts),
        first_ts = least(kept.first_ts, excluded.first_ts)
    WHERE excluded.ts >= kept.ts OR excluded.first_ts < kept.first_ts;
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
  -- What was there before the triggers; creating them holds writers off until this commits.
  INSERT INTO public.tag_latest AS kept (tag_name, value, ts, first_ts)
  SELECT tag_name, last(value, ts), max(ts), min(ts)
  FROM public.influx_hist
  GROUP BY tag_name
  ON CONFLICT (tag_name) DO NOTHING;
END
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.influx_hist'::regclass
                                          AND tgname = 'keep_tag_latest_update') THEN
    CREATE TRIGGER keep_tag_latest_update
      AFTER UPDATE ON public.influx_hist REFERENCING NEW TABLE AS written
      FOR EACH STATEMENT EXECUTE FUNCTION public.keep_tag_latest();
  END IF;
END
$$;

CREATE OR REPLACE VIEW public.influx_latest AS
SELECT tag_name, value, ts
FROM public.tag_latest;

-- PRD decision 7: what the live query and the sparklines read in place of the raw table. The bound
-- stands in the view, so that no reader can scan the history by leaving its own out.
CREATE OR REPLACE VIEW public.influx_live AS
SELECT tag_name, ts, value, qc
FROM public.influx_hist
WHERE ts >= now() - interval '1 hour';
