"""Allowed differences between a database and a newly built one.

Allowed differences of definitions are in :mod:`ksys_app.ops.definitions`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ksys_app.domain.chunks import SPANS

MIN_TIMESCALEDB: Final = (2, 19)

CHUNK_INTERVAL: Final = (SPANS[-1], SPANS[0])
"""Shortest and longest span of a chunk."""
LONGER_CHUNKS: Final = {"alarm_journal": timedelta(days=30)}
"""Relation to its longest span of a chunk, if that is longer."""

REDUNDANT_INDEXES: Final = {
    "influx_hist_ts_idx": "influx_hist",
    "predictions_ts_idx": "predictions",
    "anomalies_ts_idx": "anomalies",
}
"""Index to relation. The schema does not create these indexes, because each primary key starts with
the same column, ``ts``. A database may have them."""
