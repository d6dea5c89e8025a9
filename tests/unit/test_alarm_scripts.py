"""Alarms in the browser: order, sound, filter and journal, run by Node."""

from __future__ import annotations

from typing import Any

from ksys_app.texts import LANGUAGES
from tests.node import run

SNAPSHOT = "alarms/snapshot.js"
FILTER = "alarms/filter.js"
LINES = "alarms/stablelines.js"


def alarm(tag: str, state: str = "unacked", priority: int = 2, minute: int = 0, **more: Any) -> Any:
    """A row as ``/api/v1/alarms`` answers it."""
    raised = f"2026-01-01T00:{minute:02d}:00.123456+00:00"
    row = {"tag_name": tag, "condition": "HIGH", "level": "H", "priority": priority, "group": None}
    return row | {"state": state, "raised_at": raised} | more


def answer(*rows: Any, seq: int = 1) -> dict[str, Any]:
    """An answer of ``/api/v1/alarms``."""
    about = {"evaluated_to": "2026-01-01T01:00:00+00:00", "age_s": 1, "evaluating": True}
    return about | {"writable": True, "seq": seq, "counts": {}, "rows": list(rows)}


FOLLOW = """(() => {
  let held = m.EMPTY_SNAPSHOT;
  return given.map((answer) => {
    const before = held;
    held = m.applyAnswer(held, answer, 0);
    return {
      tags: held.rows.map((row) => row.tag_name),
      same: held.rows.map((row) => before.rows.includes(row)),
      calls: m.annunciated(before.rows, held.rows).map((row) => row.tag_name),
    };
  });
})()"""


def test_rows_that_have_not_changed_stay_the_same_objects() -> None:
    first, second = run(
        SNAPSHOT,
        FOLLOW,
        answer(alarm("A"), alarm("B")),
        answer(alarm("A"), alarm("B", "acked"), seq=2),
    )
    assert first["tags"] == ["A", "B"]
    assert (second["tags"], second["same"]) == (["A", "B"], [True, False])


def test_the_version_of_the_alarms_of_tags_changes_with_them_and_not_with_values() -> None:
    def version(*rows: Any) -> Any:
        return run(SNAPSHOT, "m.alarmVersion(given[0], ['A', 'B'])", list(rows))

    first, second = alarm("A", value_now=1), alarm("B", value_now=2)
    before = version(first, second)
    assert version(second | {"value_now": 9}, first, alarm("C")) == before
    for changed in (
        [first],
        [first, second | {"level": "HH"}],
        [first, alarm("B", minute=5)],
        [first, second | {"cleared_at": "2026-01-01T00:09:00+00:00"}],
        [first, second, alarm("B", condition="RATE")],
    ):
        assert version(*changed) != before


def test_changes_are_applied_to_the_alarms_that_a_page_has() -> None:
    none: dict[str, Any] = {"whole": False, "removed": [], "values": []}
    gone = [{"tag_name": "B", "condition": "HIGH"}, {"tag_name": "X", "condition": "LOW"}]
    value = {"tag_name": "C", "value_now": 7, "value_now_ts": None}
    found = run(
        SNAPSHOT,
        FOLLOW,
        answer(alarm("A"), alarm("B"), alarm("C")) | {"whole": True},
        answer(seq=2) | none,
        answer(alarm("A", "acked"), alarm("D"), seq=3) | none | {"removed": gone},
        answer(seq=4) | none | {"values": [value]},
        answer(alarm("E"), seq=5) | {"whole": True},
    )
    assert [one["tags"] for one in found] == [[*"ABC"], [*"ABC"], [*"ACD"], [*"ACD"], ["E"]]
    assert [one["calls"] for one in found] == [[*"ABC"], [], ["D"], [], ["E"]]
    assert [one["same"] for one in found][1:4] == [
        *([True, True, True], [False, True, False], [True, False, True]),
    ]


CALLS: list[tuple[list[Any], list[Any], bool]] = [
    ([], [alarm("A")], True),
    ([alarm("A")], [alarm("A", value_now=7)], False),
    ([alarm("A")], [alarm("A", "acked")], False),
    ([alarm("A", "acked")], [alarm("A")], True),
    ([alarm("A")], [alarm("A", level="HH")], True),
    ([alarm("A", level="HH")], [alarm("A", level="H", priority=3)], False),
    ([alarm("A", level="HH")], [alarm("A")], False),
    ([alarm("A")], [alarm("A", "returned")], False),
    ([alarm("A", "returned")], [alarm("A", minute=5)], True),
    ([alarm("A", "shelved")], [alarm("A")], True),
    ([], [alarm("A", "shelved")], False),
]


def test_an_alarm_calls_once_for_each_thing_that_somebody_has_to_see() -> None:
    expression = "given[0].map(([before, after]) => m.annunciated(before, after).length > 0)"
    assert run(SNAPSHOT, expression, CALLS) == [calls for _, _, calls in CALLS]


def test_what_waits_for_somebody_comes_first_then_the_more_urgent_then_the_newer() -> None:
    rows = [
        alarm("acked", "acked", 1),
        alarm("old", priority=2, minute=1),
        alarm("low", priority=3, minute=9),
        alarm("new", priority=2, minute=2),
        alarm("back", "returned", 2, minute=3),
        alarm("latched", "latched", 2),
    ]
    order = "given[0].sort(m.byUrgency).map((row) => row.tag_name)"
    assert run(SNAPSHOT, order, rows) == ["back", "new", "old", "low", "acked", "latched"]
    assert run(SNAPSHOT, "m.highest(given[0]).tag_name", rows) == "back"
    assert (
        run(SNAPSHOT, "m.highest(given[0])", [alarm("A", "acked"), alarm("B", "shelved")]) is None
    )


def test_a_page_says_since_when_nothing_is_evaluated() -> None:
    moment, ms = "2026-01-01T00:00:00Z", 1_767_225_600_000
    cases = [(moment, 2, True, None), (moment, 9, False, ms), (moment, 16, True, ms)]
    answers = [
        answer() | {"evaluated_to": to, "age_s": age, "evaluating": on}
        for to, age, on, _ in [*cases, (None, None, False, 0)]
    ]
    expression = (
        "given[0].map((answer) => m.unevaluated(m.applyAnswer(m.EMPTY_SNAPSHOT, answer, 0)))"
    )
    assert run(SNAPSHOT, expression, answers) == [since for *_, since in cases] + [0]


def test_the_time_of_old_alarms_is_that_at_which_the_database_answered_last() -> None:
    answers = [answer(), answer() | {"stale": True, "stale_s": 12.5}]
    times = "given[0].map((answer) => m.applyAnswer(m.EMPTY_SNAPSHOT, answer, 20_000).atMs)"
    assert run(SNAPSHOT, times, answers) == [20_000, 7_500]


def test_what_called_sounds_until_it_is_acknowledged_or_was_silenced() -> None:
    rows = [alarm("A", priority=3), alarm("B", minute=5), alarm("C", "acked", 1)]
    sounds = """given[1].map(([before, calls, silenced]) => {
      const keys = m.sounding(before, given[0], given[0].filter((r) => calls.includes(r.tag_name)),
                              silenced);
      return [keys, m.loudest(given[0], keys)];
    })"""
    minute = 1_767_225_600_000 + 60_000
    cases = [([], "AB", -1), ([], "AB", minute), (["HIGH A", "HIGH C"], "", -1), ([], "", -1)]
    assert run(SNAPSHOT, sounds, rows, cases) == [
        [["HIGH A", "HIGH B"], 2],
        [["HIGH B"], 2],
        [["HIGH A"], 3],
        [[], 0],
    ]


def test_the_address_holds_the_filter_and_drops_what_is_invalid() -> None:
    queries = {
        "": "",
        "view=aside": "view=aside",
        "only=waits&priority=1,3&group=Unit+1&tag=pump+west&by=group": None,
        "group=": "group=",
        "view=x&only=y&priority=9,2,2,a&by=size": "priority=2",
    }
    found = run(FILTER, "given[0].map((q) => m.toQuery(m.fromQuery(q)))", list(queries))
    assert found == [
        expected if expected is not None else query for query, expected in queries.items()
    ]


CHOOSE = """given[1].map((asked) =>
  m.filterRows(given[0], {...m.NO_FILTER, ...asked}).map((row) => row.tag_name))"""
CHOSEN: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["A", "B", "C", "D", "E"]),
    ({"only": "waits"}, ["A", "B"]),
    ({"priority": [3]}, ["B"]),
    ({"group": "west"}, ["B"]),
    ({"group": ""}, ["A", "C", "D", "E"]),
    ({"words": "PUMP b"}, ["B"]),
    ({"view": "aside"}, ["E", "A", "B", "C", "D"]),
]


def test_the_filter_selects_alarms() -> None:
    rows = [
        alarm("C", "out_of_service"),
        alarm("D", "acked"),
        alarm("B", priority=3, group="west", title="Pump"),
        alarm("A"),
        alarm("E", "shelved", shelved_until="2026-01-01T02:00:00Z"),
    ]
    found = run(FILTER, CHOOSE, rows, [criteria for criteria, _ in CHOSEN])
    assert found == [tags for _, tags in CHOSEN]


def test_groups_stand_in_the_order_of_their_most_urgent_alarm() -> None:
    rows = [alarm("A", group="west"), alarm("B", group="east"), alarm("C", group="west")]
    expression = (
        "m.grouped(given[0], given[1]).map(({name, rows}) => [name, rows.map((r) => r.tag_name)])"
    )
    assert run(FILTER, expression, rows, "group") == [["west", ["A", "C"]], ["east", ["B"]]]
    assert run(FILTER, expression, rows, "none") == [[None, ["A", "B", "C"]]]


SETTLE = """(() => {
  let shown = m.NO_LINES;
  return given.map(([rows, held]) => {
    shown = m.stableLines(shown, [{ name: null, rows }], held);
    const named = shown.items.map(({ row, over }) => row.tag_name + (over ? " over" : ""));
    return [named, shown.waiting];
  });
})()"""


def test_no_row_moves_while_somebody_is_at_the_list() -> None:
    a, b, new = alarm("A"), alarm("B"), alarm("N")
    found = run(
        LINES,
        SETTLE,
        [[a, b], False],
        [[new, b], True],
        [[new, alarm("B", "acked")], True],
        [[new, b], False],
    )
    assert found == [
        [["A", "B"], 0],
        [["A over", "B"], 1],
        [["A over", "B"], 1],
        [["N", "B"], 0],
    ]


def test_keys_walk_the_rows_and_step_over_heads() -> None:
    items = [{"head": "g"}, {"row": 1}, {"row": 1}, {"head": "h"}, {"row": 1}]
    steps = [(1, "j", 2), (2, "ArrowDown", 4), (4, "k", 2), (4, "ArrowDown", 4), (-1, "j", 1)]
    steps += [(4, "Home", 1), (1, "End", 4), (1, "x", None)]
    found = run(LINES, "given[1].map(([at, key]) => m.nextRow(given[0], at, key))", items, steps)
    assert found == [to for *_, to in steps]


def test_what_the_reader_may_not_do_says_why() -> None:
    cases = [
        ("viewer", True, "operator", "no_operator"),
        ("operator", True, "operator", ""),
        ("operator", True, "engineer", "no_engineer"),
        ("admin", True, "engineer", ""),
        ("admin", False, "operator", "no_write"),
        (None, True, "operator", "no_me"),
    ]
    readers = [
        {"me": role and {"role": role}, "writable": writable, "needs": needs}
        for role, writable, needs, _ in cases
    ]
    found = run("alarms/results.js", "given[0].map(m.refusalKey)", readers)
    assert found == [why for *_, why in cases]


def test_results_are_counted_and_those_that_were_not_done_named() -> None:
    results = [
        {"tag_name": tag, "result": result}
        for tag, result in (("A", "done"), ("B", "stale"), ("C", "done"), ("D", "already"))
    ]
    found = run("alarms/results.js", "m.summarize(given[0])", results)
    assert found["counts"] == [["done", 2], ["already", 1], ["stale", 1]]
    assert [one["tag_name"] for one in found["others"]] == ["B", "D"]


def test_a_shift_ends_at_6_14_and_22() -> None:
    clocks = {"06:00": 480, "13:59": 1, "22:30": 450, "00:10": 350}
    found = run("alarms/results.js", "given[0].map(m.toShiftEnd)", list(clocks))
    assert found == list(clocks.values())


def test_a_link_to_the_trend_shows_the_quarters_of_an_hour_around_the_raise() -> None:
    now, minute = 1_767_225_600_000, 60_000
    ago = {10: "60m", 50: "12h", 60 * 24: "48h", 60 * 24 * 400: None}
    raised = [now - minutes * minute for minutes in ago]
    links = "given[1].map((ms) => m.trendLink(given[0], ms, given[2]))"
    for link, at, window in zip(
        run("alarms/link.js", links, "A/1", raised, now), raised, ago.values(), strict=True
    ):
        ends = f"{at - 15 * minute}-{min(at + 15 * minute, now)}"
        assert link == "/trend?tag=A%2F1" + (f"&window={window}&zoom={ends}" if window else "")


def test_a_more_urgent_alarm_sounds_more_often_and_with_more_tones() -> None:
    found = run("alarms/tones.js", "[1, 2, 3].map((n) => m.PATTERNS[n])")
    assert [len(one["tones"]) for one in found] == [4, 2, 1]
    assert [one["every"] for one in found] == sorted(one["every"] for one in found)


def event(name: str, minute: int, tag: str = "A", raised: int = 0, **more: Any) -> Any:
    """A row of the journal."""
    row = {"ts": f"2026-01-01T00:{minute:02d}:00Z", "tag_name": tag, "condition": "HIGH"}
    about = {"raised_at": f"2026-01-01T00:{raised:02d}:00Z", "level": "H", "priority": 3}
    return row | about | {"event": name} | more


FOLD = """m.foldEpisodes(given[0]).map((line) => line.episode
  ? [line.episode.tag_name, line.episode.level, line.raised?.ts.slice(14, 16) ?? null,
     line.acked?.ts.slice(14, 16) ?? null, line.cleared?.ts.slice(14, 16) ?? null, line.count]
  : line.row.event)"""


def test_an_episode_of_the_journal_is_one_line() -> None:
    rows = [
        event("LATE", 9, condition="", raised=9),
        event("CLEAR", 8, raised=1),
        event("SHELVE", 7, raised=1),
        event("RAISE", 6, "B", 6),
        event("ACK", 5, raised=1),
        event("ESCALATE", 4, raised=1, level="HH", priority=2),
        event("RAISE", 1, raised=1),
    ]
    assert run("alarms/journal.js", FOLD, rows) == [
        "LATE",
        "SHELVE",
        ["B", "H", "06", None, None, 1],
        ["A", "HH", "01", "05", "08", 4],
    ]


def test_the_address_of_the_journal_holds_its_filter() -> None:
    queries = {
        "": "",
        "span=7d&tag=D100&condition=HIGH&event=ACK&priority=1&flat=1": None,
        "from=2026-01-01T00:00:00.000Z": "from=2026-01-01T00%3A00%3A00.000Z",
        "span=2y&condition=x&event=y&priority=9&from=noon": "",
    }
    found = run(
        "alarms/journal.js", "given[0].map((q) => m.toQuery(m.fromQuery(q)))", list(queries)
    )
    assert found == [
        expected if expected is not None else query for query, expected in queries.items()
    ]


def test_a_time_is_read_as_the_pages_write_it() -> None:
    texts = {
        "2026-01-31 14:05": 1_769_835_900_000,
        "2026-01-31": 1_769_785_200_000,
        "31.1.2026": None,
        "2026-13-01": None,
    }
    found = run("lib/zone.js", "given[0].map((t) => m.parse(t, 'Asia/Seoul'))", list(texts))
    assert found == list(texts.values())


def test_a_bar_is_the_worst_of_the_slots_that_it_stands_for() -> None:
    cases: list[tuple[list[int], int]] = [([1, 2, 3], 5), ([1, 9, 3, 4, 5], 2), ([], 4)]
    found = run("alarms/bars.js", "given[0].map(([slots, most]) => m.bars(slots, most))", cases)
    assert found == [[1, 2, 3], [9, 5], []]


def test_the_history_shows_the_state_of_each_message() -> None:
    states = ["sent", "failing", "waiting", "given_up", "not_needed"]
    row = {"messages": [{"route": "shift", "state": one, "at": "10:00"} for one in states]}
    texts = [
        run(
            "alarms/journal.js",
            "m.notificationsOf(given[0], given[1], (at) => at)",
            row,
            dict(words),
        )
        for words in (LANGUAGES["en"]["alarms"], LANGUAGES["ko"]["alarms"])
    ]
    assert texts[0][:2] == ["shift: sent 10:00", "shift: not taken, tried again 10:00"]
    assert texts[1][2:] == ["shift: 10:00 전송 예정", "shift: 10:00 전송 포기"]
