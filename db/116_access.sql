-- Who may use the dashboard, who is signed in, and what was done (PRD §31.3). Passwords, sessions and
-- tokens are secrets, so these tables have a schema of their own. Only its owner reads them. The
-- application calls the functions of 118_access_functions.sql as eco_op.
CREATE SCHEMA IF NOT EXISTS ksys;

-- The conditions below are written as PostgreSQL prints them, so that they stay the same in a dump.
-- password: an argon2id hash; NULL for a person whom a proxy or an identity provider identifies.
-- changed_at: the last change that ends the sessions of the user.
CREATE TABLE IF NOT EXISTS ksys.app_user (
  name text PRIMARY KEY CHECK (char_length(name) >= 1 AND char_length(name) <= 64 AND name !~ '[\x01-\x1f\x7f]'),
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'engineer', 'admin')),
  password text,
  disabled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now()
);
-- "Kim" and "kim" are the same person.
CREATE UNIQUE INDEX IF NOT EXISTS app_user_name_idx ON ksys.app_user (lower(name));

-- key: SHA-256 of the secret in the cookie. via: how the person was identified.
CREATE TABLE IF NOT EXISTS ksys.session (
  key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
  user_name text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'engineer', 'admin')),
  via text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  address text NOT NULL,
  agent text NOT NULL
);
CREATE INDEX IF NOT EXISTS session_user_name_idx ON ksys.session (user_name);

-- key: SHA-256 of the token.
CREATE TABLE IF NOT EXISTS ksys.token (
  name text PRIMARY KEY CHECK (char_length(name) >= 1 AND char_length(name) <= 64 AND name !~ '[\x01-\x1f\x7f]'),
  key bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32),
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'engineer', 'admin')),
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz
);

-- actor: who did it, '' for nobody whom the database knows. via: local, proxy, oidc, token or command.
CREATE TABLE IF NOT EXISTS ksys.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  via text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'::jsonb,
  address text NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_at_idx ON ksys.audit (at);

-- Attempts to sign in that did not succeed. last_at: of a user the last one; of an address the time at which
-- all of them are forgotten. Rows are deleted some time after it.
CREATE TABLE IF NOT EXISTS ksys.attempt (
  kind text NOT NULL CHECK (kind IN ('address', 'user')),
  who text NOT NULL,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (kind, who)
);
CREATE INDEX IF NOT EXISTS attempt_last_at_idx ON ksys.attempt (last_at);

-- Nobody changes what was recorded, not even the owner by mistake. Only ksys.prune_audit removes old rows.
CREATE OR REPLACE FUNCTION ksys.keep_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('ksys.pruning', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'ksys.audit is append-only: % is not allowed', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Another role, another password, disabling or removing a user: all sessions of the user end, whoever
-- makes the change. A hash with new parameters for the same password is no change.
CREATE OR REPLACE FUNCTION ksys.end_sessions_of() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- A person who came in by a provider may have been added later, and be written in another way.
  DELETE FROM ksys.session WHERE lower(user_name) = lower(OLD.name);
  RETURN NULL;
END
$$;

DO $do$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('audit', 'keep_audit',
       'BEFORE UPDATE OR DELETE OR TRUNCATE ON ksys.audit FOR EACH STATEMENT'
       ' EXECUTE FUNCTION ksys.keep_audit()'),
      ('app_user', 'end_sessions',
       'AFTER UPDATE ON ksys.app_user FOR EACH ROW'
       ' WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.role IS DISTINCT FROM NEW.role'
       ' OR OLD.disabled IS DISTINCT FROM NEW.disabled'
       ' OR OLD.changed_at IS DISTINCT FROM NEW.changed_at)'
       ' EXECUTE FUNCTION ksys.end_sessions_of()'),
      ('app_user', 'end_sessions_of_removed',
       'AFTER DELETE ON ksys.app_user FOR EACH ROW EXECUTE FUNCTION ksys.end_sessions_of()')
    ) AS t (relation, name, definition)
    WHERE NOT EXISTS (SELECT FROM pg_trigger
                      WHERE tgrelid = format('ksys.%I', t.relation)::regclass AND tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s', wanted.name, wanted.definition);
  END LOOP;
END
$do$;

-- PostgreSQL lets everybody call a new function.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ksys FROM PUBLIC;
