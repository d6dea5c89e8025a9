"""Modules are loaded without garbage collections, which leave them out and are rare later."""

from __future__ import annotations

import gc

import pytest

from ksys_app.utils.loading import NEW_OBJECTS, collect_rarely, loading


@pytest.mark.parametrize("collects", [True, False])
def test_nothing_is_collected_in_the_block_and_after_it_as_before(collects: bool) -> None:
    (gc.enable if collects else gc.disable)()
    try:
        with loading():
            inside = gc.isenabled()
        assert (inside, gc.isenabled()) == (False, collects)
    finally:
        gc.enable()


def test_a_block_that_fails_changes_nothing() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()


def test_later_collections_leave_out_what_is_there_at_the_end_of_the_block() -> None:
    with loading():
        module: list[object] = [[]]
    assert all(module is not one for one in gc.get_objects())
    assert gc.get_freeze_count() > 0


def test_what_one_tick_creates_causes_no_search_for_garbage() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        gc.collect()
        count = gc.get_stats()[0]["collections"]
        tick = [[n] for n in range(NEW_OBJECTS // 2)]
        assert (len(tick), gc.get_stats()[0]["collections"]) == (NEW_OBJECTS // 2, count)
    finally:
        gc.set_threshold(*before)
