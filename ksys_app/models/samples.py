"""A sample that is written to the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class NewSample(NamedTuple):
    """A sample to write; ``ts`` has a zone, ``meta`` is None if the source has none."""

    ts: datetime
    tag_name: str
    value: float
    qc: int = 0
    meta: dict[str, Any] | None = None
