-- Saved views: a page with what is selected on it, under a name (PRD §33.10).

-- owner: who saved it; of a token `token:NAME`. query: what follows the `?` in the address of the page.
-- version: 1 for a new one; each change counts one further.
CREATE TABLE IF NOT EXISTS public.saved_view (
  owner text NOT NULL,
  name text NOT NULL CHECK (char_length(name) >= 1 AND char_length(name) <= 80),
  shared boolean NOT NULL,
  path text NOT NULL,
  query text NOT NULL CHECK (octet_length(query) <= 4096),
  version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (owner, name)
);

-- The view that a person's dashboard begins with.
CREATE TABLE IF NOT EXISTS public.start_view (
  person text PRIMARY KEY,
  owner text NOT NULL,
  name text NOT NULL
);

CREATE SCHEMA IF NOT EXISTS ksys;

-- Saves a view for the application, as eco_op. in_version: the version that the person saw, 0 for a new
-- one. in_new_name: the name that it gets, the same or another one. outcome: 'saved'; 'conflict', another
-- version is in force, which the row has; 'taken', the owner has another view of the new name; 'many', 'many_shared',
-- there are too many. The audit has the address of shared views only.
CREATE OR REPLACE FUNCTION ksys.view_save(
  in_owner text, in_name text, in_new_name text, in_shared boolean, in_path text, in_query text,
  in_version integer, in_actor text, in_via text, in_address text)
RETURNS TABLE (version integer, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  made integer;
BEGIN
  IF coalesce(btrim(in_actor), '') = '' OR coalesce(btrim(in_owner), '') = ''
     OR coalesce(btrim(in_new_name), '') = '' OR in_version IS NULL THEN
    RAISE EXCEPTION 'a saved view needs an owner, a name, a version and an actor'
      USING ERRCODE = 'check_violation';
  END IF;
  -- One at a time, so that the number of views stays bounded.
  LOCK TABLE public.saved_view IN SHARE ROW EXCLUSIVE MODE;
  SELECT v.version INTO made FROM public.saved_view AS v WHERE v.owner = in_owner AND v.name = in_name;
  IF coalesce(made, 0) <> in_version THEN
    RETURN QUERY SELECT coalesce(made, 0), 'conflict';
    RETURN;
  END IF;
  IF (made IS NULL OR in_name <> in_new_name) AND EXISTS (
      SELECT FROM public.saved_view AS v WHERE v.owner = in_owner AND v.name = in_new_name) THEN
    RETURN QUERY SELECT in_version, 'taken';
    RETURN;
  END IF;
  IF made IS NULL AND (SELECT count(*) >= 200 FROM public.saved_view AS v WHERE v.owner = in_owner) THEN
    RETURN QUERY SELECT in_version, 'many';
    RETURN;
  END IF;
  IF in_shared AND (
      SELECT count(*) >= 1000 FROM public.saved_view AS v
      WHERE v.shared AND NOT (v.owner = in_owner AND v.name = in_name)) THEN
    RETURN QUERY SELECT in_version, 'many_shared';
    RETURN;
  END IF;
  IF made IS NULL THEN
    made := 1;
    INSERT INTO public.saved_view (owner, name, shared, path, query, version)
    VALUES (in_owner, in_new_name, in_shared, in_path, in_query, made);
  ELSE
    made := made + 1;
    UPDATE public.saved_view AS v
    SET name = in_new_name, shared = in_shared, path = in_path, query = in_query, version = made,
        updated_at = clock_timestamp()
    WHERE v.owner = in_owner AND v.name = in_name;
    UPDATE public.start_view AS s SET name = in_new_name WHERE s.owner = in_owner AND s.name = in_name;
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'view_saved', in_new_name,
          jsonb_strip_nulls(jsonb_build_object(
            'version', made, 'owner', nullif(in_owner, in_actor), 'was', nullif(in_name, in_new_name),
            'shared', in_shared, 'view', CASE WHEN in_shared THEN in_path || '?' || in_query END)),
          in_address);
  RETURN QUERY SELECT made, 'saved';
END
$$;

-- Deletes a saved view for the application, as eco_op, if its version is the one that the person saw. Nobody
-- begins with it any more.
CREATE OR REPLACE FUNCTION ksys.view_delete(
  in_owner text, in_name text, in_version integer, in_actor text, in_via text, in_address text)
RETURNS TABLE (version integer, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  gone boolean;
BEGIN
  IF coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'deleting a view needs an actor' USING ERRCODE = 'check_violation';
  END IF;
  DELETE FROM public.saved_view AS v
  WHERE v.owner = in_owner AND v.name = in_name AND v.version = in_version
  RETURNING v.shared INTO gone;
  IF gone IS NULL THEN
    RETURN QUERY SELECT coalesce(max(v.version), 0), 'conflict' FROM public.saved_view AS v
                 WHERE v.owner = in_owner AND v.name = in_name;
    RETURN;
  END IF;
  DELETE FROM public.start_view AS s WHERE s.owner = in_owner AND s.name = in_name;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'view_deleted', in_name,
          jsonb_strip_nulls(jsonb_build_object(
            'version', in_version, 'owner', nullif(in_owner, in_actor), 'shared', gone)),
          in_address);
  RETURN QUERY SELECT 0, 'saved';
END
$$;

-- Makes a view the one that a person begins with, for the application, as eco_op; no name: none. A view
-- that does not exist, or is somebody else's own, is not.
CREATE OR REPLACE FUNCTION ksys.view_start(
  in_person text, in_owner text, in_name text, in_via text, in_address text)
RETURNS TABLE (version integer, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  current_version integer := 0;
BEGIN
  IF coalesce(btrim(in_person), '') = '' THEN
    RAISE EXCEPTION 'a start view needs a person' USING ERRCODE = 'check_violation';
  END IF;
  IF in_name IS NULL THEN
    DELETE FROM public.start_view AS s WHERE s.person = in_person;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 0, 'saved';
      RETURN;
    END IF;
  ELSE
    SELECT v.version INTO current_version FROM public.saved_view AS v
    WHERE v.owner = in_owner AND v.name = in_name AND (v.shared OR v.owner = in_person)
    FOR KEY SHARE;
    IF current_version IS NULL THEN
      RETURN QUERY SELECT 0, 'conflict';
      RETURN;
    END IF;
    INSERT INTO public.start_view AS s (person, owner, name) VALUES (in_person, in_owner, in_name)
    ON CONFLICT (person) DO UPDATE SET owner = excluded.owner, name = excluded.name;
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_person, in_via, 'view_started', coalesce(in_name, ''),
          jsonb_strip_nulls(jsonb_build_object('owner', nullif(in_owner, in_person))), in_address);
  RETURN QUERY SELECT current_version, 'saved';
END
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
