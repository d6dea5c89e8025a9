-- Chunks of seven days suit ten tags. ksys db init --tags N sets the interval for many tags. The
-- default index on ts is not created, because the primary key starts with ts.
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
