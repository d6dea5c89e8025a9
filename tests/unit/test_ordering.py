"""Which tiles a page shows, and in which order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from ksys_app.domain.names import MAX_FILTER, clean_filter, matches
from ksys_app.domain.ordering import (
    COLUMNS,
    keep_order,
    kinds,
    moves,
    table_order,
    tally,
    tile_order,
)
from ksys_app.models.tiles import Tile, Violation

TS = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)

ALARMS = ((), (Violation("warn", "H", 5.0, 4.0),), (Violation("crit", "HH", 5.0, 4.0),))


def tile(
    title: str,
    *,
    value: float | None = 5.0,
    minute: int | None = 0,
    about: str = "",
    comm: str = "ok",
    status: int = 0,
    alarm: int = 0,
) -> Tile:
    return Tile(
        title=title,
        about=about,
        unit="",
        value=value,
        value_s="5.0",
        delta_pct=0.0,
        delta_s="+0.0%",
        change_s="+0.0%",
        change_dir=0,
        gauge_pct=50.0,
        ranged=True,
        status_level=status,
        ts=None if minute is None else TS.replace(minute=minute),
        ts_s="",
        range_label="0.0 ~ 10.0",
        count=1,
        min=5.0,
        max=5.0,
        first=5.0,
        last=5.0,
        comm=comm,
        allowed_s=60.0,
        violations=ALARMS[alarm],
        places=1,
    )


def names(tiles: list[Tile], order: list[int]) -> list[str]:
    return [tiles[i].title for i in order]


TROUBLE = [
    tile("A", status=2),
    tile("B", status=1, comm="late"),
    tile("C", comm="lost", alarm=1),
    tile("D", comm="never", value=None, minute=None),
    tile("E", alarm=2),
    tile("F"),
]


class TestKinds:
    def test_a_tag_may_be_of_two(self) -> None:
        assert list(map(kinds, TROUBLE)) == [
            ("crit",),
            ("warn", "old"),
            ("warn", "old"),
            ("never",),
            ("crit",),
            (),
        ]

    def test_they_are_counted_and_what_the_filter_hides_is_reported(self) -> None:
        everything = tally(TROUBLE, "")
        assert everything.kinds == {"crit": 2, "warn": 2, "old": 2, "never": 1}
        assert (everything.tags, everything.outside) == (6, 0)
        narrowed = tally(TROUBLE, "f")
        assert (narrowed.tags, narrowed.kinds, narrowed.outside) == (1, {}, 5)

    def test_tiles_and_rows_are_cut_to_one(self) -> None:
        assert tile_order(TROUBLE, "", "name", {"F"}, "crit") == [0, 4]
        assert table_order(TROUBLE, "", "tag", True, "old") == [2, 1]
        assert table_order(TROUBLE, "b", "tag", False, "crit") == []


class TestFilter:
    def test_a_title_is_looked_into_with_the_name(self) -> None:
        tiles = [tile("D101", about="Oil temperature"), tile("D102", about="Oil pump current")]
        assert tile_order(tiles, "OIL d102", "name", set()) == [1]
        assert table_order(tiles, "temperature", "tag", False) == [0]
        assert tile_order(tiles, "temperature d102", "name", set()) == []

    @pytest.mark.parametrize(
        ("name", "wanted", "found"),
        [
            ("D100", "", True),
            ("D100", "   ", True),
            ("D100", "d1", True),
            ("D100", "100", True),
            ("D100", "D2", False),
            ("Mill motor D300", "d3 mill", True),
            ("Mill motor D300", "mill pump", False),
            ("유량 D202", "유량", True),
            ("STRASSE", "strasse", True),
            ("ÄRGER", "ärger", True),
            ("D100", "d.*", False),
            ("D100", "%", False),
        ],
    )
    def test_every_word_has_to_be_somewhere_in_the_name(
        self, name: str, wanted: str, found: bool
    ) -> None:
        assert matches(name, wanted) == found

    @pytest.mark.parametrize(
        ("text", "clean"),
        [
            ("  D100  ", "D100"),
            ("D1\n\x00\x1b[31m", "D1[31m"),
            ("유량 202", "유량 202"),
            ("x" * 500, "x" * MAX_FILTER),
            ("\u200b\u202e", ""),
        ],
    )
    def test_it_holds_printable_text_of_a_bounded_length(self, text: str, clean: str) -> None:
        assert clean_filter(text) == clean

    @given(st.text() | st.text("a ", min_size=150, max_size=300))
    @settings(deadline=None)
    def test_cleaning_twice_changes_nothing(self, text: str) -> None:
        once = clean_filter(text)
        assert clean_filter(once) == once
        assert len(once) <= MAX_FILTER == 200

    @pytest.mark.parametrize("length", [MAX_FILTER - 1, MAX_FILTER, MAX_FILTER + 1])
    def test_a_cut_leaves_no_blank_at_the_end(self, length: int) -> None:
        assert clean_filter("x" * length + " y")[-1] in "xy"


class TestTiles:
    PLANT = (
        tile("D100"),
        tile("D101", comm="never", minute=None, value=None),
        tile("D102", comm="late"),
        tile("D200", status=1),
        tile("D201", comm="late", alarm=1),
        tile("D202", comm="lost"),
        tile("D300", status=2),
        tile("D301", alarm=2, comm="lost"),
    )

    @pytest.mark.parametrize("shuffled", [False, True])
    def test_worst_first(self, shuffled: bool) -> None:
        tiles = list(reversed(self.PLANT)) if shuffled else list(self.PLANT)
        assert names(tiles, tile_order(tiles, "", "worst", [])) == [
            *("D300", "D301"),  # critical, whichever of the two says so
            "D202",  # lost
            *("D201", "D200"),  # warning, late before alive
            "D102",  # late
            "D101",  # never seen
            "D100",  # normal
        ]

    def test_by_name(self) -> None:
        tiles = list(reversed(self.PLANT))
        assert names(tiles, tile_order(tiles, "", "name", [])) == sorted(
            tile.title for tile in self.PLANT
        )

    @pytest.mark.parametrize("sort", ["worst", "name"])
    def test_pinned_ones_come_first_and_keep_their_order(self, sort: str) -> None:
        tiles = list(self.PLANT)
        free = names(tiles, tile_order(tiles, "", sort, []))
        pins = ["D100", "D202", "D999"]
        keep_order = [name for name in free if name in pins]
        assert names(tiles, tile_order(tiles, "", sort, pins)) == keep_order + [
            name for name in free if name not in pins
        ]

    def test_the_filter_hides_pinned_ones_too(self) -> None:
        tiles = list(self.PLANT)
        assert names(tiles, tile_order(tiles, "d2", "name", ["D100", "D202"])) == [
            *("D202", "D200", "D201")
        ]


class TestTable:
    ROWS = (
        tile("D102", value=7.0, minute=2, alarm=1),
        tile("D100", value=None, minute=1, comm="lost"),
        tile("D101", value=-3.0, minute=None, comm="never", status=2),
        tile("D103", value=7.0, minute=3, comm="late"),
    )

    @pytest.mark.parametrize(
        ("column", "ascending", "descending"),
        [
            ("tag", "D100 D101 D102 D103", "D103 D102 D101 D100"),
            ("ts", "D100 D102 D103 D101", "D103 D102 D100 D101"),
            ("value", "D101 D102 D103 D100", "D102 D103 D101 D100"),
            ("comm", "D100 D103 D101 D102", "D102 D101 D103 D100"),
            ("alarm", "D101 D102 D100 D103", "D100 D103 D102 D101"),
        ],
    )
    def test_by_column_both_ways_with_missing_values_last(
        self, column: str, ascending: str, descending: str
    ) -> None:
        rows = list(self.ROWS)
        assert names(rows, table_order(rows, "", column, False)) == ascending.split()
        assert names(rows, table_order(rows, "", column, True)) == descending.split()

    def test_these_are_all_columns(self) -> None:
        assert COLUMNS == ("tag", "ts", "value", "comm", "alarm")

    @pytest.mark.parametrize("column", COLUMNS)
    def test_equal_rows_stay_in_the_order_of_their_names(self, column: str) -> None:
        rows = [tile("D102"), tile("D100"), tile("D101")]
        if column != "tag":
            for descending in (False, True):
                shown = names(rows, table_order(rows, "", column, descending))
                assert shown == ["D100", "D101", "D102"]

    def test_the_order_they_come_in_does_not_matter(self) -> None:
        for column, descending in itertools.product(COLUMNS, (False, True)):
            orders = {
                tuple(names(list(rows), table_order(rows, "", column, descending)))
                for rows in itertools.permutations(self.ROWS)
            }
            assert len(orders) == 1

    def test_the_filter_applies(self) -> None:
        rows = list(self.ROWS)
        assert names(rows, table_order(rows, "d10 2", "tag", False)) == ["D102"]

    def test_a_column_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            table_order(list(self.ROWS), "", "colour", False)


class TestHeld:
    BEFORE = ("D100", "D101", "D102", "D103")

    @pytest.mark.parametrize(
        ("wanted", "shown", "moved"),
        [
            ("D100 D101 D102 D103", "D100 D101 D102 D103", 0),
            # One that comes to the front has moved; those that it pushes back have not.
            ("D103 D100 D101 D102", "D100 D101 D102 D103", 1),
            ("D103 D102 D101 D100", "D100 D101 D102 D103", 3),
            ("D101 D100 D103 D102", "D100 D101 D102 D103", 2),
            # What is gone leaves its place, and what is new takes none of the others'.
            ("D103 D101 D100", "D100 D101 D103", 2),
            ("D900 D100 D101 D102 D103", "D100 D101 D102 D103 D900", 1),
            ("", "", 0),
        ],
    )
    def test_names_keep_their_places_and_the_fewest_moves_are_counted(
        self, wanted: str, shown: str, moved: int
    ) -> None:
        order = keep_order(self.BEFORE, wanted.split())
        assert order == shown.split()
        assert moves(order, wanted.split()) == moved


def test_a_group_is_shown_alone_and_the_trouble_of_others_is_counted_outside() -> None:
    tiles = [replace(tile, group="one" if at % 2 else "two") for at, tile in enumerate(TROUBLE)]
    inside = [at for at, tile in enumerate(tiles) if tile.group == "two"]
    assert sorted(tile_order(tiles, "", "name", (), "", "two")) == inside
    assert sorted(table_order(tiles, "", "tag", False, "", "two")) == inside
    counts, all_groups = tally(tiles, "", "two"), tally(tiles, "")
    assert counts.tags == len(inside)
    assert counts.outside == sum(bool(kinds(tile)) for tile in tiles if tile.group == "one")
    assert all_groups.outside == 0
    assert sorted(tile_order(tiles, "one", "name", ())) == [
        at for at, tile in enumerate(tiles) if tile.group == "one"
    ], "the words of the filter find groups"


def test_only_the_pinned_tags_are_shown_and_counted_among_those_that_match() -> None:
    tiles = [tile("A", alarm=2), tile("B"), tile("C")]
    pins = {"C", "A", "GONE"}
    assert tile_order(tiles, "", "name", pins, "pinned") == [0, 2]
    assert table_order(tiles, "", "tag", True, "pinned", "", pins) == [2, 0]
    assert tile_order(tiles, "c", "name", pins, "pinned") == [2]
    assert (tally(tiles, "", "", pins).pinned, tally(tiles, "c", "", pins).pinned) == (2, 1)
