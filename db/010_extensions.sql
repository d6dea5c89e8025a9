-- TimescaleDB is required; the Toolkit is used where the server offers it (PRD decision 11).
CREATE EXTENSION IF NOT EXISTS timescaledb;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb_toolkit') THEN
    CREATE EXTENSION IF NOT EXISTS timescaledb_toolkit;
  END IF;
END
$$;
