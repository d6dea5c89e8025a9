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
    const values = after.rows.map((row) => row.value);
    return { seq: after.seq, values, titles: after.titles, same };
  });
})()"""


def answer(seq: int, *, whole: bool = False, removed: Any = (), **values: int) -> dict[str, Any]:
    tiles = [
        {"title": title, "about": title.lower(), "shown": {"title": title, "value": value}}
        for title, value in values.items()
    ]
    return {"seq": seq, "whole": whole, "removed": list(removed), "tiles": tiles}


def test_only_the_rows_of_tags_that_changed_are_new() -> None:
    first, second, third = run(
        "lib/tiles.js", FOLLOW, answer(1, whole=True, B=1, A=2), answer(2, A=3), answer(3)
    )
    assert (first["values"], first["titles"]) == ([1, 2], ["b", "a"])
    assert second == {"seq": 2, "values": [1, 3], "titles": ["b", "a"], "same": [True, False]}
    assert third == {"seq": 3, "values": [1, 3], "titles": ["b", "a"], "same": [True, True]}


def test_where_tags_come_or_go_all_are_asked_for() -> None:
    found = run(
        "lib/tiles.js",
        FOLLOW,
        answer(1, whole=True, A=1, B=2),
        answer(2, C=3),
        answer(2, removed=["B"]),
        answer(3, whole=True, A=1, C=3),
    )
    assert found[1:3] == [None, None]
    assert (found[3]["values"], found[3]["titles"]) == ([1, 3], ["a", "c"])


def test_pinned_tags_are_marked_and_the_others_stay_as_they_are() -> None:
    marked = """(() => {
      const held = m.applied(m.NOTHING, given[0]);
      const rows = m.marked(held, given[1]);
      return [rows.map((row) => row.pinned ?? false), rows[0] === held.rows[0]];
    })()"""
    whole = answer(1, whole=True, A=1, B=2)
    assert run("lib/tiles.js", marked, whole, ["B", "GONE"]) == [[False, True], True]
    assert run("lib/tiles.js", marked, whole, []) == [[False, False], True]
