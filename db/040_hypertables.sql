-- Chunks of seven days suit ten tags; set_chunk_time_interval to one day suits hundreds. The default
-- index on ts alone would repeat the primary key, which starts with ts, so it is not made.
SELECT create_hypertable('public.influx_hist', by_range('ts', interval '7 days'),
                         create_default_indexes => false, if_not_exists => true,
                         migrate_data => true);
SELECT create_hypertable('public.predictions', by_range('ts', interval '7 days'),
                         create_default_indexes => false, if_not_exists => true,
                         migrate_data => true);
SELECT create_hypertable('public.anomalies', by_range('ts', interval '7 days'),
                         create_default_indexes => false, if_not_exists => true,
                         migrate_data => true);
SELECT create_hypertable('public.ingest_reject', by_range('received_at', interval '7 days'),
                         create_default_indexes => false, if_not_exists => true,
                         migrate_data => true);
