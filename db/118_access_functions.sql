-- What the application may do in schema ksys, as eco_op (PRD §31.3): nothing but call these functions.
-- Each runs as its owner with a fixed search_path and names every object with its schema. A function
-- that changes what a person decides writes the audit row in the same transaction. All times are the
-- database's. Limits of time and the waits after failures are arguments: ksys_app/domain/access.py has
-- these rules.

-- Counts an attempt to sign in and returns the user's password hash, or how long the caller has to wait.
-- The attempt counts as failed until start_session: attempts at the same time cannot evade the waits.
-- A user waits for in_waits seconds after 0, 1, 2, … failures; the last one also after more. An address
-- has many people behind it. It may have in_most failures, and each is forgotten in_each after the one
-- before it; in_many of them are recorded. in_counted: the address or network whose failures are counted
-- together.
CREATE OR REPLACE FUNCTION ksys.attempt(
  in_name text, in_counted text, in_waits double precision[], in_forget interval, in_most integer,
  in_each interval, in_many integer)
RETURNS TABLE (password text, role text, wait_s double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  place text := left(in_counted, 64);
  -- A name that no user can have is cut, so that a row stays small.
  person text := left(lower(in_name), 64);
  each_s double precision := extract(epoch FROM in_each);
  row_failures integer;
  row_since double precision;
  left_s double precision;
  address_failures integer;
  longest double precision;
BEGIN
  -- Every call locks the address first, so that two calls never wait for each other.
  INSERT INTO ksys.attempt AS a (kind, who, failures, last_at)
  VALUES ('address', place, 0, clock_timestamp())
  ON CONFLICT (kind, who) DO UPDATE SET last_at = greatest(a.last_at, clock_timestamp())
  RETURNING extract(epoch FROM a.last_at - clock_timestamp()) INTO left_s;
  INSERT INTO ksys.attempt AS a (kind, who, failures, last_at)
  VALUES ('user', person, 0, clock_timestamp())
  ON CONFLICT (kind, who) DO UPDATE
    SET failures = CASE WHEN a.last_at > clock_timestamp() - in_forget THEN a.failures ELSE 0 END
  RETURNING a.failures, extract(epoch FROM clock_timestamp() - a.last_at)
  INTO row_failures, row_since;
  longest := greatest(
    left_s - (in_most - 1) * each_s,
    in_waits[least(row_failures + 1, cardinality(in_waits))] - greatest(row_since, 0));
  -- Rows of old attempts; one that another call is using stays.
  DELETE FROM ksys.attempt WHERE (kind, who) IN (
    SELECT kind, who FROM ksys.attempt WHERE last_at < clock_timestamp() - in_forget
      AND who NOT IN (place, person)
    ORDER BY last_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  IF longest > 0 THEN
    RETURN QUERY SELECT NULL::text, NULL::text, longest;
    RETURN;
  END IF;
  UPDATE ksys.attempt
  SET failures = ceil(greatest(left_s, 0) / each_s) + 1, last_at = last_at + in_each
  WHERE kind = 'address' AND who = place
  RETURNING failures INTO address_failures;
  IF address_failures = in_many THEN
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    VALUES ('', 'local', 'many_failures', place,
            jsonb_build_object('failures', address_failures), place);
  END IF;
  UPDATE ksys.attempt SET failures = failures + 1, last_at = clock_timestamp()
  WHERE kind = 'user' AND who = person;
  RETURN QUERY
    SELECT u.password, u.role, 0::double precision
    FROM (SELECT) AS always
    LEFT JOIN ksys.app_user AS u
      ON lower(u.name) = lower(in_name) AND NOT u.disabled AND u.password IS NOT NULL;
END
$$;

-- Records a failed attempt, and the lockout when it was the last one before it. The name of an unknown
-- user is not recorded: people type passwords into the wrong field.
CREATE OR REPLACE FUNCTION ksys.failed(
  in_name text, in_address text, in_reason text, in_locks_after integer)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH found AS (
    SELECT coalesce((SELECT u.name FROM ksys.app_user AS u WHERE lower(u.name) = lower(in_name)), '')
      AS name
  ), recorded AS (
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    SELECT '', 'local', 'login_failed', found.name,
           jsonb_build_object('reason', in_reason), in_address
    FROM found
    UNION ALL
    SELECT '', 'local', 'locked', found.name, jsonb_build_object('failures', a.failures), in_address
    FROM found, ksys.attempt AS a
    WHERE a.kind = 'user' AND a.who = left(lower(in_name), 64) AND a.failures = in_locks_after
    RETURNING 1
  )
  SELECT count(*)::integer FROM recorded
$$;

-- Signs a person in. in_role: the role that an identity provider gives the person; NULL: the list of users
-- decides. No row: the person is disabled, was removed, or has no role.
CREATE OR REPLACE FUNCTION ksys.start_session(
  in_key bytea, in_user text, in_role text, in_via text, in_address text, in_counted text,
  in_agent text, in_old_key bytea, in_idle interval, in_absolute interval, in_each interval)
RETURNS TABLE ("user" text, role text, via text, created_at timestamptz, seen_at timestamptz,
               expires_at timestamptz, address text, agent text, id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  known record;
  made ksys.session;
BEGIN
  -- The lock makes a change of the user wait, which then ends this session too. It comes first: a change
  -- of a user locks the user, then the sessions.
  SELECT u.name, u.role, u.disabled INTO known
  FROM ksys.app_user AS u WHERE lower(u.name) = lower(in_user) FOR SHARE;
  DELETE FROM ksys.session WHERE key = in_old_key;
  DELETE FROM ksys.session WHERE key IN (
    SELECT key FROM ksys.session
    WHERE expires_at <= now() OR seen_at <= now() - in_idle LIMIT 100 FOR UPDATE SKIP LOCKED);
  IF known.disabled OR (known.name IS NULL AND in_via = 'local')
     OR coalesce(in_role, known.role) IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO ksys.session (key, user_name, role, via, expires_at, address, agent)
  VALUES (in_key, coalesce(known.name, in_user), coalesce(in_role, known.role), in_via,
          now() + in_absolute, in_address, left(in_agent, 300))
  RETURNING * INTO made;
  IF in_via = 'local' THEN
    -- The attempt has not failed. Others of the address still have.
    UPDATE ksys.attempt SET failures = greatest(failures - 1, 0), last_at = last_at - in_each
    WHERE kind = 'address' AND who = left(in_counted, 64);
    DELETE FROM ksys.attempt WHERE kind = 'user' AND who = left(lower(in_user), 64);
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (made.user_name, in_via, 'login', made.user_name,
          jsonb_build_object('role', made.role, 'session', left(encode(in_key, 'hex'), 12)),
          in_address);
  RETURN QUERY SELECT made.user_name, made.role, made.via, made.created_at, made.seen_at,
                      made.expires_at, made.address, made.agent, left(encode(made.key, 'hex'), 12);
END
$$;

-- Gives a user a new password; all sessions of the user end, and the browser that did it gets a new one.
-- in_old: the hash that the old password was checked with. No row: the user has another password by now, or
-- is disabled.
CREATE OR REPLACE FUNCTION ksys.change_password(
  in_name text, in_old text, in_new text, in_key bytea, in_address text, in_counted text, in_agent text,
  in_old_key bytea, in_idle interval, in_absolute interval, in_each interval)
RETURNS TABLE ("user" text, role text, via text, created_at timestamptz, seen_at timestamptz,
               expires_at timestamptz, address text, agent text, id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  changed text;
BEGIN
  -- A trigger ends the sessions.
  UPDATE ksys.app_user AS u SET password = in_new, changed_at = clock_timestamp()
  WHERE lower(u.name) = lower(in_name) AND u.password = in_old AND NOT u.disabled
  RETURNING u.name INTO changed;
  IF changed IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO ksys.audit (actor, via, action, subject, address)
  VALUES (changed, 'local', 'password_changed', changed, in_address);
  RETURN QUERY SELECT * FROM ksys.start_session(
    in_key, changed, NULL, 'local', in_address, in_counted, in_agent, in_old_key, in_idle, in_absolute,
    in_each);
END
$$;

-- The session of a key, if it has not ended; it counts as used, to the minute.
CREATE OR REPLACE FUNCTION ksys.session(in_key bytea, in_idle interval)
RETURNS TABLE ("user" text, role text, via text, created_at timestamptz, seen_at timestamptz,
               expires_at timestamptz, address text, agent text, id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ksys.session AS s SET seen_at = now()
  WHERE s.key = in_key AND s.seen_at < now() - interval '1 minute'
    AND s.seen_at > now() - in_idle AND s.expires_at > now();
  SELECT s.user_name, s.role, s.via, s.created_at, s.seen_at, s.expires_at, s.address, s.agent,
         left(encode(s.key, 'hex'), 12)
  FROM ksys.session AS s
  LEFT JOIN ksys.app_user AS u ON lower(u.name) = lower(s.user_name)
  WHERE s.key = in_key AND s.seen_at > now() - in_idle AND s.expires_at > now()
    AND NOT coalesce(u.disabled, s.via = 'local');
$$;

-- Which of the keys are of sessions that have not ended. They count as used, to the minute: an open page
-- is looked at.
CREATE OR REPLACE FUNCTION ksys.active(in_keys bytea[], in_idle interval) RETURNS TABLE (key bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ksys.session AS s SET seen_at = now()
  WHERE s.key = ANY (in_keys) AND s.seen_at < now() - interval '1 minute'
    AND s.seen_at > now() - in_idle AND s.expires_at > now();
  SELECT s.key
  FROM ksys.session AS s
  LEFT JOIN ksys.app_user AS u ON lower(u.name) = lower(s.user_name)
  WHERE s.key = ANY (in_keys) AND s.seen_at > now() - in_idle AND s.expires_at > now()
    AND NOT coalesce(u.disabled, s.via = 'local');
$$;

-- Signs a person out. Returns the number of sessions that ended, 0 or 1.
CREATE OR REPLACE FUNCTION ksys.end_session(in_key bytea, in_reason text) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM ksys.session AS s WHERE s.key = in_key RETURNING s.*
  ), recorded AS (
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    SELECT user_name, via, 'logout', user_name,
           jsonb_build_object('reason', in_reason, 'session', left(encode(key, 'hex'), 12)), address
    FROM gone
    RETURNING 1
  )
  SELECT count(*)::integer FROM recorded
$$;

-- The sessions that have not ended, the last used ones first; at most 1,000.
CREATE OR REPLACE FUNCTION ksys.sessions(in_idle interval)
RETURNS TABLE ("user" text, role text, via text, created_at timestamptz, seen_at timestamptz,
               expires_at timestamptz, address text, agent text, id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.user_name, s.role, s.via, s.created_at, s.seen_at, s.expires_at, s.address, s.agent,
         left(encode(s.key, 'hex'), 12)
  FROM ksys.session AS s
  LEFT JOIN ksys.app_user AS u ON lower(u.name) = lower(s.user_name)
  WHERE s.seen_at > now() - in_idle AND s.expires_at > now()
    AND NOT coalesce(u.disabled, s.via = 'local')
  ORDER BY s.seen_at DESC, s.key
  LIMIT 1000
$$;

-- Ends the session with this id for somebody else. Returns the number of sessions that ended.
CREATE OR REPLACE FUNCTION ksys.revoke(in_id text, in_actor text, in_via text, in_address text)
RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM ksys.session AS s WHERE left(encode(s.key, 'hex'), 12) = in_id RETURNING s.*
  ), recorded AS (
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    SELECT in_actor, in_via, 'session_revoked', user_name,
           jsonb_build_object('session', in_id), in_address
    FROM gone
    RETURNING 1
  )
  SELECT count(*)::integer FROM recorded
$$;

-- Stores a hash of the same password with newer parameters. Sessions go on.
CREATE OR REPLACE FUNCTION ksys.rehash(in_name text, in_old text, in_new text) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH changed AS (
    UPDATE ksys.app_user AS u SET password = in_new
    WHERE lower(u.name) = lower(in_name) AND u.password = in_old
    RETURNING u.name
  ), recorded AS (
    INSERT INTO ksys.audit (actor, via, action, subject, address)
    SELECT name, 'local', 'password_rehashed', name, '' FROM changed
    RETURNING 1
  )
  SELECT count(*)::integer FROM recorded
$$;

-- The token of a key, if it has neither expired nor been revoked; it counts as used, to the minute.
CREATE OR REPLACE FUNCTION ksys.token(in_key bytea)
RETURNS TABLE (name text, role text, created_at timestamptz, created_by text,
               expires_at timestamptz, used_at timestamptz, revoked_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ksys.token AS t SET used_at = now()
  WHERE t.key = in_key AND coalesce(t.used_at, '-infinity') < now() - interval '1 minute'
    AND t.expires_at > now() AND t.revoked_at IS NULL;
  SELECT t.name, t.role, t.created_at, t.created_by, t.expires_at, t.used_at, t.revoked_at
  FROM ksys.token AS t
  WHERE t.key = in_key AND t.expires_at > now() AND t.revoked_at IS NULL;
$$;

-- Records what somebody did or tried.
CREATE OR REPLACE FUNCTION ksys.note(
  in_actor text, in_via text, in_action text, in_subject text, in_detail jsonb, in_address text)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
  VALUES (in_actor, in_via, in_action, in_subject, in_detail, in_address)
  RETURNING id
$$;

-- What was recorded, the newest first. NULL: no limit. in_before: only rows before the one with this id.
CREATE OR REPLACE FUNCTION ksys.audit(
  in_since timestamptz, in_until timestamptz, in_before bigint, in_limit integer)
RETURNS TABLE (id bigint, at timestamptz, actor text, via text, action text, subject text,
               detail jsonb, address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.id, a.at, a.actor, a.via, a.action, a.subject, a.detail, a.address
  FROM ksys.audit AS a
  WHERE a.at >= coalesce(in_since, '-infinity') AND a.at < coalesce(in_until, 'infinity')
    AND (in_before IS NULL OR a.id < in_before)
  ORDER BY a.id DESC
  LIMIT in_limit
$$;

-- Removes what was recorded before a time, for the owner only, and records who did that. Returns the number
-- of removed rows.
CREATE OR REPLACE FUNCTION ksys.prune_audit(in_before timestamptz, in_actor text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed bigint;
BEGIN
  PERFORM set_config('ksys.pruning', 'on', true);
  DELETE FROM ksys.audit WHERE at < in_before;
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('ksys.pruning', '', true);
  IF removed > 0 THEN
    INSERT INTO ksys.audit (actor, via, action, subject, detail, address)
    VALUES (in_actor, 'command', 'audit_pruned', '',
            jsonb_build_object('before', in_before, 'rows', removed), '');
  END IF;
  RETURN removed;
END
$$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
