"""Minutes of a calculated tag for a preview, computed a second time with pandas (PRD §33.9)."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.alarms.calculated import Formula
from ksys_app.domain.alarms.times import MINUTE, SECOND
from ksys_app.domain.calculated_preview import minutes_of
from ksys_app.domain.expressions.parse import parse
from ksys_app.models.rule_preview import Samples

HOLDS = {"A": 60 * SECOND, "B": 300 * SECOND}
BAD = 1


def samples(chance: random.Random, every: int) -> Samples:
    at, value, qc = list[int](), list[float](), list[int]()
    time = chance.randint(0, 2 * every) * SECOND + 250_000
    while time < 9_000 * SECOND:
        at.append(time)
        value.append(chance.choice([np.nan, *[chance.uniform(-9, 9)] * 30]))
        qc.append(BAD if chance.random() < 0.03 else 0)
        time += chance.choice([every, every, 1, 900 if chance.random() < 0.03 else every]) * SECOND
    return Samples(at, value, qc)


def by_pandas(found: dict[str, Samples], start_us: int) -> pd.DataFrame:
    times = sorted({time for one in found.values() for time in one.at if time >= start_us})
    frame = pd.DataFrame({"at": np.array(times, dtype=np.int64)})
    for tag, one in found.items():
        values = np.where(np.array(one.qc) == BAD, np.nan, one.value)
        right = pd.DataFrame({"at": np.array(one.at, dtype=np.int64), tag: values})
        frame = pd.merge_asof(frame, right, on="at", tolerance=HOLDS[tag])
    frame["value"] = frame["A"] / frame["B"]
    frame = frame[np.isfinite(frame["value"]) & (frame["at"] // MINUTE * MINUTE >= start_us)]
    return frame.groupby(frame["at"] // MINUTE * 60)["value"].agg(["min", "max"])


@pytest.mark.parametrize("seed", range(20))
def test_random_samples_with_holes_have_the_minutes_that_pandas_computes(seed: int) -> None:
    chance = random.Random(seed)
    found = {"A": samples(chance, 7), "B": samples(chance, 45)}
    minutes = minutes_of(Formula(parse("A / B"), HOLDS), found, 610 * SECOND)
    wanted = by_pandas(found, 610 * SECOND)
    assert len(wanted) > 30
    assert minutes.at == list(wanted.index)
    assert minutes.low == wanted["min"].tolist()
    assert minutes.high == wanted["max"].tolist()


def test_a_tag_without_samples_leaves_no_minute() -> None:
    found = {"A": Samples([SECOND], [1.0], [0]), "B": Samples([], [], [])}
    minutes = minutes_of(Formula(parse("A / B"), HOLDS), found, 0)
    assert (minutes.at, minutes.low, minutes.high) == ([], [], [])
