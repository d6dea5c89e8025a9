-- What ksys db init leaves as the plant has it: aggregates by name, "policies", or a shorter
-- refresh by its name.
SELECT name FROM public.ksys_kept ORDER BY name;
