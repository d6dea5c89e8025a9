-- PRD decision 44: the data of /comm for other programs, with the same numbers and rules as the page
-- (PRD §28.2). A cell is a whole hour of UTC. Messages are expected for the whole minutes from the tag's
-- first sample to a minute ago, by the current expectation.
--
--   SELECT * FROM eco_comm_heatmap('2026-02-01', 'D100');
--   SELECT * FROM eco_comm_outages('2026-02-01', 'D100');
--   SELECT * FROM eco_tags();
--
-- Days are days of the zone that the schema was created with (setting ksys.zone); a third argument names
-- another zone.

-- Every tag that the pages know: tags with samples, rules or expectations, and tags with a refused sample
-- in the last five minutes.
CREATE OR REPLACE FUNCTION public.eco_tags() RETURNS TABLE (tag_name text)
LANGUAGE sql STABLE AS $function$
  SELECT known.tag_name
  FROM (
    SELECT t.tag_name FROM public.tag_latest AS t
    UNION SELECT r.tag_name FROM public.influx_qc_rule AS r
    UNION SELECT e.tag_name FROM public.ingest_expectation AS e
    UNION SELECT x.tag_name FROM public.ingest_reject AS x
          WHERE x.received_at >= now() - interval '5 minutes' AND x.source <> 'quarantine'
  ) AS known
  WHERE known.tag_name <> ''
  ORDER BY known.tag_name
  LIMIT 10000
$function$;

-- The first whole hour of UTC at or after the start of a local day. If clocks go back over midnight, the
-- first of the two midnights counts.
CREATE OR REPLACE FUNCTION public.ksys_day_begins(local_day date, display_zone text)
RETURNS timestamptz
LANGUAGE sql STABLE AS $function$
  SELECT date_bin('1 hour', begun + interval '59 minutes 59.999999 seconds', '2000-01-01 00:00Z')
  FROM (
    SELECT CASE
      WHEN (midnight - interval '1 hour') AT TIME ZONE display_zone = local_day::timestamp
      THEN midnight - interval '1 hour' ELSE midnight
    END AS begun
    FROM (SELECT local_day::timestamp AT TIME ZONE display_zone AS midnight) AS plain
  ) AS first
$function$;

DO $$
DECLARE
  zone text := coalesce(nullif(current_setting('ksys.zone', true), ''), 'Asia/Seoul');
BEGIN
  EXECUTE format($heatmap$
    CREATE OR REPLACE FUNCTION public.eco_comm_heatmap(
      first_day date, tag text, display_zone text DEFAULT %L)
    RETURNS TABLE (bucket_utc timestamptz, tag_name text, success_rate float8, recv_msgs bigint,
                   exp_msgs bigint, missing_msgs bigint, last_seen_min timestamptz, state text)
    LANGUAGE sql STABLE AS $function$
      WITH given AS (
        SELECT CASE WHEN e.exp_per_min >= 1 THEN e.exp_per_min ELSE 1 END AS rate,
               CASE WHEN e.slo_warn BETWEEN 0 AND 1 THEN e.slo_warn END AS warn,
               CASE WHEN e.slo_crit BETWEEN 0 AND 1 THEN e.slo_crit END AS crit
        FROM (SELECT tag AS name) AS wanted
        LEFT JOIN public.ingest_expectation AS e ON e.tag_name = wanted.name
      ),
      ordered AS (
        SELECT rate, CASE WHEN crit > warn THEN NULL ELSE warn END AS warn,
               CASE WHEN crit > warn THEN NULL ELSE crit END AS crit
        FROM given
      ),
      expected AS (
        SELECT rate, coalesce(warn, greatest(0.98, crit))::float8 AS warn,
               coalesce(crit, least(0.95, coalesce(warn, 0.98)))::float8 AS crit
        FROM ordered
      ),
      lived AS (
        SELECT date_bin('1 minute', min(t.first_ts) + interval '59.999999 seconds',
                        '2000-01-01 00:00Z') AS begins,
               date_bin('1 minute', now() - interval '1 minute', '2000-01-01 00:00Z') AS ends
        FROM public.tag_latest AS t
        WHERE t.tag_name = tag
      ),
      hour AS (
        SELECT h AS bucket, coalesce(r.recv_msgs, 0) AS recv, r.last_seen_min AS seen,
               CASE WHEN lived.begins IS NULL THEN 0 ELSE greatest(0, floor(extract(epoch FROM
                 least(h + interval '1 hour', lived.ends) - greatest(h, lived.begins)) / 60)
               ) END::bigint * expected.rate AS wanted,
               expected.warn, expected.crit
        FROM expected
        CROSS JOIN lived
        CROSS JOIN generate_series(
          public.ksys_day_begins(first_day, display_zone),
          public.ksys_day_begins(first_day + 30, display_zone) - interval '1 hour',
          interval '1 hour') AS h
        LEFT JOIN (
          SELECT c.bucket, c.recv_msgs, c.last_seen_min
          FROM public.comm_recv_1h AS c
          WHERE c.tag_name = tag
            AND c.bucket >= public.ksys_day_begins(first_day, display_zone)
            AND c.bucket < public.ksys_day_begins(first_day + 30, display_zone)
        ) AS r ON r.bucket = h
      ),
      judged AS (
        SELECT bucket, recv, seen, wanted, warn, crit,
               CASE WHEN wanted > 0 THEN least(1.0, recv / wanted::float8) END AS rate
        FROM hour
      )
      SELECT bucket, tag, rate, recv, wanted,
             CASE WHEN wanted > 0 THEN greatest(0, wanted - recv) ELSE 0 END, seen,
             CASE WHEN rate IS NULL THEN 'no_data' WHEN rate < crit THEN 'crit'
                  WHEN rate < warn THEN 'warn' ELSE 'ok' END
      FROM judged
      ORDER BY bucket
    $function$
  $heatmap$, zone);

  -- Runs of critical hours; hours without a state are skipped. A run is ongoing until a better hour
  -- follows. An ongoing run begins at the newest sample if that is older. A run is clipped where it
  -- crosses a bound of the 30 days.
  EXECUTE format($outages$
    CREATE OR REPLACE FUNCTION public.eco_comm_outages(
      first_day date, tag text, display_zone text DEFAULT %L)
    RETURNS TABLE (tag_name text, start_ts_utc timestamptz, end_ts_utc timestamptz, hours float8,
                   ongoing boolean, clipped boolean)
    LANGUAGE sql STABLE AS $function$
      WITH cell AS (
        SELECT h.bucket_utc AS bucket, h.state,
               min(h.bucket_utc) OVER () AS grid_begins,
               max(h.bucket_utc) OVER () + interval '1 hour' AS grid_ends,
               date_bin('1 minute', now(), '2000-01-01 00:00Z') AS minute
        FROM public.eco_comm_heatmap(first_day, tag, display_zone) AS h
      ),
      judged AS (
        SELECT bucket, state, grid_begins, grid_ends, minute,
               max(bucket) OVER () AS newest,
               row_number() OVER (ORDER BY bucket)
                 - row_number() OVER (PARTITION BY state = 'crit' ORDER BY bucket) AS run
        FROM cell
        WHERE state <> 'no_data'
      ),
      found AS (
        SELECT min(bucket) AS since, max(bucket) + interval '1 hour' AS until,
               max(bucket) = newest AND minute < grid_ends AS ongoing,
               max(bucket) = newest AND minute >= grid_ends AS cut,
               grid_begins, minute
        FROM judged
        WHERE state = 'crit'
        GROUP BY run, newest, grid_begins, grid_ends, minute
      )
      SELECT tag, begun.at, ended.at, (extract(epoch FROM ended.at - begun.at) / 3600)::float8,
             ongoing, cut OR (since = grid_begins AND coalesce(t.first_ts < since, false))
      FROM found
      LEFT JOIN public.tag_latest AS t ON t.tag_name = tag
      CROSS JOIN LATERAL (
        SELECT CASE WHEN ongoing THEN least(since, date_bin('1 minute', t.ts, '2000-01-01 00:00Z'))
                    ELSE since END AS at
      ) AS begun
      CROSS JOIN LATERAL (SELECT CASE WHEN ongoing THEN minute ELSE until END AS at) AS ended
      ORDER BY since
    $function$
  $outages$, zone);
END
$$;
