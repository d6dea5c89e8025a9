"""A tick of the live feed with rows and rules of the test, and a handler that collects the log."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from ksys_app.models.rows import Spark, StoredRule, TileRow
from ksys_app.queries.aggregates import DayZone
from ksys_app.utils.cache import Answer

NOW = datetime(2025, 8, 15, 7, 26, 11, tzinfo=UTC)
EMPTY: Any = dict.fromkeys(StoredRule.__slots__)
RULE = StoredRule(
    **EMPTY
    | {"tag_name": "D100", "enabled": True, "min_val": 0.0, "max_val": 200.0, "warn_max": 195.0}
    | {"crit_max": 198.0, "deadband_pct": 1.0}
)


def row(tag: str, value: float | None = 190.0) -> TileRow:
    has_value = value is not None
    return TileRow(
        tag_name=tag,
        now=NOW,
        value=value,
        ts=NOW - timedelta(seconds=4) if has_value else None,
        count=int(has_value),
        min=value,
        max=value,
        first=value,
        last=value,
        prev_last=value,
        prev_value=None,
        prev_ts=None,
        recent_mean=None,
        recent_std=None,
        exp_per_min=12,
    )


class Rows:
    """Returns the test's rows for the queries of a tick, in place of a database.

    It knows no job of the database, so every window has its own buckets alone.
    """

    def __init__(self) -> None:
        self.rules: tuple[StoredRule, ...] = (RULE,)
        self.tiles: tuple[TileRow, ...] = (row("D100"), row("D101"), row("D302", None))
        self.sparks = {"D100": Spark("D100", [0.0, 0.06, 0.5], [1.0, 2.0, 3.0])}
        self.error: Exception | None = None
        self.caps: list[object] = []
        self.takes_s = 0.0

    async def fetch_cached(
        self,
        _kind: str,
        _model: type,
        _statement: object,
        params: dict[str, Any],
        *,
        name: str,
        key: object = None,
    ) -> Answer[Any]:
        assert (key is not None) == (name == "tiles")
        if name == "day_zone":
            return Answer((DayZone("Asia/Seoul"),), 1, 1)
        if name == "jobs":
            return Answer((), 0, 1)
        if name == "sparks":
            return Answer(tuple(self.sparks.values()), len(self.sparks), 1)
        assert name == "tiles"
        await asyncio.sleep(self.takes_s)
        self.caps.append(params["cap"])
        tags = params["tags"]
        chosen = [row for row in self.tiles if tags is None or row.tag_name in tags]
        tiles = tuple(chosen[: params["cap"]])
        stale = self.error is not None
        return Answer(tiles, len(tiles), 1_755_242_771_000, stale, self.error, 12.0 * stale)

    async def fetch_versioned(
        self, *_arguments: object, name: str, **_options: object
    ) -> Answer[Any]:
        if name == "tags":
            return Answer((), len(self.tiles), 1)
        if name == "calculated":
            return Answer((), 0, 1)
        assert name == "rules"
        return Answer(self.rules, len(self.rules), 1)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.of: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.of.append((record.levelno, record.getMessage()))

    def named(self, event: str) -> list[str]:
        return [line for _, line in self.of if line.split()[0] == event]
