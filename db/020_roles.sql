-- eco_ro reads; eco_rw writes samples and rules; eco_op calls the functions of schema ksys and can do
-- nothing else (PRD decision 34); eco_alarm reads and writes the tables of the alarm worker (PRD §32.3).
-- 120_grants.sql grants the privileges.
--
-- No file contains passwords. `ksys db init` reads them from KSYS_RO_PASSWORD, KSYS_RW_PASSWORD,
-- KSYS_OP_PASSWORD and KSYS_ALARM_PASSWORD and passes SCRAM verifiers in settings such as ksys.eco_ro_password. Without a
-- password the role cannot log in. To set one with psql: \password eco_ro, then
-- ALTER ROLE eco_ro LOGIN.
DO $$
DECLARE
  name text;
  verifier text;
BEGIN
  FOREACH name IN ARRAY ARRAY['eco_ro', 'eco_rw', 'eco_op', 'eco_alarm'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
    verifier := current_setting('ksys.' || name || '_password', true);
    IF verifier <> '' THEN
      EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', name, verifier);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
    IF name <> 'eco_op' THEN
      EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
    END IF;
  END LOOP;
END
$$;

-- PRD decisions 6 and 30. The application sets tighter timeouts on its own connections.
DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT s.role, s.name, s.value
    FROM (VALUES
      ('eco_ro', 'default_transaction_read_only', 'on'),
      ('eco_ro', 'statement_timeout', '30s'),
      ('eco_ro', 'idle_in_transaction_session_timeout', '60s'),
      ('eco_ro', 'plan_cache_mode', 'force_custom_plan'),
      ('eco_ro', 'jit', 'off'),
      ('eco_ro', 'TimeZone', 'UTC'),
      ('eco_rw', 'plan_cache_mode', 'force_custom_plan'),
      ('eco_rw', 'jit', 'off'),
      ('eco_rw', 'TimeZone', 'UTC'),
      ('eco_op', 'statement_timeout', '10s'),
      ('eco_op', 'idle_in_transaction_session_timeout', '10s'),
      ('eco_op', 'plan_cache_mode', 'force_custom_plan'),
      ('eco_op', 'jit', 'off'),
      ('eco_op', 'TimeZone', 'UTC'),
      ('eco_alarm', 'statement_timeout', '60s'),
      ('eco_alarm', 'idle_in_transaction_session_timeout', '10s'),
      ('eco_alarm', 'plan_cache_mode', 'force_custom_plan'),
      ('eco_alarm', 'jit', 'off'),
      ('eco_alarm', 'TimeZone', 'UTC')
    ) AS s (role, name, value)
    JOIN pg_roles AS r ON r.rolname = s.role
    WHERE s.name || '=' || s.value <> ALL (coalesce(r.rolconfig, '{}'))
  LOOP
    EXECUTE format('ALTER ROLE %I SET %s = %L', wanted.role, wanted.name, wanted.value);
  END LOOP;
END
$$;
