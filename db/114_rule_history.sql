-- Every change of a tag's limits, whoever makes it (PRD §32.9): the page, ksys qc sync, or a person with
-- psql. The columns of influx_qc_rule are the plant's, so versions have a table of their own.

-- version: 0 before the first change that was recorded; each changed row counts one further.
CREATE TABLE IF NOT EXISTS public.rule_version (
  tag_name text PRIMARY KEY,
  version integer NOT NULL
);

-- relation: influx_qc_rule or alarm_rule; condition: '' for influx_qc_rule. old, new: the row, NULL where
-- there was or is none. source: page, csv or sql. session_role: the role that wrote.
CREATE TABLE IF NOT EXISTS public.rule_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tag_name text NOT NULL,
  version integer NOT NULL,
  relation text NOT NULL,
  condition text NOT NULL,
  op text NOT NULL,
  old jsonb,
  new jsonb,
  actor text NOT NULL,
  reason text NOT NULL,
  source text NOT NULL,
  session_role text NOT NULL
);
CREATE INDEX IF NOT EXISTS rule_history_tag_name_idx ON public.rule_history (tag_name);
CREATE INDEX IF NOT EXISTS rule_history_at_idx ON public.rule_history (at);

-- The rows of the file at the last ksys qc sync: the base of its three-way merge.
CREATE TABLE IF NOT EXISTS public.rule_base (
  tag_name text PRIMARY KEY,
  base jsonb NOT NULL,
  synced_at timestamptz NOT NULL DEFAULT now()
);

-- Writes one row of history and counts the version. Who and why: settings of the transaction. It runs as
-- its owner, so that the writer needs no privilege on the three tables.
CREATE OR REPLACE FUNCTION public.record_rule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := coalesce(nullif(current_setting('ksys.source', true), ''), 'sql');
  row_old jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END;
  row_new jsonb := CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN to_jsonb(NEW) END;
  -- Another tag_name: the row of one tag ends, and that of another begins.
  renamed boolean := row_old->>'tag_name' <> row_new->>'tag_name';
  changed record;
  counted integer;
BEGIN
  FOR changed IN EXECUTE
    CASE
      WHEN TG_OP = 'TRUNCATE' THEN
        format('SELECT tag_name, to_jsonb(t) AS old_row, NULL::jsonb AS new_row FROM %I.%I AS t'
               ' ORDER BY tag_name', TG_TABLE_SCHEMA, TG_TABLE_NAME)
      WHEN renamed THEN
        'SELECT $1->>''tag_name'' AS tag_name, $1 AS old_row, NULL::jsonb AS new_row'
        ' UNION ALL SELECT $2->>''tag_name'', NULL, $2'
      ELSE
        'SELECT coalesce($2, $1)->>''tag_name'' AS tag_name, $1 AS old_row, $2 AS new_row'
    END
    USING row_old, row_new
  LOOP
    INSERT INTO public.rule_version AS v (tag_name, version) VALUES (changed.tag_name, 1)
    ON CONFLICT (tag_name) DO UPDATE SET version = v.version + 1
    RETURNING v.version INTO counted;
    INSERT INTO public.rule_history
      (tag_name, version, relation, condition, op, old, new, actor, reason, source, session_role)
    VALUES
      (changed.tag_name, counted, TG_TABLE_NAME,
       coalesce(coalesce(changed.new_row, changed.old_row)->>'condition', ''),
       CASE WHEN changed.old_row IS NULL THEN 'INSERT' WHEN changed.new_row IS NULL THEN 'DELETE'
            ELSE 'UPDATE' END,
       changed.old_row, changed.new_row,
       coalesce(nullif(current_setting('ksys.actor', true), ''), session_user),
       coalesce(current_setting('ksys.reason', true), ''), source, session_user);
  END LOOP;
  RETURN NULL;
END
$$;

-- Nobody changes what was recorded, not even the owner by mistake.
CREATE OR REPLACE FUNCTION public.keep_rule_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'rule_history is append-only: % is not allowed', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END
$$;

DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('influx_qc_rule', 'record_rule_write', 'AFTER INSERT OR DELETE', 'FOR EACH ROW', 'record_rule'),
      ('influx_qc_rule', 'record_rule_update', 'AFTER UPDATE',
       'FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)', 'record_rule'),
      ('influx_qc_rule', 'record_rule_truncate', 'BEFORE TRUNCATE', 'FOR EACH STATEMENT', 'record_rule'),
      ('rule_history', 'keep_rule_history', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'FOR EACH STATEMENT',
       'keep_rule_history')
    ) AS t (relation, name, occasion, rows, function)
    WHERE NOT EXISTS (SELECT FROM pg_trigger
                      WHERE tgrelid = format('public.%I', t.relation)::regclass AND tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s ON public.%I %s EXECUTE FUNCTION public.%I()',
                   wanted.name, wanted.occasion, wanted.relation, wanted.rows, wanted.function);
  END LOOP;
END
$$;

CREATE SCHEMA IF NOT EXISTS ksys;

-- The limits of a tag at a version: {"rule": row or null, "settings": {condition: row}}. What changed later
-- was as its first later change found it; the rest is as it is.
CREATE OR REPLACE FUNCTION ksys.limits_at(in_tag text, in_version integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
    WITH later AS (
      SELECT DISTINCT ON (h.relation, h.condition) h.relation, h.condition, h.old AS row, true AS changed
      FROM public.rule_history AS h
      WHERE h.tag_name = in_tag AND h.version > in_version
      ORDER BY h.relation, h.condition, h.version
    ), present AS (
      SELECT 'influx_qc_rule' AS relation, '' AS condition, to_jsonb(r) AS row
      FROM public.influx_qc_rule AS r WHERE r.tag_name = in_tag
      UNION ALL
      SELECT 'alarm_rule', a.condition, to_jsonb(a)
      FROM public.alarm_rule AS a WHERE a.tag_name = in_tag
    ), at_version AS (
      SELECT relation, condition, CASE WHEN later.changed THEN later.row ELSE present.row END AS row
      FROM present FULL JOIN later USING (relation, condition)
    )
    SELECT jsonb_build_object(
      'rule', (array_agg(row) FILTER (WHERE relation = 'influx_qc_rule'))[1],
      'settings', coalesce(jsonb_object_agg(condition, row)
                             FILTER (WHERE relation = 'alarm_rule' AND row IS NOT NULL), '{}'))
    FROM at_version);
END
$$;

-- Saves limits for the application, as eco_op: all of them or none. in_changes: an array of objects with
-- tag_name, version (the one that the person saw), rule (every column of influx_qc_rule) and settings (by
-- condition: the columns of alarm_rule, or null for the defaults; a condition that is missing stays as it
-- is). If another version is in force for one of the tags, nothing is saved, and each such tag is returned
-- with the limits in force (theirs) and those of the version that the person saw (base).
-- 118_access_functions.sql takes the functions from PUBLIC.
CREATE OR REPLACE FUNCTION ksys.rule_save(
  in_changes jsonb, in_actor text, in_via text, in_address text, in_reason text)
RETURNS TABLE (tag_name text, version integer, saved boolean, theirs jsonb, base jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  tags text[] := ARRAY(SELECT DISTINCT c->>'tag_name' FROM jsonb_array_elements(in_changes) AS c
                       ORDER BY 1);
BEGIN
  IF coalesce(btrim(in_reason), '') = '' OR coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'a change of limits needs an actor and a reason' USING ERRCODE = 'check_violation';
  END IF;
  -- Without a version nothing would be compared, and a rule of another tag would be in no audit.
  IF EXISTS (SELECT FROM jsonb_array_elements(in_changes) AS c
             WHERE c->>'version' IS NULL OR c->>'tag_name' IS DISTINCT FROM c->'rule'->>'tag_name')
     OR jsonb_array_length(in_changes) <> cardinality(tags) THEN
    RAISE EXCEPTION 'a change is of one tag, with its rule and the version that the person saw'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Rows first, then versions, as the triggers of another writer lock them.
  PERFORM FROM public.influx_qc_rule AS r WHERE r.tag_name = ANY (tags) ORDER BY r.tag_name FOR UPDATE;
  PERFORM FROM public.alarm_rule AS a WHERE a.tag_name = ANY (tags)
  ORDER BY a.tag_name, a.condition FOR UPDATE;
  INSERT INTO public.rule_version (tag_name, version) SELECT tag, 0 FROM unnest(tags) AS tag
  ON CONFLICT (tag_name) DO NOTHING;
  PERFORM FROM public.rule_version AS v WHERE v.tag_name = ANY (tags) ORDER BY v.tag_name FOR UPDATE;
  RETURN QUERY
    SELECT v.tag_name, v.version, false, ksys.limits_at(v.tag_name, v.version),
           ksys.limits_at(v.tag_name, (c->>'version')::integer)
    FROM jsonb_array_elements(in_changes) AS c
    JOIN public.rule_version AS v ON v.tag_name = c->>'tag_name'
    WHERE v.version <> (c->>'version')::integer
    ORDER BY v.tag_name;
  IF FOUND THEN
    RETURN;
  END IF;
  PERFORM set_config('ksys.actor', in_actor, true), set_config('ksys.reason', in_reason, true),
          set_config('ksys.source', 'page', true);
  INSERT INTO public.influx_qc_rule AS r
    (tag_name, min_val, max_val, max_step, max_gap_seconds, allow_negative, enabled, meta, warn_min,
     warn_max, crit_min, crit_max, roc_max_per_min, spike_zscore, deadband_pct)
  SELECT n.tag_name, n.min_val, n.max_val, n.max_step, n.max_gap_seconds, n.allow_negative, n.enabled,
         n.meta, n.warn_min, n.warn_max, n.crit_min, n.crit_max, n.roc_max_per_min, n.spike_zscore,
         n.deadband_pct
  FROM jsonb_array_elements(in_changes) AS c
  CROSS JOIN jsonb_populate_record(NULL::public.influx_qc_rule, c->'rule') AS n
  ORDER BY n.tag_name
  ON CONFLICT (tag_name) DO UPDATE
    SET min_val = excluded.min_val, max_val = excluded.max_val, max_step = excluded.max_step,
        max_gap_seconds = excluded.max_gap_seconds, allow_negative = excluded.allow_negative,
        enabled = excluded.enabled, meta = excluded.meta, warn_min = excluded.warn_min,
        warn_max = excluded.warn_max, crit_min = excluded.crit_min, crit_max = excluded.crit_max,
        roc_max_per_min = excluded.roc_max_per_min, spike_zscore = excluded.spike_zscore,
        deadband_pct = excluded.deadband_pct;
  DELETE FROM public.alarm_rule AS a
  USING jsonb_array_elements(in_changes) AS c, jsonb_each(c->'settings') AS s
  WHERE a.tag_name = c->>'tag_name' AND a.condition = s.key AND jsonb_typeof(s.value) = 'null';
  INSERT INTO public.alarm_rule AS a
    (tag_name, condition, priority, on_delay_s, off_delay_s, latch, ack, realarm_s, message, cause,
     consequence, response, group_name)
  SELECT c->>'tag_name', s.key, n.priority, n.on_delay_s, n.off_delay_s, n.latch, n.ack, n.realarm_s,
         n.message, n.cause, n.consequence, n.response, n.group_name
  FROM jsonb_array_elements(in_changes) AS c
  CROSS JOIN LATERAL jsonb_each(c->'settings') AS s
  CROSS JOIN LATERAL jsonb_populate_record(NULL::public.alarm_rule, s.value) AS n
  WHERE jsonb_typeof(s.value) = 'object'
  ORDER BY 1, 2
  ON CONFLICT (tag_name, condition) DO UPDATE
    SET priority = excluded.priority, on_delay_s = excluded.on_delay_s,
        off_delay_s = excluded.off_delay_s, latch = excluded.latch, ack = excluded.ack,
        realarm_s = excluded.realarm_s, message = excluded.message, cause = excluded.cause,
        consequence = excluded.consequence, response = excluded.response,
        group_name = excluded.group_name, version = a.version + 1
    WHERE (a.priority, a.on_delay_s, a.off_delay_s, a.latch, a.ack, a.realarm_s, a.message, a.cause,
           a.consequence, a.response, a.group_name)
          IS DISTINCT FROM
          (excluded.priority, excluded.on_delay_s, excluded.off_delay_s, excluded.latch, excluded.ack,
           excluded.realarm_s, excluded.message, excluded.cause, excluded.consequence,
           excluded.response, excluded.group_name);
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  SELECT in_actor, in_via, 'rule_saved', v.tag_name,
         jsonb_build_object('version', v.version, 'reason', in_reason), in_address
  FROM jsonb_array_elements(in_changes) AS c
  JOIN public.rule_version AS v ON v.tag_name = c->>'tag_name'
  WHERE v.version > (c->>'version')::integer
  ORDER BY v.tag_name;
  RETURN QUERY
    SELECT v.tag_name, v.version, true, NULL::jsonb, NULL::jsonb
    FROM public.rule_version AS v WHERE v.tag_name = ANY (tags) ORDER BY v.tag_name;
END
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
