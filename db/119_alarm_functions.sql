-- What people do with alarms, as eco_op (PRD §32.5). As in 118_access_functions.sql: each function runs as its
-- owner with a fixed search_path, and writes journal and audit in the transaction of the change. Items are
-- arrays of the same length. A row for each item says what became of it: done; already, where nothing was left
-- to do; stale, where the alarm does not exist or another episode has begun; forbidden, with the reason.

-- Changes alarms. in_action: the event of the journal. in_raised: the episode that the person saw. NULL fits
-- any episode, where the change is of the condition and not of an episode. in_text: comment of an ACK,
-- UNACK or ASSIGN, else the reason. in_until and in_kind: the end of a shelf.
CREATE OR REPLACE FUNCTION ksys.alarm_change(
  in_action text, in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_text text, in_until timestamptz, in_kind text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz;
BEGIN
  IF cardinality(in_tags) IS NULL OR cardinality(in_tags) > 2000
     OR cardinality(in_tags) IS DISTINCT FROM cardinality(in_conditions)
     OR cardinality(in_tags) IS DISTINCT FROM cardinality(in_raised) THEN
    RAISE EXCEPTION 'items are three arrays of the same length, at most 2000'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(btrim(in_actor), '') = '' THEN
    RAISE EXCEPTION 'a change of alarms needs an actor' USING ERRCODE = 'check_violation';
  END IF;
  -- The worker also locks in the order of the key, and before it changes anything, so that two transactions
  -- never wait for each other.
  PERFORM FROM public.alarm_state AS s
  WHERE (s.tag_name, s.condition) IN (SELECT * FROM unnest(in_tags, in_conditions))
  ORDER BY s.tag_name, s.condition FOR UPDATE;
  -- Somebody may shelve a condition before it raises for the first time.
  IF in_action IN ('SHELVE', 'OOS_IN') THEN
    INSERT INTO public.alarm_state (tag_name, condition)
    SELECT DISTINCT i.tag_name, i.condition
    FROM unnest(in_tags, in_conditions, in_raised) AS i (tag_name, condition, raised_at)
    WHERE i.raised_at IS NULL
      AND i.condition IN ('HIGH', 'LOW', 'INSTR', 'GAP', 'STEP', 'RATE', 'SPIKE')
      AND (EXISTS (SELECT FROM public.influx_qc_rule AS r WHERE r.tag_name = i.tag_name)
           OR EXISTS (SELECT FROM public.tag_latest AS l WHERE l.tag_name = i.tag_name))
      AND NOT EXISTS (SELECT FROM public.alarm_state AS s
                      WHERE (s.tag_name, s.condition) = (i.tag_name, i.condition))
    ORDER BY 1, 2
    ON CONFLICT (tag_name, condition) DO NOTHING;
  END IF;
  moment := clock_timestamp();
  RETURN QUERY
  WITH item AS (
    SELECT i.place::integer AS place, i.tag_name, i.condition, i.raised_at,
           row_number() OVER (
             PARTITION BY i.tag_name, i.condition, i.raised_at ORDER BY i.place) > 1 AS again
    FROM unnest(in_tags, in_conditions, in_raised) WITH ORDINALITY AS i (tag_name, condition, raised_at, place)
  ), judged AS (
    SELECT i.place, s.tag_name, s.condition, s.assigned_to AS held_by,
           s.process IN ('act', 'clr') AS active,
           -- Nobody has seen the alarm for as long as it was not shown.
           in_action = 'UNACK' OR in_action IN ('UNSHELVE', 'OOS_OUT') AND s.ack <> 'none'
             AND s.process IN ('act', 'clr') AS again,
           CASE
             WHEN s.tag_name IS NULL OR s.raised_at IS DISTINCT FROM i.raised_at
                  AND (i.raised_at IS NOT NULL OR in_action IN ('ACK', 'UNACK', 'RESET', 'ASSIGN'))
               THEN 'stale'
             WHEN i.again THEN 'already'
             ELSE CASE in_action
               WHEN 'ACK' THEN CASE
                 WHEN s.ack <> 'unacked' THEN 'already'
                 WHEN s.priority = 1 AND in_text = '' THEN 'comment'
                 ELSE 'done' END
               WHEN 'UNACK' THEN CASE s.ack
                 WHEN 'acked' THEN 'done' WHEN 'unacked' THEN 'already' ELSE 'stale' END
               WHEN 'SHELVE' THEN 'done'
               WHEN 'UNSHELVE' THEN CASE WHEN s.shelved_until IS NULL THEN 'already' ELSE 'done' END
               WHEN 'OOS_IN' THEN CASE WHEN s.oos_at IS NULL THEN 'done' ELSE 'already' END
               WHEN 'OOS_OUT' THEN CASE WHEN s.oos_at IS NULL THEN 'already' ELSE 'done' END
               WHEN 'ASSIGN' THEN CASE
                 WHEN s.process NOT IN ('act', 'clr') THEN 'cleared'
                 WHEN s.assigned_to = in_actor THEN 'already'
                 ELSE 'done' END
               WHEN 'RESET' THEN CASE
                 WHEN NOT s.latched THEN 'already'
                 WHEN s.process IN ('act', 'clr') THEN 'active'
                 WHEN s.ack = 'unacked' THEN 'unacked'
                 ELSE 'done' END
             END
           END AS verdict
    FROM item AS i
    LEFT JOIN public.alarm_state AS s ON (s.tag_name, s.condition) = (i.tag_name, i.condition)
  ), changed AS (
    UPDATE public.alarm_state AS s SET
      ack = CASE
        WHEN in_action = 'ACK' THEN CASE WHEN j.active OR s.latched THEN 'acked' ELSE 'none' END
        WHEN j.again THEN 'unacked'
        WHEN in_action = 'RESET' THEN 'none'
        ELSE s.ack END,
      acked_at = CASE WHEN in_action = 'ACK' THEN moment WHEN NOT j.again THEN s.acked_at END,
      acked_by = CASE WHEN in_action = 'ACK' THEN in_actor WHEN j.again THEN '' ELSE s.acked_by END,
      ack_comment = CASE WHEN in_action = 'ACK' THEN in_text WHEN j.again THEN '' ELSE s.ack_comment END,
      latched = s.latched AND in_action <> 'RESET',
      shelved_until = CASE in_action WHEN 'SHELVE' THEN in_until WHEN 'UNSHELVE' THEN NULL
                                     ELSE s.shelved_until END,
      shelved_kind = CASE in_action WHEN 'SHELVE' THEN in_kind WHEN 'UNSHELVE' THEN NULL
                                    ELSE s.shelved_kind END,
      shelved_by = CASE in_action WHEN 'SHELVE' THEN in_actor WHEN 'UNSHELVE' THEN ''
                                  ELSE s.shelved_by END,
      shelved_reason = CASE in_action WHEN 'SHELVE' THEN in_text WHEN 'UNSHELVE' THEN ''
                                      ELSE s.shelved_reason END,
      oos_at = CASE in_action WHEN 'OOS_IN' THEN moment WHEN 'OOS_OUT' THEN NULL ELSE s.oos_at END,
      oos_by = CASE in_action WHEN 'OOS_IN' THEN in_actor WHEN 'OOS_OUT' THEN NULL ELSE s.oos_by END,
      oos_reason = CASE in_action WHEN 'OOS_IN' THEN in_text WHEN 'OOS_OUT' THEN ''
                                  ELSE s.oos_reason END,
      assigned_to = CASE in_action WHEN 'ASSIGN' THEN in_actor ELSE s.assigned_to END,
      assigned_at = CASE in_action WHEN 'ASSIGN' THEN moment ELSE s.assigned_at END
    FROM judged AS j
    WHERE j.verdict = 'done' AND (s.tag_name, s.condition) = (j.tag_name, j.condition)
    RETURNING s.*, CASE in_action WHEN 'ASSIGN' THEN nullif(j.held_by, '') END AS held_by
  ), noted AS (
    INSERT INTO public.alarm_journal (
      ts, tag_name, condition, level, raised_at, event, priority, value, limit_value, quality,
      rule_version, actor, via, station, comment, reason, data)
    SELECT moment, c.tag_name, c.condition, c.level, coalesce(c.raised_at, moment), in_action, c.priority,
           c.value, c.limit_value, c.quality, c.rule_version, in_actor, in_via, in_address,
           CASE WHEN in_action IN ('ACK', 'UNACK', 'ASSIGN') THEN in_text ELSE '' END,
           CASE WHEN in_action IN ('ACK', 'UNACK', 'ASSIGN') THEN '' ELSE in_text END,
           jsonb_strip_nulls(jsonb_build_object('until', in_until, 'kind', in_kind, 'from', c.held_by))
    FROM changed AS c
    RETURNING 1
  ), recorded AS (
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    SELECT in_actor, in_via, 'alarm_' || lower(in_action), c.tag_name || ' ' || c.condition,
           jsonb_strip_nulls(jsonb_build_object(
             'raised_at', c.raised_at, 'text', nullif(in_text, ''), 'until', in_until, 'kind', in_kind,
             'from', c.held_by)),
           in_address
    FROM changed AS c
    ORDER BY c.tag_name, c.condition
    RETURNING 1
  )
  SELECT j.place,
         CASE WHEN j.verdict IN ('comment', 'active', 'unacked', 'cleared') THEN 'forbidden' ELSE j.verdict END,
         CASE WHEN j.verdict IN ('comment', 'active', 'unacked', 'cleared') THEN j.verdict ELSE '' END
  FROM judged AS j
  ORDER BY j.place;
END
$$;

-- Acknowledges episodes. An alarm of priority 1 needs a comment.
CREATE OR REPLACE FUNCTION ksys.alarm_ack(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_comment text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM ksys.alarm_change('ACK', in_tags, in_conditions, in_raised, in_actor, in_via, in_address,
                                  btrim(coalesce(in_comment, '')), NULL, NULL)
$$;

-- Takes acknowledgements back.
CREATE OR REPLACE FUNCTION ksys.alarm_unack(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_comment text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM ksys.alarm_change('UNACK', in_tags, in_conditions, in_raised, in_actor, in_via, in_address,
                                  btrim(coalesce(in_comment, '')), NULL, NULL)
$$;

-- Shelves alarms for so many minutes, at most 8 hours; in_one_shot: at the latest until they clear.
CREATE OR REPLACE FUNCTION ksys.alarm_shelve(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_reason text, in_minutes integer, in_one_shot boolean)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF btrim(coalesce(in_reason, '')) = '' OR coalesce(in_minutes, 0) NOT BETWEEN 1 AND 480 THEN
    RAISE EXCEPTION 'a shelf needs a reason and ends within 480 minutes'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY SELECT * FROM ksys.alarm_change(
    'SHELVE', in_tags, in_conditions, in_raised, in_actor, in_via, in_address, btrim(in_reason),
    clock_timestamp() + make_interval(mins => in_minutes),
    CASE WHEN in_one_shot THEN 'one_shot' ELSE 'timed' END);
END
$$;

-- Ends shelves. An alarm that is still active has to be acknowledged again.
CREATE OR REPLACE FUNCTION ksys.alarm_unshelve(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_reason text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM ksys.alarm_change('UNSHELVE', in_tags, in_conditions, in_raised, in_actor, in_via, in_address,
                                  btrim(coalesce(in_reason, '')), NULL, NULL)
$$;

-- Takes alarms out of service, until somebody ends that; in_end: puts them back.
CREATE OR REPLACE FUNCTION ksys.alarm_oos(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_reason text, in_end boolean)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF btrim(coalesce(in_reason, '')) = '' THEN
    RAISE EXCEPTION 'out of service needs a reason' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY SELECT * FROM ksys.alarm_change(
    CASE WHEN in_end THEN 'OOS_OUT' ELSE 'OOS_IN' END,
    in_tags, in_conditions, in_raised, in_actor, in_via, in_address, btrim(in_reason), NULL, NULL);
END
$$;

-- Resets latches of alarms that have returned to normal and are acknowledged.
CREATE OR REPLACE FUNCTION ksys.alarm_reset(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_comment text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM ksys.alarm_change('RESET', in_tags, in_conditions, in_raised, in_actor, in_via, in_address,
                                  btrim(coalesce(in_comment, '')), NULL, NULL)
$$;

-- Takes active alarms over: from now on others see who takes care of them, until they clear or somebody else
-- takes them over.
CREATE OR REPLACE FUNCTION ksys.alarm_assign(
  in_tags text[], in_conditions text[], in_raised timestamptz[],
  in_actor text, in_via text, in_address text, in_comment text)
RETURNS TABLE (place integer, result text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM ksys.alarm_change('ASSIGN', in_tags, in_conditions, in_raised, in_actor, in_via, in_address,
                                  btrim(coalesce(in_comment, '')), NULL, NULL)
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
