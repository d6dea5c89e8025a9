"""Where a database may differ from one that was just built, and is as good.

Definitions that also do stand in :mod:`ksys_app.ops.definitions`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MIN_TIMESCALEDB: Final = (2, 19)

CHUNK_INTERVAL: Final = (timedelta(days=1), timedelta(days=7))
"""The least and the most that a chunk may span: a day suits hundreds of tags, a week ten."""

REDUNDANT_INDEXES: Final = {
    "influx_hist_ts_idx": "influx_hist",
    "predictions_ts_idx": "predictions",
    "anomalies_ts_idx": "anomalies",
}
"""Index to relation. The schema does not make them: the keys start with the same column, ``ts``."""
