-- Jobs, by whom they were last run and how that went: server_* by the database's own workers,
-- client_* by ksys db jobs --run.
SELECT j.job_id,
       j.proc_name,
       j.hypertable_name AS relation,
       j.schedule_interval AS every,
       j.scheduled,
       (j.config ->> 'start_offset')::interval AS start_offset,
       (j.config ->> 'end_offset')::interval AS end_offset,
       (j.config ->> 'buckets_per_batch')::integer AS batch,
       (j.config ->> 'compress_after')::interval AS compress_after,
       (j.config ->> 'drop_after')::interval AS drop_after,
       s.job_status = 'Running' AS running,
       nullif(s.last_run_started_at, '-infinity') AS server_started,
       nullif(s.last_successful_finish, '-infinity') AS server_succeeded,
       s.last_run_status = 'Success' AS server_ok,
       nullif(s.next_start, '-infinity') AS server_next,
       (SELECT e.err_message FROM timescaledb_information.job_errors AS e
        WHERE e.job_id = j.job_id ORDER BY e.start_time DESC LIMIT 1) AS server_error,
       r.known_since,
       r.started_at AS client_started,
       r.finished_at AS client_finished,
       r.error AS client_error,
       clock_timestamp() AS now
FROM timescaledb_information.jobs AS j
JOIN timescaledb_information.job_stats AS s USING (job_id)
LEFT JOIN public.ksys_job_run AS r USING (job_id)
WHERE j.job_id >= 1000
ORDER BY j.job_id;
