-- The privileges of eco_ro, eco_rw and eco_alarm on each relation. access.sql has those in schema ksys.
SELECT r.rolname AS role,
       c.relname AS relation,
       ARRAY(
         SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p
         WHERE has_table_privilege(r.oid, c.oid, p)
       ) AS privileges
FROM pg_roles AS r
CROSS JOIN pg_class AS c
WHERE r.rolname IN ('eco_ro', 'eco_rw', 'eco_alarm')
  AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm')
ORDER BY 1, 2;
