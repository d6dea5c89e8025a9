-- The primary keys are the unique indexes, with the names of the specification. The indexes
-- influx_hist_ts_idx, predictions_ts_idx and anomalies_ts_idx are left out, because the keys start with
-- the same column.
CREATE INDEX IF NOT EXISTS idx_hist_tag_ts ON public.influx_hist (tag_name, ts DESC);
CREATE INDEX IF NOT EXISTS idx_pred_tag_ts ON public.predictions (tag_name, ts DESC);
CREATE INDEX IF NOT EXISTS anomalies_tag_ts_desc ON public.anomalies (tag_name, ts DESC);
CREATE INDEX IF NOT EXISTS ingest_reject_tag_received
  ON public.ingest_reject (tag_name, received_at DESC);
CREATE INDEX IF NOT EXISTS ingest_reject_received ON public.ingest_reject (received_at DESC);
CREATE INDEX IF NOT EXISTS ingest_reject_ahead ON public.ingest_reject (ts) WHERE reason = 'AHEAD';
