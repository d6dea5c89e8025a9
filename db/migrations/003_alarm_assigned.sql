-- Who has taken an alarm over, and when.
ALTER TABLE IF EXISTS public.alarm_state ADD COLUMN IF NOT EXISTS assigned_to text NOT NULL DEFAULT '';
ALTER TABLE IF EXISTS public.alarm_state ADD COLUMN IF NOT EXISTS assigned_at timestamptz;
