"""Series of samples with everything that goes wrong in a plant, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from ksys_app.domain.alarms.times import SECOND
from ksys_app.models.alarms import AlarmSettings, Condition
from ksys_app.models.rows import QcRule

START_US = 1_750_000_000 * SECOND
IN_2099 = 4_070_908_800 * SECOND
GROUP = "mill"
"""The group of all tags, which can lose their source together."""
Arriving = tuple[int, float, int]
"""Time in microseconds, value and ``qc`` of a sample."""


@dataclass
class Series:
    """The samples of a tag in the order of their arrival, its rule and its settings."""

    rule: QcRule
    settings: dict[Condition, AlarmSettings] = field(default_factory=dict)
    samples: list[Arriving] = field(default_factory=list)


def series(seed: int, count: int) -> Series:
    """A series of ``count`` samples; every tenth tag has a slow clock, another one a fast clock."""
    chance = Random(seed)
    rule = _rule(chance, seed)
    found = Series(rule, _settings(chance))
    offset = {3: -600, 7: 30}.get(seed % 10, 0) * SECOND
    found.samples = list(_disturb(chance, rule, count, START_US + offset))
    return found


def until(all_series: list[Series]) -> int:
    """The last moment of the clock: the newest sample whose time can be true."""
    return max(ts for one in all_series for ts, _, _ in one.samples if ts < IN_2099) + 5 * SECOND


def _rule(chance: Random, seed: int) -> QcRule:
    def perhaps(value: float | None) -> float | None:
        return value if chance.random() < 0.8 else None

    return QcRule(
        f"T{seed:03}",
        min_val=perhaps(0.0),
        max_val=perhaps(100.0),
        warn_min=perhaps(20.0),
        warn_max=perhaps(80.0),
        crit_min=perhaps(10.0),
        crit_max=perhaps(90.0),
        allow_negative=chance.choice([None, False]),
        deadband_pct=chance.choice([None, 0.0, 1.0, 2.5]),
        max_gap_seconds=chance.choice([None, 30, 60]),
        meta={"group": GROUP},
    )


def _settings(chance: Random) -> dict[Condition, AlarmSettings]:
    names: list[Condition] = ["HIGH", "LOW", "INSTR", "GAP"]
    return {
        name: AlarmSettings(
            on_delay_s=chance.choice([None, 0, 2, 5.5, 20]),
            off_delay_s=chance.choice([None, 0, 3, 30]),
        )
        for name in names
        if chance.random() < 0.6
    }


def _disturb(chance: Random, rule: QcRule, count: int, ts: int) -> Iterator[Arriving]:
    edges = _edges(rule)
    period = chance.choice([1, 2, 5])
    value = 50.0
    for _ in range(count):
        luck = chance.random()
        ts += period * SECOND
        if luck < 0.06:
            ts += chance.choice([1, 7, 20, 30 - period, 60 - period, 61, 200]) * SECOND
        elif luck < 0.1:
            ts += chance.randrange(SECOND)
        if luck > 0.995:
            yield IN_2099 + ts % 97, 500.0, 0
        elif luck > 0.985:
            yield ts - chance.choice([0, 1, 30, 3600]) * period * SECOND, 500.0, 0
        value = _next(chance, value, edges)
        if 0.1 < luck < 0.13:
            yield ts, chance.choice([math.nan, math.inf, -math.inf]), 0
        elif luck < 0.16:
            yield ts, value, chance.choice([1, 2, 4 + 32, 64])
        else:
            yield ts, value, chance.choice([0, 0, 0, 32, 128, 256])
        if luck > 0.97:
            yield ts, 500.0, 0


def _edges(rule: QcRule) -> list[float]:
    """Values on a limit, and on its deadband."""
    band = (rule.deadband_pct or 0.0) if rule.min_val == 0 and rule.max_val == 100 else 0.0
    return [
        value
        for limit in (0.0, 10.0, 20.0, 80.0, 90.0, 100.0)
        for value in (limit, limit - band, limit + band, limit + math.copysign(1e-9, 50.0 - limit))
    ]


def _next(chance: Random, value: float, edges: list[float]) -> float:
    luck = chance.random()
    if luck < 0.7:
        return value
    if luck < 0.8:
        return chance.choice(edges)
    if luck < 0.9:
        return chance.uniform(-10, 110)
    return 50.0 if luck < 0.97 else chance.choice([95.0, 5.0, 85.0, 15.0, -3.0, 104.0])
