-- The roles and their session settings. can_log_in: the role itself, or a login role that is a member
-- of it; the embedded database asks for no password.
SELECT rolname AS name,
       rolcanlogin
         OR EXISTS (SELECT FROM pg_auth_members AS m
                    JOIN pg_roles AS l ON l.oid = m.member AND l.rolcanlogin
                    WHERE m.roleid = r.oid)
         OR version() ~ 'Emscripten' AS can_log_in,
       rolvaliduntil < now() AS has_expired,
       rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS is_privileged,
       coalesce(rolconfig, '{}') AS settings,
       has_database_privilege(r.oid, current_database(), 'CONNECT') AS connects,
       has_schema_privilege(r.oid, 'public', 'USAGE') AS uses_schema,
       has_schema_privilege(r.oid, 'public', 'CREATE') AS creates_in_schema
FROM pg_roles AS r
WHERE rolname IN ('eco_ro', 'eco_rw', 'eco_op', 'eco_alarm')
ORDER BY 1;
