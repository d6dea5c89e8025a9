-- Calculated tags: expressions that an engineer saved under a name (PRD §33.4).

-- unit: empty for the one that follows from the tags. decimals: NULL for as many as the values need.
-- version: 1 for a new one; each change counts one further.
CREATE TABLE IF NOT EXISTS public.expression (
  name text PRIMARY KEY,
  text text NOT NULL,
  unit text NOT NULL DEFAULT '',
  decimals integer,
  version integer NOT NULL,
  author text NOT NULL,
  saved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE SCHEMA IF NOT EXISTS ksys;

-- Saves an expression for the application, as eco_op. in_version: the version that the person saw, 0 for a
-- new one; if another one is in force, nothing is saved, and the row says which. The audit keeps the text
-- of each version.
CREATE OR REPLACE FUNCTION ksys.expression_save(
  in_name text, in_text text, in_unit text, in_decimals integer, in_version integer,
  in_actor text, in_via text, in_address text, in_reason text)
RETURNS TABLE (version integer, saved boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  made integer;
BEGIN
  IF coalesce(btrim(in_reason), '') = '' OR coalesce(btrim(in_actor), '') = ''
     OR coalesce(btrim(in_name), '') = '' OR in_version IS NULL THEN
    RAISE EXCEPTION 'a saved expression needs a name, a version, an actor and a reason'
      USING ERRCODE = 'check_violation';
  END IF;
  IF in_version = 0 THEN
    -- One at a time, so that the number of expressions stays bounded.
    LOCK TABLE public.expression IN SHARE ROW EXCLUSIVE MODE;
    IF (SELECT count(*) >= 1000 FROM public.expression) THEN
      RAISE EXCEPTION 'there are 1,000 saved expressions; delete some' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO public.expression AS e (name, text, unit, decimals, version, author)
    VALUES (in_name, in_text, in_unit, in_decimals, 1, in_actor)
    ON CONFLICT (name) DO NOTHING
    RETURNING e.version INTO made;
  ELSE
    UPDATE public.expression AS e
    SET text = in_text, unit = in_unit, decimals = in_decimals, version = e.version + 1,
        author = in_actor, saved_at = clock_timestamp()
    WHERE e.name = in_name AND e.version = in_version
    RETURNING e.version INTO made;
  END IF;
  IF made IS NULL THEN
    RETURN QUERY SELECT coalesce(max(e.version), 0), false FROM public.expression AS e WHERE e.name = in_name;
    RETURN;
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'expression_saved', in_name,
          jsonb_strip_nulls(jsonb_build_object(
            'version', made, 'text', in_text, 'unit', nullif(in_unit, ''), 'decimals', in_decimals,
            'reason', in_reason)),
          in_address);
  RETURN QUERY SELECT made, true;
END
$$;

-- Deletes a saved expression for the application, as eco_op, if its version is the one that the person saw.
CREATE OR REPLACE FUNCTION ksys.expression_delete(
  in_name text, in_version integer, in_actor text, in_via text, in_address text, in_reason text)
RETURNS TABLE (version integer, saved boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  gone text;
BEGIN
  IF coalesce(btrim(in_reason), '') = '' OR coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'deleting an expression needs an actor and a reason' USING ERRCODE = 'check_violation';
  END IF;
  DELETE FROM public.expression AS e WHERE e.name = in_name AND e.version = in_version
  RETURNING e.text INTO gone;
  IF gone IS NULL THEN
    RETURN QUERY SELECT coalesce(max(e.version), 0), false FROM public.expression AS e WHERE e.name = in_name;
    RETURN;
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'expression_deleted', in_name,
          jsonb_build_object('version', in_version, 'text', gone, 'reason', in_reason), in_address);
  RETURN QUERY SELECT 0, true;
END
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
