"""How a page brings fetched tiles up to date, run by Node."""

from __future__ import annotations

from typing import Any

from tests.node import run

# Applies answers one after another, and tells titles, values, and which rows are the same objects.
FOLLOW = """(() => {
  let held = m.NO_TILES;
  return given.map((answer) => {
    const after = m.applyAnswer(held, answer);
    if (!after) return null;
    const same = after.rows.map((row, place) => row === held.rows[place]);
    held = after;
    const values = after.rows.map((row) => row.value_s);
    return { seq: after.seq, values, titles: after.titles, same };
  });
})()"""


def answer(seq: int, *, whole: bool = False, removed: Any = (), **values: str) -> dict[str, Any]:
    columns = {
        "title": list(values),
        "about": [title.lower() for title in values],
        "group": ["" for _ in values],
        "shown": {
            "value_s": list(values.values()),
            "ts_ms": [seq for _ in values],
            "count": ["0" if value == "-" else "5" for value in values.values()],
        },
    }
    return {"seq": seq, "whole": whole, "removed": list(removed), "columns": columns}


def test_only_the_rows_of_tags_that_changed_are_new() -> None:
    first, second, third = run(
        "lib/tiles.js", FOLLOW, answer(1, whole=True, B="1", A="2"), answer(2, A="3"), answer(3)
    )
    assert (first["values"], first["titles"]) == (["1", "2"], ["b", "a"])
    assert second == {"seq": 2, "values": ["1", "3"], "titles": ["b", "a"], "same": [True, False]}
    assert third == {"seq": 3, "values": ["1", "3"], "titles": ["b", "a"], "same": [True, True]}


def test_all_tiles_are_requested_if_tags_come_or_go() -> None:
    found = run(
        "lib/tiles.js",
        FOLLOW,
        answer(1, whole=True, A="1", B="2"),
        answer(2, C="3"),
        answer(2, removed=["B"]),
        answer(3, whole=True, A="1", C="3"),
    )
    assert found[1:3] == [None, None]
    assert (found[3]["values"], found[3]["titles"]) == (["1", "3"], ["a", "c"])


def test_pinned_tags_are_marked_and_the_others_stay_as_they_are() -> None:
    marked = """(() => {
      const held = m.applyAnswer(m.NO_TILES, given[0]);
      const rows = m.withPins(held, given[1]);
      return [rows.map((row) => row.pinned ?? false), rows[0] === held.rows[0]];
    })()"""
    whole = answer(1, whole=True, A="1", B="2")
    assert run("lib/tiles.js", marked, whole, ["B", "GONE"]) == [[False, True], True]
    assert run("lib/tiles.js", marked, whole, []) == [[False, False], True]


def lines(ms: int, **paths: str) -> dict[str, Any]:
    count = len(paths)
    empty = {name: [[]] * count for name in ("warn_y", "crit_y")}
    far = {name: [""] * count for name in ("far_above", "far_below")} | {"far_level": [0] * count}
    drawn = {"title": list(paths), "ts_ms": [ms] * count, "spark": list(paths.values())}
    return {"columns": drawn | empty | far | {"value_full": ["1.2345"] * count}}


DRAW = """(() => {
  const [first, drawing, second] = given;
  const before = m.applyAnswer(m.NO_TILES, first);
  const drawn = m.withLines(before, drawing, 1000);
  const after = m.applyAnswer(drawn, second);
  const told = ({ rows }) => rows.map((row) => [row.value_s, row.spark, row.value_full]);
  return {
    before: told(before), drawn: told(drawn), after: told(after),
    lacking: [[before, [0, 1, 9], 0], [drawn, [0, 1], 1000 + m.LINE_MS - 1],
      [drawn, [0, 1], 1000 + m.LINE_MS], [after, [0, 1], 1000],
    ].map((args) => m.placesWithoutLine(...args)),
    same: drawn.rows[2] === before.rows[2],
  };
})()"""


def test_a_line_stays_until_the_next_one_and_is_requested_for_visible_tags() -> None:
    first = answer(7, whole=True, A="1.2", B="2.2", C="-")
    result = run("lib/tiles.js", DRAW, first, lines(7, A="M1 1L2 2", B="M3 3"), answer(8, B="3.3"))
    waits = [["1.2", "M0 0", "1.2"], ["2.2", "M0 0", "2.2"], ["-", "", "-"]]
    assert result["before"] == waits, "nothing is drawn yet, which is not the same as no samples"
    assert result["drawn"] == [["1.2", "M1 1L2 2", "1.2345"], ["2.2", "M3 3", "1.2345"], waits[2]]
    assert result["after"] == [*result["drawn"][:1], ["3.3", "M3 3", "3.3"], waits[2]]
    assert result["lacking"] == [[0, 1], [], [0, 1], [1]]
    assert result["same"]


def test_every_digit_of_another_sample_is_not_shown() -> None:
    first = answer(7, whole=True, A="1.2", B="2.2", C="-")
    result = run("lib/tiles.js", DRAW, first, lines(8, A="M1 1L2 2", B=""), answer(8))
    assert result["drawn"][:2] == [["1.2", "M1 1L2 2", "1.2"], ["2.2", "", "2.2"]]


def test_places_are_written_as_ranges() -> None:
    assert run("lib/tiles.js", "m.formatPlaces(given[0])", [3, 1, 2, 9, 2, 0, 7]) == "0-3,7,9"
    assert run("lib/tiles.js", "m.formatPlaces(given[0])", []) == ""
