"""The lane of events: places and texts of its marks (PRD §33.7)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ksys_app.texts import ENGLISH, LANGUAGES
from tests.node import CLIENT, run

EVENTS, SENTENCES, LINKS = (f"explore/lane/{name}.js" for name in ("events", "sentences", "links"))
VIEW = {"left": 40, "width": 1000, "from": 0, "to": 1_000_000}
HOUR = 3_600_000


def event(start: int, end: int | None, **more: Any) -> dict[str, Any]:
    values = {"kind": "alarm", "id": f"{start} {end}", "from": start, "to": end, "tag_name": "D100"}
    values |= {"ongoing": end is None, "clipped": False, "level": "HH", "priority": 2, "count": 1}
    values |= {"key": "alarms.what_HH", "values": {"condition": "HIGH", "value": 98}}
    return values | more


def marks(*events: dict[str, Any]) -> list[dict[str, Any]]:
    found = run(EVENTS, "m.marksOf(given[0], given[1])", list(events), VIEW)
    return [
        {name: one[name] for name in ("x", "width", "track", "count", "priority")} for one in found
    ]


def test_a_mark_is_as_long_as_its_event_and_never_too_short_to_be_hit() -> None:
    assert marks(event(100_000, 300_000), event(500_000, 500_001), event(900_000, None)) == [
        {"x": 140, "width": 200, "track": 0, "count": 1, "priority": 2},
        {"x": 540, "width": 16, "track": 0, "count": 1, "priority": 2},
        {"x": 940, "width": 100, "track": 0, "count": 1, "priority": 2},
    ]
    assert marks(event(-900_000, 50_000), event(990_000, 9_000_000)) == [
        {"x": 40, "width": 50, "track": 0, "count": 1, "priority": 2},
        {"x": 1024, "width": 16, "track": 0, "count": 1, "priority": 2},
    ]
    assert marks(event(-9000, -1), event(1_000_001, 1_000_002)) == []


def test_short_ones_at_one_place_are_one_mark_that_says_how_many() -> None:
    dense = [event(n * 1000, n * 1000, priority=1 + n % 3, count=1 + n % 2) for n in range(15)]
    assert marks(*dense) == [{"x": 40, "width": 30, "track": 0, "count": 22, "priority": 1}]


@pytest.mark.parametrize(("count", "width"), [(1, 16), (9, 16), (38, 20), (137, 27), (2500, 34)])
def test_a_mark_has_room_for_its_whole_number(count: int, width: int) -> None:
    (mark,) = marks(event(500_000, 500_000, count=count))
    assert (mark["x"], mark["width"]) == (540, width)
    (last,) = marks(event(999_999, 1_000_000, count=count))
    assert (last["x"] + last["width"], last["width"]) == (1040, width)


def test_long_ones_at_one_time_stand_below_each_other_until_there_is_no_room() -> None:
    long = [event(n * 1000, 500_000 + n) for n in range(5)]
    found = marks(*long)
    assert [(one["track"], one["count"]) for one in found] == [(0, 2), (1, 2), (2, 1)]
    later = marks(*long, event(600_000, 700_000))
    assert later[-1]["track"] == 0, "where room is again"


def test_marks_without_a_row_of_their_own_differ_from_one_long_event() -> None:
    long = [event(n * 1000, 500_000 + n * 1000) for n in range(5)]
    found = run(EVENTS, "m.marksOf(given[0], given[1])", long, VIEW)
    # The fourth and the fifth one begin while the others last, and end after them.
    assert [(one["track"], len(one["events"]), one["pieces"]) for one in found] == [
        (0, 2, [{"left": 0, "width": 503, "merged": False}]),
        (1, 2, [{"left": 0, "width": 503, "merged": False}]),
        (2, 1, []),
    ]


def test_what_follows_at_once_is_a_mark_of_its_own() -> None:
    """Between them is no room, but one mark for both would hide the time without an event."""
    rows = [event(0, 100_000), event(0, 101_000), event(0, 102_000), event(101_500, 300_000)]
    assert [(one["track"], one["count"]) for one in marks(*rows)] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (1, 1),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_no_mark_of_long_events_is_drawn_where_there_was_none(seed: int) -> None:
    rng = random.Random(seed)
    starts = sorted(rng.randrange(950_000) for _ in range(rng.choice((8, 30, 120))))
    rows = [
        event(at, at + rng.randrange(20_000, 250_000), id=str(n)) for n, at in enumerate(starts)
    ]
    found = run(EVENTS, "m.marksOf(given[0], given[1])", rows, VIEW)
    assert sum(one["count"] for one in found) == len(rows)
    for one in found:
        drawn = one["pieces"] or [{"left": 0, "width": one["width"]}]
        for piece in drawn:
            left = one["x"] + piece["left"]
            covered = left
            for box in sorted(one["events"], key=lambda box: box["from"]):
                start, end = (40 + min(box[name], 1_000_000) / 1000 for name in ("from", "to"))
                if start <= covered + 1e-6:
                    covered = max(covered, end)
            assert covered == pytest.approx(left + piece["width"])
        # The last long one may begin a little earlier, so that it can be hit.
    ends: dict[int, float] = {}
    for one in found:
        assert ends.get(one["track"], 0) <= one["x"] + 1e-6
        ends[one["track"]] = one["x"] + one["width"]


def test_merged_events_show_no_time_of_a_single_event() -> None:
    merged = event(0, 300_000, count=9, values={"tags": ["A", "B"]}, tag_name=None)
    (mark,) = run(EVENTS, "m.marksOf(given[0], given[1])", [merged], VIEW)
    assert mark["pieces"] == [{"left": 0, "width": 300, "merged": True}]
    others = [event(n, 200_000 + n) for n in range(3)]
    rows = [*others, merged | {"from": 100_000}]
    first, *_ = run(EVENTS, "m.marksOf(given[0], given[1])", rows, VIEW)
    merged_piece, single_piece = first["pieces"]
    assert (merged_piece["merged"], single_piece["merged"], first["count"]) == (True, False, 10)
    assert lines_of(event(HOUR, 3 * HOUR, count=9, tag_name=None, values={"tags": ["A", "B"]})) == [
        *("9 alarms", "A, B", "between 1h and 3h", "in between may be time without any")
    ]


def test_a_mark_of_several_events_says_how_many_of_which_tags_and_when() -> None:
    def sentence(*rows: dict[str, Any], language: str = "en") -> str:
        view = VIEW | {"to": 10 * HOUR}
        marks_of = f"(await import({json.dumps((CLIENT / EVENTS).as_uri())})).marksOf"
        script = f"m.sentenceOf({marks_of}(given[0], given[2])[0], {{...given[1], time: {TIME}}})"
        return run(SENTENCES, script, list(rows), about(language), view)  # type: ignore[no-any-return]

    short = [event(HOUR + n, HOUR + n, tag_name=f"T{n}") for n in range(4)]
    same = [event(HOUR, HOUR, tag_name=f"T{n}") for n in range(2)]
    assert sentence(*same) == "2 alarms, T0, T1, 1h"
    assert sentence(*short).startswith("4 alarms, T0, T1, T2, 1 more, between 1h and 1.0")
    long = [event(HOUR + n, 3 * HOUR + n * HOUR) for n in range(4)]
    assert sentence(*long) == (
        "2 alarms, D100, between 1h and 6h, one mark, because there is no room for a row each"
    )
    long[-1] = event(HOUR + 3, None)
    assert ", since 1h, one mark" in sentence(*long)
    assert sentence(*long, language="ko").startswith("알람 2건, D100, 1h부터, ")


def test_none_is_lost() -> None:
    many = [event(n * 7919 % 1_000_000, (n * 7919 % 1_000_000) + n * 997) for n in range(300)]
    assert sum(one["count"] for one in marks(*many)) == 300


def test_shifts_that_would_be_stripes_are_not_shown() -> None:
    def shifts(count: int) -> int | None:
        length = 1_000_000 // count
        some = [{"from": n * length, "to": (n + 1) * length} for n in range(-3, count + 3)]
        found = run(EVENTS, "m.visibleShifts(given[0], given[1])", some, VIEW)
        return None if found is None else len(found)

    assert [shifts(1), shifts(50), shifts(100)] == [1, 50, None]


def test_the_arrow_keys_walk_over_all_rows_by_time() -> None:
    rows = [{"id": "a", "x": 5}, {"id": "c", "x": 50}, {"id": "b", "x": 9}]
    keys = ["ArrowRight", "ArrowLeft", "Home", "End"]
    script = "given[2].map((key) => m.markAfterKey(given[0], given[1], key).id)"
    assert run(EVENTS, script, rows, "b", keys) == ["c", "a", "a", "c"]
    assert run(EVENTS, script, rows, "c", keys) == ["c", "b", "a", "c"]


def test_an_event_has_the_same_name_in_each_answer_and_no_two_share_one() -> None:
    def answer(*places: str) -> dict[str, Any]:
        text = {"key": "alarms.what_HH", "values": {"condition": "HIGH"}}
        one = {"kind": "alarm", "tag_name": "D100", "to": None, "text": text}
        return {"events": [{**one, "from": f"1970-01-01T00:00:{at}Z"} for at in places]}

    script = "m.eventsOf(given[0]).map(({ id, from }) => [id, from])"
    before = run(EVENTS, script, answer("01", "02", "02"))
    assert [at for _, at in before] == [1000, 2000, 2000]
    assert len({name for name, _ in before}) == 3
    assert run(EVENTS, script, answer("02", "02")) == before[1:]


def test_buckets_and_order_of_the_tags_do_not_change_the_request() -> None:
    request = run(EVENTS, "m.requestOf(['D2', 'D1'], 'window=24h&bucket=1m')")
    assert request == "/api/v1/events?window=24h&tag=D1&tag=D2"


TIME = "(ms) => `${ms / 3600000}h`"


def about(language: str) -> Any:
    words = ENGLISH if language == "en" else LANGUAGES[language]
    found = {"x": words["explore"], "t": words["live"], "words": words}
    return _plain(found | {"now": 10 * HOUR, "units": {"D100": "°C"}})


def lines_of(one: dict[str, Any], language: str = "en") -> list[str]:
    script = f"m.linesOf(given[0], {{...given[1], time: {TIME}}})"
    return run(SENTENCES, script, one, about(language))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    return {k: _plain(v) for k, v in value.items()} if hasattr(value, "items") else value


def test_an_event_is_described_in_words() -> None:
    alarm = event(HOUR, 2 * HOUR, values={"condition": "HIGH", "value": 98, "limit_value": 95})
    assert lines_of(alarm) == ["Very high 98 ≥ 95 °C", "D100", "1h – 2h (1 h)"]
    assert lines_of(alarm, "ko")[0] == "상한 위험(HH) 98 ≥ 95 °C"
    going = event(HOUR, None, kind="outage", key="explore.lane_outage", values={}, clipped=True)
    assert lines_of(going) == [
        "No or too few messages",
        "D100",
        "since before 1h, still (9 h)",
    ]
    lost = event(HOUR, None, ongoing=False)
    assert lines_of(lost)[2] == "from 1h, the end is not recorded"
    many = event(HOUR, 2 * HOUR, count=7, tag_name=None, values={"n": 7, "tags": list("ABCDE")})
    assert lines_of(many)[:2] == ["7 alarms", "A, B, C, 2 more"]


def test_a_change_of_limits_says_what_who_and_why() -> None:
    cells = [
        {"column": "crit_max", "old": "95", "new": "100"},
        {"column": "HIGH.on_delay_s", "old": None, "new": "5"},
    ]
    values = {"cells": cells, "more": 3, "actor": "Kim", "reason": "pump", "version": 4}
    change = event(HOUR, HOUR, kind="change", key="explore.lane_change", values=values)
    assert lines_of(change)[3:] == [
        "HH critical high: 95 → 100",
        "High, Delay before the alarm: none → 5",
        "3 more",
        "Kim: pump",
    ]


def test_an_event_leads_to_where_more_is() -> None:
    def link(*events: dict[str, Any]) -> str:
        mark = {"events": list(events), "tags": ["D 1"]}
        return run(LINKS, "m.eventLink(given[0], 'Asia/Seoul')", mark)  # type: ignore[no-any-return]

    journal = "/alarms/journal?from=1970-01-01T01%3A00%3A00.000Z"
    ended = "&to=1970-01-01T02%3A00%3A01.000Z"
    assert link(event(HOUR, 2 * HOUR)) == f"{journal}{ended}&tag=D+1&condition=HIGH"
    assert link(event(HOUR, None), event(HOUR, HOUR)) == f"{journal}&tag=D+1"
    assert link(event(16 * HOUR, None, kind="outage")) == "/comm?tag=D+1&start=1970-01-01"
    assert link(event(HOUR, HOUR, kind="change")) == "/limits?tag=D+1"
    assert link(event(HOUR, HOUR, kind="anomaly")) == ""
