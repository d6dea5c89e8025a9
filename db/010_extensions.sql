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

-- A refresh of an aggregate on an aggregate evaluates the finer one's watermark for each row of a
-- sequential scan, which takes microseconds, and TimescaleDB says that it costs as much as an operator.
-- With the true cost the planner reads by the index, and evaluates it once: a refresh over most of a
-- chunk takes a tenth of the time. An upgrade of TimescaleDB may set the cost back; run this file again.
DO $$
BEGIN
  IF (SELECT procost < 100 FROM pg_proc
      WHERE oid = to_regprocedure('_timescaledb_functions.cagg_watermark(integer)')) THEN
    ALTER FUNCTION _timescaledb_functions.cagg_watermark(integer) COST 100;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'only a superuser may tell the planner the cost of cagg_watermark; refreshes of hours '
               'and days take longer where samples are late';
END
$$;
