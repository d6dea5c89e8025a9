"""The tiles for a reader that has the tiles of an earlier tick (PRD §6.2)."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st

from ksys_app.domain.changes import REMEMBERED_TICKS, tile_log
from ksys_app.domain.tiles import badges, tile
from ksys_app.models.tiles import Tile
from tests.unit.test_tiles import ROW

TILE = tile(ROW, None, ZoneInfo("UTC"), badges(ROW, None, frozenset()))


def tiles(**values: float) -> tuple[Tile, ...]:
    return tuple(replace(TILE, title=name, value=value) for name, value in sorted(values.items()))


def test_who_has_nothing_gets_everything() -> None:
    log = tile_log()
    log.add(7, tiles(A=1, B=2))
    changes = log.since(0)
    assert (changes.whole, changes.items, changes.removed) == (True, tiles(A=1, B=2), ())


def test_only_what_is_new_has_changed_or_is_gone_is_reported() -> None:
    log = tile_log()
    log.add(7, tiles(A=1, B=2, C=3))
    log.add(9, tiles(A=1, B=5, D=4))
    changes = log.since(7)
    assert (changes.whole, changes.items, changes.removed) == (False, tiles(B=5, D=4), ("C",))
    assert log.since(9).items == ()


def test_an_equal_tile_is_no_change() -> None:
    log = tile_log()
    log.add(1, [TILE])
    log.add(2, [replace(TILE)])
    assert log.since(1).items == ()
    log.add(3, [replace(TILE, comm="late")])
    assert [one.comm for one in log.since(2).items] == ["late"]


def test_who_fell_behind_what_is_remembered_gets_everything() -> None:
    log = tile_log()
    for seq in range(1, REMEMBERED_TICKS + 2):
        log.add(seq, tiles(A=1))
    assert not log.since(2).whole
    assert log.since(1).whole
    assert log.since(10**9).whole, "a number of another process"


def test_a_tick_without_an_answer_changes_nothing() -> None:
    log = tile_log()
    log.add(1, tiles(A=1))
    log.repeat(2)
    log.add(3, tiles(A=2))
    assert log.since(2).items == tiles(A=2)
    assert (log.since(3).items, log.since(3).whole) == ((), False)


TAGS = st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 2).map(float), max_size=5)


@given(st.lists(TAGS, min_size=1, max_size=12), st.data())
def test_a_reader_that_skips_ticks_has_the_newest_tiles(
    ticks: list[dict[str, float]], data: st.DataObject
) -> None:
    log = tile_log()
    newest_seq, has = 0, dict[str, Tile]()
    for seq, values in enumerate(ticks, 1):
        log.add(seq, tiles(**values))
        if data.draw(st.booleans()):
            changes = log.since(newest_seq)
            if changes.whole:
                has.clear()
            for title in changes.removed:
                has.pop(title, None)
            has |= {one.title: one for one in changes.items}
            newest_seq = seq
            assert [has[title] for title in sorted(has)] == list(tiles(**values))


def test_screens_that_ask_the_same_get_the_same_until_the_next_tick() -> None:
    log = tile_log()
    log.add(1, tiles(A=1))
    log.add(2, tiles(A=2))
    assert log.since(1) is log.since(1)
    assert log.since(0) is log.since(-5)
    log.add(3, tiles(A=2, B=1))
    assert log.since(1).items == tiles(A=2, B=1)
    assert log.since(0).items == tiles(A=2, B=1)
