-- The tables. Names, columns, defaults and keys are those of the plant's specification.

CREATE TABLE IF NOT EXISTS public.influx_hist (
  ts timestamptz NOT NULL,
  tag_name text NOT NULL,
  value double precision NOT NULL,
  qc smallint DEFAULT 0,
  meta jsonb DEFAULT '{}'::jsonb,
  PRIMARY KEY (ts, tag_name)
);

-- PRD decision 31: rows that were written to influx_hist but are no usable samples, with the reason.
-- received_at is the database's clock; every other column may have any value that the writer sent.
CREATE TABLE IF NOT EXISTS public.ingest_reject (
  received_at timestamptz NOT NULL DEFAULT now(),
  ts timestamptz,
  tag_name text,
  value double precision,
  qc smallint,
  meta jsonb,
  reason text NOT NULL,
  source text NOT NULL DEFAULT 'insert'
);

CREATE TABLE IF NOT EXISTS public.influx_qc_rule (
  tag_name text PRIMARY KEY,
  min_val double precision,
  max_val double precision,
  max_step double precision,
  max_gap_seconds integer,
  allow_negative boolean,
  enabled boolean,
  meta jsonb DEFAULT '{}'::jsonb,
  warn_min double precision,
  warn_max double precision,
  crit_min double precision,
  crit_max double precision,
  roc_max_per_min double precision,
  spike_zscore double precision,
  deadband_pct double precision
);

CREATE TABLE IF NOT EXISTS public.predictions (
  ts timestamptz NOT NULL,
  tag_name text NOT NULL,
  horizon interval NOT NULL,
  yhat double precision NOT NULL,
  pi_low double precision,
  pi_high double precision,
  model_id text NOT NULL,
  version text NOT NULL,
  features jsonb DEFAULT '{}'::jsonb,
  PRIMARY KEY (ts, tag_name, horizon, model_id, version)
);

CREATE TABLE IF NOT EXISTS public.anomalies (
  ts timestamptz NOT NULL,
  tag_name text NOT NULL,
  score double precision NOT NULL,
  level text NOT NULL,
  context jsonb DEFAULT '{}'::jsonb,
  PRIMARY KEY (ts, tag_name)
);

CREATE TABLE IF NOT EXISTS public.ingest_expectation (
  tag_name text PRIMARY KEY,
  exp_per_min integer NOT NULL DEFAULT 1,
  slo_warn numeric NOT NULL DEFAULT 0.98,
  slo_crit numeric NOT NULL DEFAULT 0.95,
  updated_at timestamptz DEFAULT now()
);

-- PRD decision 25: the newest and the first sample of each tag; triggers on influx_hist update it.
-- late_count: how often samples came that were not newer than the newest.
CREATE TABLE IF NOT EXISTS public.tag_latest (
  tag_name text PRIMARY KEY,
  value double precision NOT NULL,
  ts timestamptz NOT NULL,
  first_ts timestamptz NOT NULL,
  late_count bigint NOT NULL DEFAULT 0
);

-- PRD decision 33: tags whose newest or first sample was deleted. The job settle_tags reads their
-- samples again.
CREATE TABLE IF NOT EXISTS public.tag_recheck (
  tag_name text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);

-- Runs of jobs by a client; run_job itself records nothing.
CREATE TABLE IF NOT EXISTS public.ksys_job_run (
  job_id integer PRIMARY KEY,
  known_since timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  error text
);

-- The files of db/migrations/ that were applied to this database.
CREATE TABLE IF NOT EXISTS public.ksys_migration (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- Objects of the plant that ksys db init leaves unchanged (PRD §12.5): the name of an aggregate, or
-- "policies". Also refreshes with a shorter range than ours, because the plant keeps raw samples for a
-- shorter time, for example "refresh influx_agg_1m".
CREATE TABLE IF NOT EXISTS public.ksys_kept (
  name text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);
