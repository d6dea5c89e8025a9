-- TimescaleDB is required. The Toolkit is used only on request (ksys db init --toolkit sets ksys.toolkit;
-- PRD decision 11), so that the results do not depend on what a server has installed.
CREATE EXTENSION IF NOT EXISTS timescaledb;

DO $$
BEGIN
  IF current_setting('ksys.toolkit', true) = 'on' THEN
    CREATE EXTENSION IF NOT EXISTS timescaledb_toolkit;
  END IF;
END
$$;
