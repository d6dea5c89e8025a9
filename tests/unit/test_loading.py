"""Modules are loaded without garbage collections, and later collections leave them out."""

from __future__ import annotations

import gc

import pytest

from ksys_app.utils.loading import loading


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
