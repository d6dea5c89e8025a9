-- The two roles and their session settings.
SELECT rolname AS name,
       rolcanlogin AS can_log_in,
       rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS is_privileged,
       coalesce(rolconfig, '{}') AS settings,
       has_database_privilege(oid, current_database(), 'CONNECT') AS connects,
       has_schema_privilege(oid, 'public', 'USAGE') AS uses_schema,
       has_schema_privilege(oid, 'public', 'CREATE') AS creates_in_schema
FROM pg_roles
WHERE rolname IN ('eco_ro', 'eco_rw')
ORDER BY 1;
