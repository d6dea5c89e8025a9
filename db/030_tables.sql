-- The tables; names, columns, defaults and keys are the plant's.

CREATE TABLE IF NOT EXISTS public.influx_hist (
  ts timestamptz NOT NULL,
  tag_name text NOT NULL,
  value double precision NOT NULL,
  qc smallint DEFAULT 0,
  meta jsonb DEFAULT '{}'::jsonb,
  PRIMARY KEY (ts, tag_name)
);

-- PRD decision 31: what was written to influx_hist and is no usable sample, with the reason. Any
-- column but received_at, the database's own clock, may be as broken as the row was.
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

-- PRD decision 25: the newest and the first sample of each tag; kept by triggers on influx_hist.
CREATE TABLE IF NOT EXISTS public.tag_latest (
  tag_name text PRIMARY KEY,
  value double precision NOT NULL,
  ts timestamptz NOT NULL,
  first_ts timestamptz NOT NULL
);

-- PRD decision 33: tags whose newest or first sample was deleted. The job settle_tags reads them again.
CREATE TABLE IF NOT EXISTS public.tag_recheck (
  tag_name text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);

-- What the client-side job runner did; run_job records nothing of its own.
CREATE TABLE IF NOT EXISTS public.ksys_job_run (
  job_id integer PRIMARY KEY,
  known_since timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  error text
);

-- The files of db/migrations/ that this database has had.
CREATE TABLE IF NOT EXISTS public.ksys_migration (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- What ksys db init leaves as the plant has it (PRD §12.5): an aggregate by its name, or "policies"; and
-- refreshes that are shorter than ours because raw samples are, "refresh influx_agg_1m" for example.
CREATE TABLE IF NOT EXISTS public.ksys_kept (
  name text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);
