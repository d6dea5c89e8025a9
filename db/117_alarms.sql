-- Alarms (PRD §32.3): the journal of what happened, the present state of each alarm, the settings of each
-- condition, and what the worker remembers. The worker writes as eco_alarm; people act through the functions
-- of schema ksys.

-- ts: when it happened, in the tag's own time. recorded_at: when the row was written. raised_at: the episode,
-- that is the time of its RAISE; for a row without an episode it is ts. via: the session's user.
-- Rows with the same key are the same event, so writing an event twice changes nothing.
CREATE TABLE IF NOT EXISTS public.alarm_journal (
  ts timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  tag_name text NOT NULL,
  condition text NOT NULL,
  level text NOT NULL DEFAULT '',
  raised_at timestamptz NOT NULL,
  event text NOT NULL,
  priority smallint,
  value double precision,
  limit_value double precision,
  deadband double precision,
  quality text NOT NULL DEFAULT '',
  rule_version integer,
  actor text NOT NULL DEFAULT '',
  via text NOT NULL DEFAULT session_user,
  station text NOT NULL DEFAULT '',
  comment text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  data jsonb NOT NULL DEFAULT '{}'::jsonb,
  epoch bigint
);
SELECT create_hypertable('public.alarm_journal', by_range('ts', interval '30 days'),
                         create_default_indexes => false, if_not_exists => true);
CREATE UNIQUE INDEX IF NOT EXISTS alarm_journal_event
  ON public.alarm_journal (ts, tag_name, condition, raised_at, event);
CREATE INDEX IF NOT EXISTS alarm_journal_tag_ts ON public.alarm_journal (tag_name, ts DESC);

-- One row for each condition that has raised, or that somebody acted on. process: what the samples say; ack
-- and latched: what people did; shelved, designed (suppressed by a rule) and oos (out of service): why it is
-- not shown. assigned_to: who has taken the alarm over. seq: pages ask for rows after the sequence number that they have.
CREATE TABLE IF NOT EXISTS public.alarm_state (
  tag_name text NOT NULL,
  condition text NOT NULL,
  process text NOT NULL DEFAULT 'norm' CHECK (process IN ('norm', 'pend', 'act', 'clr')),
  level text NOT NULL DEFAULT '',
  priority smallint NOT NULL DEFAULT 3,
  raised_at timestamptz,
  cleared_at timestamptz,
  ack text NOT NULL DEFAULT 'none' CHECK (ack IN ('none', 'unacked', 'acked')),
  acked_at timestamptz,
  acked_by text NOT NULL DEFAULT '',
  ack_comment text NOT NULL DEFAULT '',
  latched boolean NOT NULL DEFAULT false,
  shelved_until timestamptz,
  shelved_kind text CHECK (shelved_kind IN ('timed', 'one_shot')),
  shelved_by text NOT NULL DEFAULT '',
  shelved_reason text NOT NULL DEFAULT '',
  designed_by text,
  oos_by text,
  oos_reason text NOT NULL DEFAULT '',
  oos_at timestamptz,
  count integer NOT NULL DEFAULT 0,
  value double precision,
  limit_value double precision,
  quality text NOT NULL DEFAULT '',
  rule_version integer,
  seq bigint NOT NULL DEFAULT 0,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  assigned_to text NOT NULL DEFAULT '',
  assigned_at timestamptz,
  PRIMARY KEY (tag_name, condition)
);
CREATE INDEX IF NOT EXISTS alarm_state_seq ON public.alarm_state (seq);
CREATE SEQUENCE IF NOT EXISTS public.alarm_seq;

-- What the worker remembers of a tag. seen_ts: newest judged sample. reached_ts: the tag's time until which
-- it is judged. lag_s: how old the newest sample was when it was read. late_count: that of tag_latest,
-- as far as it is noted. memory: domain.alarms.tag.
CREATE TABLE IF NOT EXISTS public.alarm_cursor (
  tag_name text PRIMARY KEY,
  seen_ts timestamptz,
  reached_ts timestamptz,
  lag_s double precision NOT NULL DEFAULT 0,
  late_count bigint NOT NULL DEFAULT 0,
  memory jsonb NOT NULL DEFAULT '{}'::jsonb
);

-- What the worker remembers of a group whose tags may fall silent together (domain.alarms.source).
CREATE TABLE IF NOT EXISTS public.alarm_source (
  group_name text PRIMARY KEY,
  memory jsonb NOT NULL DEFAULT '{}'::jsonb
);

-- Settings of a condition of a tag. Without a row, or where a column is NULL, the defaults of PRD §32.1 hold.
CREATE TABLE IF NOT EXISTS public.alarm_rule (
  tag_name text NOT NULL,
  condition text NOT NULL CHECK (condition IN ('HIGH', 'LOW', 'INSTR', 'GAP', 'STEP', 'RATE', 'SPIKE')),
  priority smallint CHECK (priority >= 1 AND priority <= 4),
  on_delay_s double precision CHECK (on_delay_s >= 0 AND on_delay_s <= 86400),
  off_delay_s double precision CHECK (off_delay_s >= 0 AND off_delay_s <= 86400),
  latch boolean,
  ack boolean,
  realarm_s double precision CHECK (realarm_s > 0),
  message text NOT NULL DEFAULT '',
  cause text NOT NULL DEFAULT '',
  consequence text NOT NULL DEFAULT '',
  response text NOT NULL DEFAULT '',
  group_name text NOT NULL DEFAULT '',
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tag_name, condition)
);

-- Who evaluates: one row, whose epoch grows with each holder. A worker writes only while the epoch is its own.
-- evaluated_to: the moment of the database's clock until which every tag is judged. refused_to: when the
-- newest refused sample that was read had been received.
CREATE TABLE IF NOT EXISTS public.alarm_lease (
  name text PRIMARY KEY CHECK (name = 'alarms'),
  holder text NOT NULL DEFAULT '',
  epoch bigint NOT NULL DEFAULT 0,
  until timestamptz NOT NULL DEFAULT '-infinity',
  evaluated_to timestamptz,
  refused_to timestamptz
);
INSERT INTO public.alarm_lease (name) VALUES ('alarms') ON CONFLICT (name) DO NOTHING;

-- Messages about alarms (PRD §32.10). The worker adds them with the rows of the journal that they are about (ts,
-- tag_name, condition, raised_at and event are its key); `ksys notify run` sends them. Recipients are nobody
-- else's business, so the table is in schema ksys. purpose: tell, clear, or escalate. wanted_at: when it is to
-- be sent first; due_at: when next. sent_at or ended_at: nothing is left to do, and error says why it was not sent.
CREATE TABLE IF NOT EXISTS ksys.alarm_outbox (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  ts timestamptz NOT NULL,
  tag_name text NOT NULL,
  condition text NOT NULL,
  raised_at timestamptz NOT NULL,
  event text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('tell', 'clear', 'escalate')),
  route text NOT NULL,
  recipient text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  wanted_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  sent_at timestamptz,
  ended_at timestamptz,
  error text NOT NULL DEFAULT '',
  dedupe_key text NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS alarm_outbox_due ON ksys.alarm_outbox (due_at)
  WHERE sent_at IS NULL AND ended_at IS NULL;
CREATE INDEX IF NOT EXISTS alarm_outbox_episode ON ksys.alarm_outbox (tag_name, condition, raised_at);
CREATE INDEX IF NOT EXISTS alarm_outbox_sent ON ksys.alarm_outbox (recipient, sent_at);
CREATE INDEX IF NOT EXISTS alarm_outbox_settled ON ksys.alarm_outbox (GREATEST(sent_at, ended_at));

-- Which routes told of what, for everybody who may read alarms: without the recipients, and without the errors,
-- in which a mail server names recipients. settled_at: when it was sent, given up or found not to be needed.
CREATE OR REPLACE VIEW public.alarm_message AS
SELECT o.tag_name, o.condition, o.raised_at, o.ts, o.event, o.purpose, o.route, o.wanted_at, o.due_at,
       GREATEST(o.sent_at, o.ended_at) AS settled_at,
       CASE
         WHEN o.sent_at IS NOT NULL THEN 'sent'
         WHEN o.ended_at IS NULL AND o.error = '' THEN 'waiting'
         WHEN o.ended_at IS NULL THEN 'failing'
         WHEN o.attempt > 0 AND o.ended_at - o.wanted_at >= interval '24 hours' THEN 'given_up'
         ELSE 'not_needed'
       END AS state
FROM ksys.alarm_outbox AS o;

-- Nobody changes what was recorded, not even the owner by mistake. Chunks may be compressed.
CREATE OR REPLACE FUNCTION public.keep_alarm_journal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'alarm_journal is append-only: % is not allowed', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Transactions that change alarm_state end one after the other, so that no row appears with a smaller number
-- than a page has already seen. Lock the rows first, in the order of the key, and change them afterwards.
CREATE OR REPLACE FUNCTION public.order_alarm_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('public.alarm_state', 0));
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION public.number_alarm_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.seq := nextval('public.alarm_seq');
  NEW.changed_at := clock_timestamp();
  RETURN NEW;
END
$$;

DO $do$
DECLARE
  wanted record;
  old_job integer;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('keep_alarm_journal', 'alarm_journal', 'UPDATE OR DELETE OR TRUNCATE', 'STATEMENT'),
      ('order_alarm_state', 'alarm_state', 'INSERT OR UPDATE', 'STATEMENT'),
      ('number_alarm_state', 'alarm_state', 'INSERT OR UPDATE', 'ROW')
    ) AS t (name, relation, occasion, each)
    WHERE NOT EXISTS (SELECT FROM pg_trigger
                      WHERE tgrelid = format('public.%I', t.relation)::regclass AND tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %1$I BEFORE %3$s ON public.%2$I FOR EACH %4$s'
                   ' EXECUTE FUNCTION public.%1$I()',
                   wanted.name, wanted.relation, wanted.occasion, wanted.each);
  END LOOP;

  -- Settings belong to the limits of a tag: 114_rule_history.sql records their changes.
  FOR wanted IN
    SELECT * FROM (VALUES
      ('record_alarm_rule_write', 'AFTER INSERT OR DELETE', 'FOR EACH ROW'),
      ('record_alarm_rule_update', 'AFTER UPDATE',
       'FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)'),
      ('record_alarm_rule_truncate', 'BEFORE TRUNCATE', 'FOR EACH STATEMENT')
    ) AS t (name, occasion, rows)
    WHERE NOT EXISTS (SELECT FROM pg_trigger
                      WHERE tgrelid = 'public.alarm_rule'::regclass AND tgname = t.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I %s ON public.alarm_rule %s EXECUTE FUNCTION public.record_rule()',
                   wanted.name, wanted.occasion, wanted.rows);
  END LOOP;

  -- The journal is compressed after 90 days and never dropped. A policy with other values is replaced.
  IF NOT (SELECT compression_enabled FROM timescaledb_information.hypertables
          WHERE hypertable_schema = 'public' AND hypertable_name = 'alarm_journal') THEN
    ALTER TABLE public.alarm_journal SET (
      timescaledb.compress,
      timescaledb.compress_segmentby = 'tag_name',
      timescaledb.compress_orderby = 'ts DESC'
    );
  END IF;
  IF NOT EXISTS (SELECT FROM public.ksys_kept WHERE name = 'policies') THEN
    FOR old_job IN
      SELECT job_id FROM timescaledb_information.jobs
      WHERE (hypertable_schema, hypertable_name, proc_name) = ('public', 'alarm_journal', 'policy_compression')
        AND ((config ->> 'compress_after')::interval, schedule_interval)
            IS DISTINCT FROM (interval '90 days', interval '12 hours')
    LOOP
      PERFORM delete_job(old_job);
    END LOOP;
  END IF;
  PERFORM add_compression_policy('public.alarm_journal', compress_after => interval '90 days',
                                 schedule_interval => interval '12 hours', if_not_exists => true);
END
$do$;
