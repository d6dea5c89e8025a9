-- Schema ksys: each table and function with everything that should be true of it. Who may call a function,
-- or do anything with a table, is part of it; PUBLIC is everybody.
WITH reader (role, oid) AS (
  SELECT rolname::text, oid FROM pg_roles WHERE rolname IN ('eco_ro', 'eco_rw', 'eco_op', 'eco_alarm')
), fact (name, fact) AS (
  SELECT 'schema ksys', format('%s may %s', r.role, p)
  FROM reader AS r, pg_namespace AS n, unnest(ARRAY['USAGE', 'CREATE']) AS p
  WHERE n.nspname = 'ksys' AND has_schema_privilege(r.oid, n.oid, p)
  UNION ALL
  SELECT 'schema ksys', format('PUBLIC may %s', a.privilege_type)
  FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
  WHERE n.nspname = 'ksys' AND a.grantee = 0
  UNION ALL
  SELECT 'table ' || c.relname,
         format('column %s %s%s', t.attname, format_type(t.atttypid, t.atttypmod),
                CASE WHEN t.attnotnull THEN ' not null' ELSE '' END)
  FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped
  WHERE c.relnamespace = to_regnamespace('ksys') AND c.relkind = 'r'
  UNION ALL
  SELECT 'table ' || c.relname, format('constraint %s', pg_get_constraintdef(k.oid))
  FROM pg_class AS c JOIN pg_constraint AS k ON k.conrelid = c.oid
  WHERE c.relnamespace = to_regnamespace('ksys') AND k.contype IN ('p', 'u', 'c') AND k.convalidated
  UNION ALL
  SELECT 'table ' || c.relname,
         format('%s%s', pg_get_triggerdef(t.oid),
                CASE WHEN t.tgenabled IN ('O', 'A') THEN '' ELSE ' (disabled)' END)
  FROM pg_class AS c JOIN pg_trigger AS t ON t.tgrelid = c.oid AND NOT t.tgisinternal
  WHERE c.relnamespace = to_regnamespace('ksys')
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.relname,
         format('%s may %s', r.role, p)
  FROM reader AS r, pg_class AS c,
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
  WHERE c.relnamespace = to_regnamespace('ksys') AND c.relkind IN ('r', 'v', 'm')
    AND (has_table_privilege(r.oid, c.oid, p)
         OR p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
            AND has_any_column_privilege(r.oid, c.oid, p))
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.relname,
         format('PUBLIC may %s', a.privilege_type)
  FROM pg_class AS c, aclexplode(c.relacl) AS a
  WHERE c.relnamespace = to_regnamespace('ksys') AND a.grantee = 0
  UNION ALL
  SELECT 'function ' || p.proname,
         format('(%s) returns %s', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
  FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace('ksys')
  UNION ALL
  SELECT 'function ' || p.proname,
         format('%s, %s, source %s', CASE WHEN p.prosecdef THEN 'runs as its owner' ELSE 'runs as the caller' END,
                coalesce(array_to_string(p.proconfig, ', '), 'no search_path'), md5(p.prosrc))
  FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace('ksys')
  UNION ALL
  SELECT 'function ' || p.proname, format('%s may EXECUTE', r.role)
  FROM reader AS r, pg_proc AS p
  WHERE p.pronamespace = to_regnamespace('ksys') AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
  UNION ALL
  SELECT 'function ' || p.proname, 'PUBLIC may EXECUTE'
  FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
  WHERE p.pronamespace = to_regnamespace('ksys') AND a.grantee = 0
)
SELECT name, array_agg(fact ORDER BY fact COLLATE "C") AS facts FROM fact GROUP BY name ORDER BY name COLLATE "C";
