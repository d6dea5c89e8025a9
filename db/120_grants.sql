-- The privileges of the roles. Grants come before the jobs, because both change the same rows of the
-- catalog. Only missing privileges are granted, so that a second run beside running jobs writes nothing.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO eco_ro, eco_rw, eco_alarm;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO eco_ro, eco_rw, eco_alarm;

DO $$
DECLARE
  missing record;
BEGIN
  FOR missing IN
    SELECT p.role, p.privilege, c.relname
    FROM (VALUES
      ('eco_ro', 'SELECT', ''),
      ('eco_rw', 'SELECT', ''),
      ('eco_rw', 'INSERT', '^(influx_hist|predictions|anomalies|ingest_reject)$'),
      ('eco_rw', 'UPDATE', '^(influx_hist|predictions|anomalies)$'),
      ('eco_rw', 'INSERT', '^(influx_qc_rule|ingest_expectation|rule_base)$'),
      ('eco_rw', 'UPDATE', '^(influx_qc_rule|ingest_expectation|rule_base)$'),
      ('eco_rw', 'DELETE', '^(influx_qc_rule|ingest_expectation|rule_base)$'),
      ('eco_alarm', 'SELECT', ''),
      ('eco_alarm', 'INSERT', '^(alarm_journal|alarm_state|alarm_cursor|alarm_source)$'),
      ('eco_alarm', 'UPDATE', '^(alarm_state|alarm_cursor|alarm_lease|alarm_source)$')
    ) AS p (role, privilege, relations)
    JOIN pg_class AS c
      ON c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
     AND c.relname ~ p.relations
    WHERE NOT has_table_privilege(p.role, c.oid, p.privilege)
    -- A database of an older version has the grants of the older roles first.
    ORDER BY c.relname, p.role = 'eco_alarm', p.role, p.privilege
  LOOP
    EXECUTE format('GRANT %s ON TABLE public.%I TO %I',
                   missing.privilege, missing.relname, missing.role);
  END LOOP;
END
$$;

-- eco_op may call these functions and touches no table. eco_alarm keeps the messages about alarms. Nobody else
-- but the owner reads schema ksys.
DO $$
DECLARE
  missing record;
  given record;
BEGIN
  IF NOT has_schema_privilege('eco_op', 'ksys', 'USAGE') THEN
    GRANT USAGE ON SCHEMA ksys TO eco_op;
  END IF;
  IF NOT has_schema_privilege('eco_alarm', 'ksys', 'USAGE') THEN
    GRANT USAGE ON SCHEMA ksys TO eco_alarm;
  END IF;
  FOR missing IN
    SELECT p.privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (privilege)
    WHERE NOT has_table_privilege('eco_alarm', 'ksys.alarm_outbox', p.privilege)
  LOOP
    EXECUTE format('GRANT %s ON TABLE ksys.alarm_outbox TO eco_alarm', missing.privilege);
  END LOOP;
  FOR missing IN
    SELECT p.oid::regprocedure AS function FROM pg_proc AS p
    WHERE p.pronamespace = 'ksys'::regnamespace
      AND p.proname IN ('attempt', 'failed', 'start_session', 'session', 'active', 'end_session',
                        'sessions', 'revoke', 'change_password', 'rehash', 'token', 'note', 'audit',
                        'rule_save', 'expression_save', 'expression_delete', 'view_save',
                        'view_delete', 'view_start', 'annotation_add', 'annotation_change',
                        'annotation_delete', 'alarm_ack', 'alarm_unack',
                        'alarm_shelve', 'alarm_unshelve', 'alarm_oos', 'alarm_reset', 'alarm_assign')
      AND NOT has_function_privilege('eco_op', p.oid, 'EXECUTE')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO eco_op', missing.function);
  END LOOP;
  FOR given IN
    SELECT c.relname, coalesce(r.rolname, '') AS role
    FROM pg_class AS c
    CROSS JOIN aclexplode(c.relacl) AS a
    LEFT JOIN pg_roles AS r ON r.oid = a.grantee
    WHERE c.relnamespace = 'ksys'::regnamespace AND c.relkind IN ('r', 'S')
      AND (a.grantee = 0 OR r.rolname IN ('eco_ro', 'eco_rw', 'eco_op', 'eco_alarm'))
      AND NOT (c.relname = 'alarm_outbox' AND r.rolname IS NOT DISTINCT FROM 'eco_alarm')
    GROUP BY 1, 2
  LOOP
    EXECUTE format('REVOKE ALL ON ksys.%I FROM %s', given.relname,
                   CASE given.role WHEN '' THEN 'PUBLIC' ELSE quote_ident(given.role) END);
  END LOOP;
END
$$;
