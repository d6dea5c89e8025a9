"""The counters of a pool, for the metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Numbers of statements and of failures since the pool was opened."""

    statements: int = 0
    failures: int = 0
