-- Rows of influx_hist that are no usable samples. The search reads the whole table, so it runs only if the
-- constraint that excludes such rows is missing.
SELECT tag_name, ts::text AS ts, value
FROM public.influx_hist
WHERE NOT EXISTS (SELECT FROM pg_constraint
                  WHERE conrelid = to_regclass('public.influx_hist')
                    AND conname = 'influx_hist_usable' AND convalidated)
  AND NOT (tag_name <> '' AND value BETWEEN -1e100 AND 1e100
           AND (value >= 1e-100 OR value <= -1e-100 OR value = 0)
           AND ts >= '1990-01-01 00:00:00+00' AND ts < '2100-01-01 00:00:00+00')
LIMIT 10;
