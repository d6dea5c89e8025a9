-- Objects of the plant that ksys db init leaves unchanged: names of aggregates, "policies", or the name of
-- a refresh with a shorter range.
SELECT name FROM public.ksys_kept ORDER BY name;
