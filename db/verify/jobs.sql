-- Jobs with their last runs: server_* by the database's own workers, client_* by ksys db jobs --run.
-- calls: procedures of ours that the text of another procedure names. The configuration is read only for
-- policies with intervals; policies of other tables may use integers.
SELECT j.job_id,
       j.proc_schema,
       j.proc_name,
       j.hypertable_schema AS relation_schema,
       j.hypertable_name AS relation,
       j.schedule_interval AS every,
       j.scheduled,
       (c.config ->> 'start_offset')::interval AS start_offset,
       (c.config ->> 'end_offset')::interval AS end_offset,
       (c.config ->> 'buckets_per_batch')::integer AS batch,
       (c.config ->> 'compress_after')::interval AS compress_after,
       (c.config ->> 'drop_after')::interval AS drop_after,
       ARRAY(SELECT DISTINCT m[1]
             FROM pg_proc AS p
             JOIN pg_namespace AS n ON n.oid = p.pronamespace
             CROSS JOIN regexp_matches(p.prosrc,
               '\m(compute_indicators|drop_empty_chunks|gather_statistics|quarantine_chunk|refresh_tech_ind_1m_mv'
               '|settle_tag|settle_tags|take_in_samples)\M', 'g') AS m
             WHERE (n.nspname, p.proname) = (j.proc_schema, j.proc_name)
               AND j.hypertable_name IS NULL
               AND (j.proc_schema, j.proc_name) NOT IN
                 (('public', 'refresh_tech_ind_1m_mv'), ('public', 'settle_tags'))
             ORDER BY 1) AS calls,
       coalesce(s.total_runs, 0) AS runs,
       coalesce(s.job_status = 'Running', false) AS running,
       j.initial_start,
       nullif(s.last_run_started_at, '-infinity') AS server_started,
       nullif(s.last_successful_finish, '-infinity') AS server_succeeded,
       s.last_run_status = 'Success' AS server_ok,
       nullif(s.next_start, '-infinity') AS server_next,
       -- Only for a failed job: reading the errors of the last month takes time.
       CASE WHEN s.last_run_status IS DISTINCT FROM 'Success' THEN
         (SELECT e.err_message FROM timescaledb_information.job_errors AS e
          WHERE e.job_id = j.job_id ORDER BY e.start_time DESC LIMIT 1)
       END AS server_error,
       r.known_since,
       r.started_at AS client_started,
       r.finished_at AS client_finished,
       r.error AS client_error,
       clock_timestamp() AS now
FROM timescaledb_information.jobs AS j
LEFT JOIN timescaledb_information.job_stats AS s USING (job_id)
LEFT JOIN public.ksys_job_run AS r USING (job_id)
CROSS JOIN LATERAL (
  SELECT jsonb_object_agg(e.key, e.value) AS config
  FROM jsonb_each_text(j.config) AS e
  WHERE j.proc_schema = '_timescaledb_functions' AND (e.value ~ '[a-z:]' OR e.key = 'buckets_per_batch')
) AS c
WHERE j.job_id >= 1000
ORDER BY j.job_id;
