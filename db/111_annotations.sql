-- Annotations: what people say about a moment or a span of time (PRD §33.7). Nothing removes them but people.

-- ends_at: NULL for a moment. tags: none for all tags. via: how the author was known; edited_at: NULL until the
-- first change. version: 1 for a new one; each change counts one further.
CREATE TABLE IF NOT EXISTS public.annotation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz,
  tags text[] NOT NULL DEFAULT '{}',
  category text NOT NULL DEFAULT 'note',
  text text NOT NULL,
  author text NOT NULL,
  via text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  edited_at timestamptz,
  edited_by text NOT NULL DEFAULT '',
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT annotation_category CHECK (category IN ('note', 'maintenance', 'calibration', 'fault', 'trial')),
  CONSTRAINT annotation_text CHECK (btrim(text) <> '' AND char_length(text) <= 2000),
  CONSTRAINT annotation_tags CHECK (cardinality(tags) <= 9),
  CONSTRAINT annotation_time CHECK (
    starts_at >= '1999-12-31 00:00:00+00' AND starts_at < '2100-01-02 00:00:00+00'
    AND (ends_at IS NULL OR (ends_at > starts_at AND ends_at - starts_at <= interval '366 days')))
);
CREATE INDEX IF NOT EXISTS annotation_newest ON public.annotation (starts_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS annotation_overlap
  ON public.annotation USING gist (tstzrange(starts_at, coalesce(ends_at, starts_at), '[]'));
CREATE INDEX IF NOT EXISTS annotation_tag ON public.annotation USING gin (tags);

CREATE SCHEMA IF NOT EXISTS ksys;

-- Adds an annotation for the application, as eco_op, and returns it; no row where there are 100,000 already.
CREATE OR REPLACE FUNCTION ksys.annotation_add(
  in_starts timestamptz, in_ends timestamptz, in_tags text[], in_category text, in_text text,
  in_actor text, in_via text, in_address text)
RETURNS SETOF public.annotation
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made public.annotation;
BEGIN
  IF coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'an annotation needs an author' USING ERRCODE = 'check_violation';
  END IF;
  -- One at a time, so that the number of annotations stays bounded.
  LOCK TABLE public.annotation IN SHARE ROW EXCLUSIVE MODE;
  IF (SELECT count(*) >= 100000 FROM public.annotation) THEN
    RETURN;
  END IF;
  INSERT INTO public.annotation (starts_at, ends_at, tags, category, text, author, via)
  VALUES (in_starts, in_ends, in_tags, in_category, in_text, in_actor, in_via)
  RETURNING * INTO made;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'annotation_added', made.id::text,
          jsonb_strip_nulls(jsonb_build_object(
            'version', made.version, 'text', made.text, 'category', made.category,
            'from', made.starts_at, 'to', made.ends_at, 'tags', made.tags)),
          in_address);
  RETURN NEXT made;
END
$$;

-- Changes an annotation for the application, as eco_op, if its version is the one that the person saw. Returns
-- whether the change was made and what is in force; no row where there is no such annotation. The application
-- knows who may change it. The audit keeps both texts.
CREATE OR REPLACE FUNCTION ksys.annotation_change(
  in_id bigint, in_version integer, in_starts timestamptz, in_ends timestamptz, in_tags text[],
  in_category text, in_text text, in_actor text, in_via text, in_address text)
RETURNS TABLE (done boolean, held public.annotation)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was public.annotation;
  made public.annotation;
BEGIN
  IF coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'a change of an annotation needs an actor' USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO was FROM public.annotation AS a WHERE a.id = in_id FOR UPDATE;
  IF was.id IS NULL THEN
    RETURN;
  END IF;
  IF was.version IS DISTINCT FROM in_version THEN
    RETURN QUERY SELECT false, was;
    RETURN;
  END IF;
  UPDATE public.annotation AS a
  SET starts_at = in_starts, ends_at = in_ends, tags = in_tags, category = in_category, text = in_text,
      edited_at = clock_timestamp(), edited_by = in_actor, version = a.version + 1
  WHERE a.id = in_id
  RETURNING * INTO made;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'annotation_edited', in_id::text,
          jsonb_strip_nulls(jsonb_build_object(
            'version', made.version, 'text', made.text, 'before', was.text, 'category', made.category,
            'from', made.starts_at, 'to', made.ends_at, 'tags', made.tags, 'author', was.author)),
          in_address);
  RETURN QUERY SELECT true, made;
END
$$;

-- Deletes an annotation for the application, as eco_op; otherwise like annotation_change.
CREATE OR REPLACE FUNCTION ksys.annotation_delete(
  in_id bigint, in_version integer, in_actor text, in_via text, in_address text)
RETURNS TABLE (done boolean, held public.annotation)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was public.annotation;
BEGIN
  IF coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'deleting an annotation needs an actor' USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO was FROM public.annotation AS a WHERE a.id = in_id FOR UPDATE;
  IF was.id IS NULL THEN
    RETURN;
  END IF;
  IF was.version IS DISTINCT FROM in_version THEN
    RETURN QUERY SELECT false, was;
    RETURN;
  END IF;
  DELETE FROM public.annotation AS a WHERE a.id = in_id;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, 'annotation_deleted', in_id::text,
          jsonb_strip_nulls(jsonb_build_object(
            'version', was.version, 'text', was.text, 'category', was.category,
            'from', was.starts_at, 'to', was.ends_at, 'tags', was.tags, 'author', was.author)),
          in_address);
  RETURN QUERY SELECT true, was;
END
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
