"""A sample on its way into the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class NewSample(NamedTuple):
    """A sample to be written; ``ts`` has a zone, ``meta`` is None where the source says nothing."""

    ts: datetime
    tag_name: str
    value: float
    qc: int = 0
    meta: dict[str, Any] | None = None
