-- PRD decision 27: days of the display zone, which is in the setting ksys.zone (default Asia/Seoul; with
-- psql: PGOPTIONS='-c ksys.zone=Europe/Berlin'). If the zone's offset is no whole hour, its days are
-- computed from minutes.
DO $$
DECLARE
  zone text := coalesce(nullif(current_setting('ksys.zone', true), ''), 'Asia/Seoul');
  parent text;
  definition text;
  raw boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = zone) THEN
    RAISE EXCEPTION 'time zone "%" is not known to this server', zone
      USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT view_definition, hypertable_name = 'influx_hist' INTO definition, raw
  FROM timescaledb_information.continuous_aggregates
  WHERE view_schema = 'public' AND view_name = 'influx_agg_1d';

  IF definition IS NOT NULL THEN
    IF NOT raw AND position(quote_literal(zone) IN definition) = 0 THEN
      RAISE EXCEPTION 'influx_agg_1d counts the days of another time zone than "%"', zone
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Keep TZ as it was, or have its days counted anew from the hours: '
                     'ksys db init --rebuild influx_agg_1d.';
    END IF;
    RETURN;
  END IF;

  SELECT CASE WHEN bool_and(extract(minute FROM noon AT TIME ZONE zone) = 0)
              THEN 'influx_agg_1h' ELSE 'influx_agg_1m' END
  INTO parent
  FROM generate_series(timestamptz '2025-01-01 12:00+00', timestamptz '2025-12-01 12:00+00',
                       interval '1 month') AS noon;

  EXECUTE format($view$
    CREATE MATERIALIZED VIEW public.influx_agg_1d
    WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT time_bucket('1 day', bucket, %L) AS bucket,
           tag_name,
           sum(n)::bigint AS n,
           sum(sum) / sum(n) AS avg,
           sum(sum) AS sum,
           min(min) AS min,
           max(max) AS max,
           last(last, bucket) AS last,
           first(first, bucket) AS first,
           last(last, bucket) - first(first, bucket) AS diff
    FROM public.%I
    GROUP BY 1, 2
    WITH NO DATA
  $view$, zone, parent);
END
$$;
