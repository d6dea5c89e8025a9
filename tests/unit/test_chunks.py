"""The span of a chunk: as long as the indexes that are written fit in the memory."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from ksys_app.domain import chunks
from ksys_app.domain.chunks import Load

GB = 10**9
HOUR = timedelta(hours=1)
loads = st.builds(
    Load,
    tags=st.integers(1, 20_000),
    rate=st.floats(0, 100),
    measured=st.just(True),
    memory=st.integers(10**8, 10**12),
)


@pytest.mark.parametrize(
    ("tags", "rate", "memory", "hours"),
    [
        (9, 1 / 15, 1.4 * GB, 168),
        (100, 1 / 60, 1.4 * GB, 168),
        (200, 1, 4 * GB, 24),
        (2000, 1 / 60, 4 * GB, 24),
        (2000, 1 / 60, 1.4 * GB, 6),
        (2000, 1, 16 * GB, 12),
        (2000, 1, 1.4 * GB, 6),
    ],
)
def test_the_span_for_some_plants(tags: int, rate: float, memory: float, hours: int) -> None:
    assert chunks.span_for(Load(tags, rate, True, int(memory))) == hours * HOUR


@given(loads)
def test_the_longest_span_that_fits_is_taken_and_suits(load: Load) -> None:
    best = chunks.span_for(load)
    longer = [span for span in chunks.SPANS if span > best]
    assert all(chunks.index_bytes(load, span) > load.memory for span in longer)
    assert chunks.index_bytes(load, best) <= load.memory or best == min(chunks.SPANS)
    assert chunks.does_fit(load, best)
    assert not any(chunks.does_fit(load, span) for span in longer)


def test_a_span_may_be_a_little_short() -> None:
    load = Load(9, 1.0, True, 2 * GB)
    assert chunks.span_for(load) == 7 * 24 * HOUR
    assert chunks.does_fit(load, 3 * 24 * HOUR)
    assert not chunks.does_fit(load, 24 * HOUR)
