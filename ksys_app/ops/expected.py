"""The schema a database should have, in one place: what ``ksys db verify`` holds it against.

The SQL files of ``db/`` make it, the statements of ``db/verify/`` read it back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, NamedTuple

# What keeps the schema alive: the app judges it as well.
from ksys_app.domain.upkeep import COMPRESSION as COMPRESSION
from ksys_app.domain.upkeep import HYPERTABLES as HYPERTABLES
from ksys_app.domain.upkeep import INDICATORS_EVERY as INDICATORS_EVERY
from ksys_app.domain.upkeep import INDICATORS_JOB as INDICATORS_JOB
from ksys_app.domain.upkeep import INDICATORS_SPAN as INDICATORS_SPAN
from ksys_app.domain.upkeep import REFRESH as REFRESH
from ksys_app.domain.upkeep import RETENTION as RETENTION
from ksys_app.domain.upkeep import TRIGGERS as TRIGGERS

Kind = Literal["table", "view", "materialized view", "aggregate"]
Columns = dict[str, str]

MIN_TIMESCALEDB: Final = (2, 19)

TS: Final = "timestamp with time zone"
FLOAT: Final = "double precision"
REQUIRED: Final = " not null"

_AGGREGATE: Final[Columns] = {
    "bucket": TS,
    "tag_name": "text",
    "n": "bigint",
    "avg": FLOAT,
    "sum": FLOAT,
    "min": FLOAT,
    "max": FLOAT,
    "last": FLOAT,
    "first": FLOAT,
    "diff": FLOAT,
}

# Functions for other readers, with their arguments.
READERS: Final = {
    "eco_tags": "",
    "eco_comm_heatmap": "first_day date, tag text, display_zone text",
    "eco_comm_outages": "first_day date, tag text, display_zone text",
}

QC_COLUMNS: Final[Columns] = {
    "tag_name": "text" + REQUIRED,
    "min_val": FLOAT,
    "max_val": FLOAT,
    "max_step": FLOAT,
    "max_gap_seconds": "integer",
    "allow_negative": "boolean",
    "enabled": "boolean",
    "meta": "jsonb",
    "warn_min": FLOAT,
    "warn_max": FLOAT,
    "crit_min": FLOAT,
    "crit_max": FLOAT,
    "roc_max_per_min": FLOAT,
    "spike_zscore": FLOAT,
    "deadband_pct": FLOAT,
}

TABLES: Final[dict[str, Columns]] = {
    "influx_hist": {
        "ts": TS + REQUIRED,
        "tag_name": "text" + REQUIRED,
        "value": FLOAT + REQUIRED,
        "qc": "smallint",
        "meta": "jsonb",
    },
    "ingest_reject": {
        "received_at": TS + REQUIRED,
        "ts": TS,
        "tag_name": "text",
        "value": FLOAT,
        "qc": "smallint",
        "meta": "jsonb",
        "reason": "text" + REQUIRED,
        "source": "text" + REQUIRED,
    },
    "influx_qc_rule": QC_COLUMNS,
    "predictions": {
        "ts": TS + REQUIRED,
        "tag_name": "text" + REQUIRED,
        "horizon": "interval" + REQUIRED,
        "yhat": FLOAT + REQUIRED,
        "pi_low": FLOAT,
        "pi_high": FLOAT,
        "model_id": "text" + REQUIRED,
        "version": "text" + REQUIRED,
        "features": "jsonb",
    },
    "anomalies": {
        "ts": TS + REQUIRED,
        "tag_name": "text" + REQUIRED,
        "score": FLOAT + REQUIRED,
        "level": "text" + REQUIRED,
        "context": "jsonb",
    },
    "ingest_expectation": {
        "tag_name": "text" + REQUIRED,
        "exp_per_min": "integer" + REQUIRED,
        "slo_warn": "numeric" + REQUIRED,
        "slo_crit": "numeric" + REQUIRED,
        "updated_at": TS,
    },
    "tag_latest": {
        "tag_name": "text" + REQUIRED,
        "value": FLOAT + REQUIRED,
        "ts": TS + REQUIRED,
        "first_ts": TS + REQUIRED,
    },
    "tag_recheck": {"tag_name": "text" + REQUIRED, "since": TS + REQUIRED},
    "ksys_job_run": {
        "job_id": "integer" + REQUIRED,
        "known_since": TS + REQUIRED,
        "started_at": TS,
        "finished_at": TS,
        "error": "text",
    },
    "ksys_migration": {
        "name": "text" + REQUIRED,
        "sha256": "text" + REQUIRED,
        "applied_at": TS + REQUIRED,
    },
    "ksys_kept": {"name": "text" + REQUIRED, "since": TS + REQUIRED},
}

VIEWS: Final[dict[str, Columns]] = {
    "influx_agg_1m": _AGGREGATE,
    "influx_agg_10m": _AGGREGATE,
    "influx_agg_1h": _AGGREGATE,
    "influx_agg_1d": _AGGREGATE,
    "features_5m": {
        "bucket": TS,
        "tag_name": "text",
        "mean_5m": FLOAT,
        "std_5m": FLOAT,
        "min_5m": FLOAT,
        "max_5m": FLOAT,
        "p10_5m": FLOAT,
        "p90_5m": FLOAT,
        "n_5m": "bigint",
    },
    "comm_recv_1h": {
        "bucket": TS,
        "tag_name": "text",
        "recv_msgs": "bigint",
        "last_seen_min": TS,
    },
    "comm_success_1h": {
        "bucket": TS,
        "tag_name": "text",
        "recv_msgs": "bigint",
        "exp_msgs": "bigint",
        "success_rate": "numeric",
        "missing_msgs": "bigint",
        "last_seen_min": TS,
    },
    "tech_ind_1m_mv": {
        "bucket": TS,
        "tag_name": "text",
        "avg": FLOAT,
        "sma_10": FLOAT,
        "sma_60": FLOAT,
        "bb_top": FLOAT,
        "bb_bot": FLOAT,
        "slope_60": FLOAT,
    },
    "influx_latest": {"tag_name": "text", "value": FLOAT, "ts": TS},
    "influx_live": {"tag_name": "text", "ts": TS, "value": FLOAT, "qc": "smallint"},
}

PRIMARY_KEYS: Final = {
    "influx_hist": "ts, tag_name",
    "influx_qc_rule": "tag_name",
    "predictions": "ts, tag_name, horizon, model_id, version",
    "anomalies": "ts, tag_name",
    "ingest_expectation": "tag_name",
    "tag_latest": "tag_name",
    "tag_recheck": "tag_name",
    "ksys_job_run": "job_id",
    "ksys_migration": "name",
    "ksys_kept": "name",
}


class Index(NamedTuple):
    """An index by name; ``redundant``: an index that starts with the same columns does as well."""

    relation: str
    columns: str
    unique: bool = False
    redundant: bool = False


INDEXES: Final = {
    "influx_hist_pkey": Index("influx_hist", "ts, tag_name", unique=True),
    "idx_hist_tag_ts": Index("influx_hist", "tag_name, ts DESC"),
    "influx_hist_ts_idx": Index("influx_hist", "ts DESC", redundant=True),
    "ingest_reject_tag_received": Index("ingest_reject", "tag_name, received_at DESC"),
    "ingest_reject_received": Index("ingest_reject", "received_at DESC"),
    "ingest_reject_ahead": Index("ingest_reject", "ts"),
    "predictions_pkey": Index(
        "predictions", "ts, tag_name, horizon, model_id, version", unique=True
    ),
    "idx_pred_tag_ts": Index("predictions", "tag_name, ts DESC"),
    "predictions_ts_idx": Index("predictions", "ts DESC", redundant=True),
    "anomalies_pkey": Index("anomalies", "ts, tag_name", unique=True),
    "anomalies_tag_ts_desc": Index("anomalies", "tag_name, ts DESC"),
    "anomalies_ts_idx": Index("anomalies", "ts DESC", redundant=True),
    "tech_ind_1m_mv_tag_bucket": Index("tech_ind_1m_mv", "tag_name, bucket DESC", unique=True),
}

# A day suits hundreds of tags, a week ten.
CHUNK_INTERVAL: Final = (timedelta(days=1), timedelta(days=7))


USABLE: Final = "influx_hist_usable"
"""The constraint of ``influx_hist`` that only usable samples meet (PRD §4.9)."""

ROLE_SETTINGS: Final = {
    "eco_ro": (
        "default_transaction_read_only=on",
        "statement_timeout=30s",
        "idle_in_transaction_session_timeout=60s",
        "plan_cache_mode=force_custom_plan",
        "jit=off",
        "TimeZone=UTC",
    ),
    "eco_rw": ("plan_cache_mode=force_custom_plan", "jit=off", "TimeZone=UTC"),
}


def privileges(role: str, relation: str) -> frozenset[str]:
    """What a role may do with a relation, exactly."""
    if role == "eco_rw" and relation in ("influx_hist", "predictions", "anomalies"):
        return frozenset({"SELECT", "INSERT", "UPDATE"})
    if role == "eco_rw" and relation == "ingest_reject":
        return frozenset({"SELECT", "INSERT"})
    if role == "eco_rw" and relation in ("influx_qc_rule", "ingest_expectation"):
        return frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
    return frozenset({"SELECT"})


def kind(relation: str) -> Kind:
    """What sort of relation a name stands for."""
    if relation in TABLES:
        return "table"
    if relation in REFRESH:
        return "aggregate"
    return "materialized view" if relation == "tech_ind_1m_mv" else "view"
