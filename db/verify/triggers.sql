-- Triggers of this product and the functions that they call.
SELECT t.tgname AS name,
       c.relname AS relation,
       t.tgenabled IN ('O', 'A') AS enabled,
       pg_get_triggerdef(t.oid) AS definition,
       p.prosecdef AS runs_as_owner
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
  AND p.pronamespace = 'public'::regnamespace
ORDER BY 1;
