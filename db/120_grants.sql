-- The privileges of the roles. Grants come before the jobs, because both change the same rows of the
-- catalog. Only missing privileges are granted, so that a second run beside running jobs writes nothing.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO eco_ro, eco_rw;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO eco_ro, eco_rw;

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
      ('eco_rw', 'INSERT', '^(influx_qc_rule|ingest_expectation)$'),
      ('eco_rw', 'UPDATE', '^(influx_qc_rule|ingest_expectation)$'),
      ('eco_rw', 'DELETE', '^(influx_qc_rule|ingest_expectation)$')
    ) AS p (role, privilege, relations)
    JOIN pg_class AS c
      ON c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
     AND c.relname ~ p.relations
    WHERE NOT has_table_privilege(p.role, c.oid, p.privilege)
    ORDER BY c.relname, p.role, p.privilege
  LOOP
    EXECUTE format('GRANT %s ON TABLE public.%I TO %I',
                   missing.privilege, missing.relname, missing.role);
  END LOOP;
END
$$;
