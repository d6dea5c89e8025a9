-- TimescaleDB is required. The Toolkit is used where it is asked for (ksys db init --toolkit hands over
-- ksys.toolkit; PRD decision 11): what a server happens to offer does not decide what is computed.
CREATE EXTENSION IF NOT EXISTS timescaledb;

DO $$
BEGIN
  IF current_setting('ksys.toolkit', true) = 'on' THEN
    CREATE EXTENSION IF NOT EXISTS timescaledb_toolkit;
  END IF;
END
$$;
