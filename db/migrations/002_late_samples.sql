-- How often late samples came, and which refused samples were read, for the journal of alarms.
ALTER TABLE public.tag_latest ADD COLUMN IF NOT EXISTS late_count bigint NOT NULL DEFAULT 0;
ALTER TABLE IF EXISTS public.alarm_lease ADD COLUMN IF NOT EXISTS refused_to timestamptz;
