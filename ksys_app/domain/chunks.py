"""The time that a chunk covers, from the number of tags, their rate and the memory (PRD §12.1).

TimescaleDB's rule: the indexes of the chunks that are being written, of all hypertables together,
fit in 25 % of the memory (its page "Size hypertable chunks"). An index that does not fit is read
from the disk and written back all the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

SPANS: Final = tuple(timedelta(hours=hours) for hours in (7 * 24, 3 * 24, 24, 12, 6))
"""The spans of a chunk of ``influx_hist``. A span ends at midnight UTC, and a year of 6 hours is
1,460 chunks: more would slow the planning of every query."""
AGGREGATE_FACTOR: Final = 10
"""A chunk of a fine aggregate covers ten times the time of a chunk of samples, which is the default
of TimescaleDB."""

# Bytes of both indexes for each row, measured: 102 to 133 in influx_hist, 54 to 100 in aggregates.
SAMPLE_BYTES: Final = 130
BUCKET_BYTES: Final = 80
# Buckets of a tag in a second in influx_agg_1m, features_5m and influx_agg_10m together.
BUCKETS_S: Final = 1 / 60 + 1 / 300 + 1 / 600


@dataclass(frozen=True, slots=True)
class Load:
    """What is written into a database, and how much memory its indexes may take.

    Attributes:
        tags: number of tags.
        rate: samples of a tag in a second.
        measured: whether the rate was measured in the database.
        memory: 25 % of the memory, bytes.
    """

    tags: int
    rate: float
    measured: bool
    memory: int

    @property
    def rows_s(self) -> float:
        """Samples of all tags in a second."""
        return self.tags * self.rate


def index_bytes(load: Load, span: timedelta) -> int:
    """Bytes of the indexes of the chunks being written, if a chunk of samples covers ``span``."""
    seconds = span.total_seconds()
    buckets = load.tags * BUCKETS_S * AGGREGATE_FACTOR * BUCKET_BYTES
    return round(seconds * (load.rows_s * SAMPLE_BYTES + buckets))


def span_for(load: Load) -> timedelta:
    """The longest span whose indexes fit in the memory; the shortest span if none fits."""
    return next((span for span in SPANS if index_bytes(load, span) <= load.memory), SPANS[-1])


def does_fit(load: Load, span: timedelta) -> bool:
    """Whether a span needs no change: its indexes fit, and the best span is not 4 times as long.

    A span that is slightly short costs little, and a new span applies to new chunks only.
    """
    best = span_for(load)
    return best / 4 < span <= best
