"""How a page brings fetched tiles up to date, run by Node."""

from __future__ import annotations

from typing import Any

from tests.node import run

# Applies answers one after another, and tells titles, values, and which rows are the same objects.
FOLLOW = """(() => {
  let held = m.NOTHING;
  return given.map((answer) => {
    const after = m.applied(held, answer);
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


def test_where_tags_come_or_go_all_are_asked_for() -> None:
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
      const held = m.applied(m.NOTHING, given[0]);
      const rows = m.marked(held, given[1]);
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
  const before = m.applied(m.NOTHING, first);
  const drawn = m.withLines(before, drawing, 1000);
  const after = m.applied(drawn, second);
  const told = ({ rows }) => rows.map((row) => [row.value_s, row.spark, row.value_full]);
  return {
    before: told(before), drawn: told(drawn), after: told(after),
    lacking: [m.lacking(before, [0, 1, 9], 0), m.lacking(drawn, [0, 1], 1000 + m.LINE_MS - 1),
      m.lacking(drawn, [0, 1], 1000 + m.LINE_MS), m.lacking(after, [0, 1], 1000)],
    same: drawn.rows[2] === before.rows[2],
  };
})()"""


def test_a_line_stays_until_the_next_one_and_is_asked_for_where_its_tag_is_in_sight() -> None:
    first = answer(7, whole=True, A="1.2", B="2.2", C="-")
    told = run("lib/tiles.js", DRAW, first, lines(7, A="M1 1L2 2", B="M3 3"), answer(8, B="3.3"))
    waits = [["1.2", "M0 0", "1.2"], ["2.2", "M0 0", "2.2"], ["-", "", "-"]]
    assert told["before"] == waits, "nothing is drawn yet, which is not the same as no samples"
    assert told["drawn"] == [["1.2", "M1 1L2 2", "1.2345"], ["2.2", "M3 3", "1.2345"], waits[2]]
    assert told["after"] == [*told["drawn"][:1], ["3.3", "M3 3", "3.3"], waits[2]]
    assert told["lacking"] == [[0, 1], [], [0, 1], [1]]
    assert told["same"]


def test_every_digit_of_another_sample_is_not_shown() -> None:
    first = answer(7, whole=True, A="1.2", B="2.2", C="-")
    told = run("lib/tiles.js", DRAW, first, lines(8, A="M1 1L2 2", B=""), answer(8))
    assert told["drawn"][:2] == [["1.2", "M1 1L2 2", "1.2"], ["2.2", "", "2.2"]]


def test_places_are_written_as_ranges() -> None:
    assert run("lib/tiles.js", "m.ranges(given[0])", [3, 1, 2, 9, 2, 0, 7]) == "0-3,7,9"
    assert run("lib/tiles.js", "m.ranges(given[0])", []) == ""
