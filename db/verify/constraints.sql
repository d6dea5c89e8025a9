-- Constraints of influx_hist that are valid for every row.
SELECT conname AS name
FROM pg_constraint
WHERE conrelid = to_regclass('public.influx_hist') AND contype = 'c' AND convalidated
ORDER BY 1;
