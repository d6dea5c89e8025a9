"""Which ticks of the plant's past are missing: dense when recent, thin when old, none twice."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain import comm
from ksys_app.ops.demo.plant.history import THINNING, Span, midnight, spans
from ksys_app.ops.demo.plant.signals import PERIOD_S

NOW = datetime(2026, 8, 14, 3, 7, 11, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2024, 2, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def runs(found: list[Span], after: float = -math.inf) -> list[range]:
    """The ticks of each span that are later than ``after``; spans without any are left out."""
    ranges = [range(span.start, span.end, span.step) for span in found]
    return [part for one in ranges if (part := one[bisect_right(one, after) :])]


def ticks(found: list[Span]) -> list[int]:
    return [t for run in runs(found) for t in run]


@settings(deadline=None)
@given(MOMENTS)
def test_an_empty_history_begins_400_days_ago_and_ends_now(now: datetime) -> None:
    found = spans(None, now)
    assert [span.step for span in found] == [density.step for density in THINNING]
    assert timedelta(days=400) <= now - datetime.fromtimestamp(found[0].start, UTC)
    assert 0 <= now.timestamp() - runs(found)[-1][-1] < PERIOD_S


@settings(deadline=None)
@given(MOMENTS)
def test_each_age_is_as_dense_as_its_table_says(now: datetime) -> None:
    for span, density in zip(spans(None, now), THINNING, strict=True):
        oldest = now - density.age
        assert span.start <= oldest.timestamp()
        assert span.step == density.step
        assert span.start % span.step == 0


def test_density_changes_at_midnight_in_seoul() -> None:
    for span in spans(None, NOW):
        start = datetime.fromtimestamp(span.start, ZoneInfo("Asia/Seoul"))
        assert (start.hour, start.minute, start.second) == (0, 0, 0)


def test_the_first_load_has_as_many_rows_as_a_minute_can_take() -> None:
    assert 1_600_000 < 9 * sum(span.ticks for span in spans(None, NOW)) < 1_800_000


@settings(deadline=None)
@given(MOMENTS)
def test_the_thirty_days_of_comm_have_every_tick(now: datetime) -> None:
    seoul = ZoneInfo("Asia/Seoul")
    dense = spans(None, now)[-1]
    first = comm.calendar(comm.recent_start(now, seoul), seoul).bounds[0]
    assert (dense.start, dense.step) == (first.timestamp(), PERIOD_S)


@settings(deadline=None)
@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=500)))
def test_going_on_later_neither_repeats_nor_skips_a_tick(now: datetime, away: timedelta) -> None:
    newest = now - away
    assert runs(spans(newest, now)) == runs(spans(None, now), newest.timestamp())


def test_nothing_is_missing_right_after_the_newest_sample() -> None:
    assert spans(NOW, NOW + timedelta(seconds=3)) == []
    assert spans(NOW + timedelta(hours=1), NOW) == [], "a clock that was set back"


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([PERIOD_S, 120, 600, 3600]))
def test_blocks_are_the_same_ticks(start: int, length: int, step: int) -> None:
    span = Span(start * step, start * step + length, step)
    blocks = list(span.blocks())
    assert ticks(blocks) == ticks([span])
    assert sum(block.ticks for block in blocks) == span.ticks == len(ticks([span]))


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-08-13T15:00:00", "2026-08-13T15:00:00"),
        ("2026-08-14T14:59:59", "2026-08-13T15:00:00"),
    ],
)
def test_midnight_is_that_of_seoul(utc: str, expected: str) -> None:
    at = datetime.fromisoformat(f"{utc}+00:00")
    assert midnight(int(at.timestamp())) == datetime.fromisoformat(f"{expected}+00:00").timestamp()
