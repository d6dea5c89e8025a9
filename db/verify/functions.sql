-- Functions for other readers, and whether eco_ro may call them.
SELECT p.proname AS name,
       pg_get_function_identity_arguments(p.oid) AS arguments,
       coalesce(has_function_privilege(r.oid, p.oid, 'EXECUTE'), false) AS readable
FROM pg_proc AS p
LEFT JOIN pg_roles AS r ON r.rolname = 'eco_ro'
WHERE p.pronamespace = 'public'::regnamespace
  AND p.proname IN ('eco_tags', 'eco_comm_heatmap', 'eco_comm_outages')
ORDER BY 1, 2;
