"""Usable samples, and the reasons why others are not usable."""

from __future__ import annotations

import math
import struct
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain.ingest import EARLIEST, MAX_MAGNITUDE, MIN_MAGNITUDE, Unusable, unusable
from ksys_app.ops.files.rejects import Rejects
from ksys_app.ops.files.samplefile import UNUSABLE, opened
from ksys_app.ops.recovery.batches import Batches

LATEST = datetime(2026, 8, 14, 3, 8, 11, tzinfo=UTC)
TICK = timedelta(microseconds=1)
# The double 2.0 with its bytes in the other order.
(SWAPPED_TWO,) = struct.unpack("<d", struct.pack(">d", 2.0))
BEYOND = math.nextafter(MAX_MAGNITUDE, math.inf)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.0, None),
        (-0.0, None),
        (MIN_MAGNITUDE, None),
        (-MIN_MAGNITUDE, None),
        (math.nextafter(MIN_MAGNITUDE, 0), Unusable.MAGNITUDE),
        (-math.nextafter(MIN_MAGNITUDE, 0), Unusable.MAGNITUDE),
        (SWAPPED_TWO, Unusable.MAGNITUDE),
        (5e-324, Unusable.MAGNITUDE),
        (MAX_MAGNITUDE, None),
        (-MAX_MAGNITUDE, None),
        (BEYOND, Unusable.MAGNITUDE),
        (-BEYOND, Unusable.MAGNITUDE),
        (2e200, Unusable.MAGNITUDE),
        (sys.float_info.max, Unusable.MAGNITUDE),
        (math.nan, Unusable.NOT_FINITE),
        (math.inf, Unusable.NOT_FINITE),
        (-math.inf, Unusable.NOT_FINITE),
    ],
)
def test_a_value(value: float, reason: Unusable | None) -> None:
    assert unusable(LATEST, value, LATEST) is reason


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        (EARLIEST, None),
        (EARLIEST - TICK, Unusable.TOO_OLD),
        (datetime(1990, 1, 1, 8, tzinfo=timezone(timedelta(hours=9))), Unusable.TOO_OLD),
        (datetime(1, 1, 1, tzinfo=UTC), Unusable.TOO_OLD),
        (datetime(1970, 1, 1, tzinfo=UTC), Unusable.TOO_OLD),
        (LATEST, None),
        (LATEST + TICK, Unusable.AHEAD),
        (datetime(9999, 12, 31, tzinfo=UTC), Unusable.AHEAD),
    ],
)
def test_a_time(ts: datetime, reason: Unusable | None) -> None:
    assert unusable(ts, 1.0, LATEST) is reason


@given(st.floats(), st.datetimes(timezones=st.just(UTC)))
def test_what_is_usable_is_finite_and_between_the_bounds(value: float, ts: datetime) -> None:
    usable_value = value == 0 or MIN_MAGNITUDE <= abs(value) <= MAX_MAGNITUDE
    usable_sample = usable_value and EARLIEST <= ts <= LATEST
    assert (unusable(ts, value, LATEST) is None) == usable_sample


def test_a_value_is_judged_before_its_time() -> None:
    assert unusable(datetime(1, 1, 1, tzinfo=UTC), 2e200, LATEST) is Unusable.MAGNITUDE


def test_a_file_has_a_sentence_for_each_reason() -> None:
    assert set(UNUSABLE) == set(Unusable)


def test_what_is_ahead_is_judged_by_the_clock_of_the_moment_it_is_read(tmp_path: Path) -> None:
    times = [LATEST, LATEST + timedelta(hours=3), LATEST + timedelta(hours=5)]
    path = tmp_path / "pipe.csv"
    path.write_text("ts,tag_name,value\n" + "".join(f"{ts},A,1\n" for ts in times))
    ticks = iter([LATEST, LATEST + timedelta(hours=4), LATEST + timedelta(hours=4)])
    with opened(path) as file, Rejects(tmp_path / "bad.csv") as rejects:
        batch = Batches(file, rejects, lambda: next(ticks)).take()
    assert [sample.ts for sample in batch.samples] == times[:2]
    assert rejects.first is not None
    assert (rejects.count, rejects.first.line) == (1, 4)
