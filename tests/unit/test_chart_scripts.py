"""The chart's functions, run by Node: times of a zone, gaps, ranges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.node import CLIENT, run


def ms(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "start", "end", "first", "count"),
    [
        ("Asia/Seoul", "2025-08-15T12:10", "2025-08-15T13:10", "2025-08-15T12:10", 7),
        ("Asia/Seoul", "2025-08-14T13:00", "2025-08-15T13:00", "2025-08-14T15:00", 8),
        ("Asia/Kolkata", "2025-08-14T13:00", "2025-08-15T13:00", "2025-08-14T15:00", 8),
        ("Asia/Seoul", "2025-08-01T13:00", "2025-08-08T12:00", "2025-08-02T00:00", 7),
        # Days of 23 and 25 hours still begin at midnight.
        ("Europe/Berlin", "2025-03-28T12:00", "2025-04-02T12:00", "2025-03-29T00:00", 5),
        ("Europe/Berlin", "2025-10-24T12:00", "2025-10-29T12:00", "2025-10-25T00:00", 5),
        ("Asia/Seoul", "2024-08-20T00:00", "2025-08-15T00:00", "2024-09-01T00:00", 12),
    ],
)
def test_an_axis_is_marked_at_round_times_of_the_zone(
    zone: str, start: str, end: str, first: str, count: int
) -> None:
    expression = "m.ticks(given[0], given[1], given[2], given[3])"
    found = run(
        "lib/zone.js", expression, ms(start, zone), ms(end, zone), zone, 13 if count == 12 else 8
    )
    assert found[0] == ms(first, zone)
    assert len(found) == count
    assert found == sorted(set(found))
    if count < 8:
        return
    local = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in found]
    assert all(at.second == 0 and at.minute == 0 for at in local)


@pytest.mark.parametrize(("minutes", "marks"), [(1, 12), (5, 12), (10, 18), (15, 40), (60, 12)])
def test_no_two_marks_of_an_axis_have_the_same_label(minutes: int, marks: int) -> None:
    start = ms("2025-08-15T12:07:13", "Asia/Seoul")
    labels = run(
        "lib/zone.js",
        "m.ticks(given[0], given[1], 'Asia/Seoul', given[2])"
        ".map((at) => m.tickText(at, 'Asia/Seoul', given[1] - given[0]))",
        start,
        start + minutes * 60_000,
        marks,
    )
    assert 4 <= len(labels) == len(set(labels))


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_a_time_is_written_as_the_server_writes_it(zone: str) -> None:
    at = datetime(2025, 8, 15, 7, 26, 7, tzinfo=UTC)
    text = run("lib/zone.js", "m.stamp(given[0], given[1])", int(at.timestamp() * 1000), zone)
    assert text == at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")


COLUMNS = {
    "bucket_s": 60,
    "columns": {
        "bucket": [0, 60_000, 240_000, 300_000, 600_000],
        "low": [1, 2, None, 4, 5],
        "high": [2, 4, 6, 8, 9],
    },
}


def test_a_line_has_a_pair_of_nothing_in_each_hole() -> None:
    line = run("chart/gaps.js", "m.line(m.prepared(given[0]), 'high')", COLUMNS)
    assert line["points"] == [
        *([0, 2], [60_000, 4], [120_000, None], [240_000, 6], [300_000, 8]),
        *([360_000, None], [600_000, 9]),
    ]
    assert line["places"] == [0, 1, 3, 4, 6]


def test_a_band_ends_at_a_hole_and_where_a_side_is_missing() -> None:
    assert run("chart/gaps.js", "m.runs(m.prepared(given[0]), 'low', 'high')", COLUMNS) == [
        [0, 1],
        [3, 3],
        [4, 4],
    ]


def test_a_day_of_25_hours_is_no_hole() -> None:
    hour = 3_600_000
    days = {"bucket_s": 86_400, "columns": {"bucket": [0, 25 * hour, 48 * hour], "a": [1, 2, 3]}}
    assert len(run("chart/gaps.js", "m.line(m.prepared(given[0]), 'a').points", days)) == 3


@pytest.mark.parametrize(
    ("at", "index"), [(-5, 0), (29_000, 0), (31_000, 1), (160_000, 2), (9_999_999, 4)]
)
def test_the_nearest_bucket(at: int, index: int) -> None:
    assert run("chart/gaps.js", "m.nearest(m.prepared(given[0]), given[1])", COLUMNS, at) == index


def test_the_range_has_a_tenth_of_room_and_ignores_what_is_missing_or_outside() -> None:
    expression = "m.extent(m.prepared(given[0]), ['low', 'high'], given[1], given[2])"
    assert run("chart/gaps.js", expression, COLUMNS, 0, 600_000) == pytest.approx([0.2, 9.8])
    assert run("chart/gaps.js", expression, COLUMNS, 200_000, 310_000) == pytest.approx([3.6, 8.4])
    assert run("chart/gaps.js", expression, COLUMNS, 700_000, 800_000) is None
    flat = {"bucket_s": 60, "columns": {"bucket": [0], "low": [190], "high": [190]}}
    assert run("chart/gaps.js", expression, flat, 0, 1) == pytest.approx([171, 209])


def drawn(values: list[float], **limits: float) -> dict[str, object]:
    """A view of a chart with one series, a minute a value."""
    at = [60_000 * n for n in range(len(values))]
    return {
        **{"panels": 1, "colours": {"series": []}, "compact": False, "name": "T", "caption": ""},
        **{"from": 0, "to": at[-1], "zone": "UTC", "width": 800, "zoom": None, "t": WORDS},
        "height": 400,
        "series": [{"key": "avg", "name": "Average", "color": 1, "dash": "solid"}],
        **{"shown": ["avg"], "bands": [], "limits": limits, "at": at},
        "body": {"bucket_s": 60, "columns": {"bucket": at, "avg": values}},
    }


WORDS = {"limit_from": "from", "limit_to": "to", "limit_l": "L", "limit_h": "H", "limit_hh": "HH"}
LABELS = """(() => {
  const view = { ...given[0], data: globalThis.prepared(given[0].body) };
  const made = m.option(view);
  const [axis] = made.yAxis;
  const labels = made.series.at(-1).markLine.data.map(({ label }) => label.formatter);
  const marks = labels.filter(Boolean);
  return [made.grid[0].left, made.grid[0].right, given[1].map(axis.axisLabel.formatter), marks];
})()"""


def labels(
    values: list[float], marks: list[float], **limits: float
) -> tuple[int, int, list[str], list[str]]:
    """Room to the left and right of a chart, and the texts of its axis and of its limits."""
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[2]))).prepared, "
    left, right, texts, limit_labels = run(
        "chart/option.js",
        f"{prepare}{LABELS})",
        drawn(values, **limits),
        marks,
        CLIENT.as_uri() + "/",
    )
    return left, right, [text.replace("\u202f", " ") for text in texts], limit_labels


def test_the_axis_of_a_counter_has_its_digits_and_the_room_for_them() -> None:
    counter = [123456791.0 + n for n in range(58)]
    left, right, texts, _ = labels(counter, [123456800, 123456820, 123456840])
    assert texts == ["123 456 800", "123 456 820", "123 456 840"]
    assert (left > 80, right) == (True, 58)
    assert labels([5.0, 7.0], [5, 6, 7])[:3] == (60, 58, ["5", "6", "7"])


def test_limits_are_written_in_full_and_have_room_if_they_are_visible() -> None:
    limits = {"min_val": 0, "warn_max": 123456830, "crit_max": 1e300}
    counter = [123456791.0 + n for n in range(58)]
    _, right, _, limit_labels = labels(counter, [], **limits)
    assert limit_labels == ["H 123456830", "{0|HH 1e300 ↑}"]
    assert right > 80
    tiny = labels([3e-6, 4e-6], [3.5e-6], warn_max=3.79e-6)
    assert (tiny[2], tiny[3]) == (["3.5e-6"], ["H 3.79e-6"])


LACK = """(() => {
  const view = { ...given[0], data: globalThis.prepared(given[0].body) };
  const { yAxis: [axis], series } = m.option(view);
  const { axisLabel, splitLine } = axis;
  const reason = panels.emptyReason(view, 0);
  return [reason, axisLabel.show, splitLine.show, series.at(-1).markLine.data.length];
})()"""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        ({"shown": []}, "hidden"),
        ({"shown": ["other"]}, "hidden"),
        ({"zoom": [10_000, 20_000]}, "none"),
    ],
)
def test_without_a_line_there_is_no_scale_and_the_reason_is_reported(
    more: dict[str, object], why: str
) -> None:
    view = drawn([5.0, 7.0], warn_max=6.0) | more
    prepare = (
        "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared,"
        " globalThis.panels = await import(new URL('chart/panels.js', given[1])), "
    )
    found = run("chart/option.js", f"{prepare}{LACK})", view, CLIENT.as_uri() + "/")
    assert found == [why, why == "", why == "", 0 if why else 2]


@pytest.mark.parametrize(
    ("now", "link", "what"),
    [
        ("/trend?tag=A&window=5m", "/trend?tag=A&window=5m", ""),
        ("/trend/?tag=A&window=5m", "/trend?tag=A&window=7d", "push"),
        ("/trend?tag=A&window=5m", "/trend?tag=B&window=5m&zoom=1-2", "push"),
        ("/trend?tag=A&window=5m", "/trend?tag=A&window=5m&zoom=1-2", "push"),
        ("/trend?tag=A&window=5m&zoom=1-2", "/trend?tag=A&window=5m", "push"),
        ("/trend?tag=A&window=5m", "/trend?tag=A&from=now/d&to=now", "push"),
        ("/trend?tag=A&from=now/d&to=now", "/trend?tag=A&from=now-1d/d&to=now/d", "push"),
        ("/trend?tag=A&window=5m", "/trend?tag=A&window=5m&series=avg", "replace"),
        # What completes an address is no step.
        ("/trend?tag=A", "/trend?tag=A&window=5m", "replace"),
        ("/trend", "/trend?tag=A&window=5m", "replace"),
        ("/trend?tag=A&from=now/d", "/trend?tag=A&from=now/d&to=now", "replace"),
        ("/tech?tag=A&window=5m", "/trend?tag=B&window=5m", ""),
    ],
)
def test_another_tag_time_or_zoom_is_a_step_back_and_the_rest_is_not(
    now: str, link: str, what: str
) -> None:
    expression = (
        "m.historyAction(new URL(given[0], 'http://h'), new URL(given[1], 'http://h'),"
        " ['tag', 'window', 'from', 'to', 'zoom'], [['tag'], ['window', 'to']])"
    )
    assert run("lib/address.js", expression, now, link) == what


def test_a_query_is_the_same_however_it_is_written() -> None:
    pairs = [("?tag=A%20B", "tag=A+B"), ("", ""), ("?window=3x", ""), ("?tag=A", "tag=B")]
    assert run("lib/address.js", "given[0].map(([a, b]) => m.sameQuery(a, b))", pairs) == [
        *(True, True),
        *(False, False),
    ]


PICK = """(() => {
  const items = m.visibleNames(given[0], given[1], given[2]);
  return [items.length, items[m.highlighted(items, given[1], given[2])] ?? null];
})()"""


@pytest.mark.parametrize("current", ["T000", "T049", "T050", "T120", "T199"])
def test_before_anything_is_typed_the_current_tag_is_listed_and_highlighted(current: str) -> None:
    names = [f"T{n:03}" for n in range(200)]
    assert run("lib/picks.js", PICK, names, current, "") == [50, current]


def test_of_what_is_typed_the_first_match_is_highlighted() -> None:
    names = [f"T{n:03}" for n in range(200)]
    assert run("lib/picks.js", PICK, names, "T120", "t1") == [50, "T000"]
    assert run("lib/picks.js", PICK, ["A"], "A", "a") == [1, "A"]
    assert run("lib/picks.js", PICK, ["A"], "UNKNOWN", "") == [1, None]
    assert run("lib/picks.js", PICK, [], "A", "") == [0, None]


def test_limits_beyond_the_axis_are_named_at_its_ends_the_nearest_first() -> None:
    words = WORDS | {"limit_ll": "LL"}
    limits = {"crit_min": 10, "warn_min": 20, "warn_max": 60, "crit_max": 80_000, "max_val": 1e9}
    view = drawn([50.0, 61.0], **limits) | {"t": words}
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared, "
    far = "m.farLimits({ ...given[0], data: globalThis.prepared(given[0].body) }))"
    found = run("chart/limits.js", prepare + far, view, CLIENT.as_uri() + "/")
    assert [[part["text"] for part in one["parts"]] for one in found] == [
        ["HH 80000 ↑"],
        ["L 20 ↓", "LL 10 ↓"],
    ]
    assert [one["value"] for one in found] == pytest.approx([62.1, 48.9])


def test_a_limit_that_every_visible_value_breaks_is_reported_with_its_level() -> None:
    words = WORDS | {
        "limit_over": "above {limit}",
        "limit_under": "below {limit}",
        "limit_ll": "LL",
    }
    limits = {"crit_min": 10, "warn_max": 60, "crit_max": 75, "max_val": 70}
    view = drawn([80.0, 82.0], **limits) | {"t": words}
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared, "
    far = "m.farLimits({ ...given[0], data: globalThis.prepared(given[0].body) }))"
    (low,) = run("chart/limits.js", prepare + far, view, CLIENT.as_uri() + "/")
    assert [(part["text"], part["level"]) for part in low["parts"]] == [
        ("above HH 75", 2),
        ("above to 70", 2),
        ("above H 60", 1),
        ("LL 10 ↓", 0),
    ]


@pytest.mark.parametrize(
    ("limits", "texts"),
    [
        # A height of 326 px for 0 to 220: a label needs eleven.
        ({"max_val": 200, "crit_max": 198, "warn_max": 150}, ["to 200\nHH 198", "H 150"]),
        ({"max_val": 200, "crit_max": 188, "warn_max": 150}, ["to 200", "HH 188", "H 150"]),
        ({"max_val": 200, "crit_max": 192, "warn_max": 187}, ["to 200\nHH 192\nH 187"]),
        ({"max_val": 219}, ["to 219"]),
    ],
)
def test_names_of_limits_that_would_overprint_each_other_stand_one_under_the_other(
    limits: dict[str, float], texts: list[str]
) -> None:
    view = drawn([0.0, 200.0], **limits)
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared, "
    named = "m.limitLabels({ ...given[0], data: globalThis.prepared(given[0].body) }))"
    found = run("chart/limits.js", prepare + named, view, CLIENT.as_uri() + "/")
    assert [one["text"] for one in found] == texts
    assert all(-20 <= one["value"] <= 220 for one in found)
    on_a_phone = run(
        "chart/limits.js", prepare + named, view | {"compact": True}, CLIENT.as_uri() + "/"
    )
    assert on_a_phone == []


PEAKS = {"at": list(range(0, 1_000, 10)), "columns": {"max": [50.0] * 100, "avg": [50.0] * 100}}
PEAKS["columns"]["max"][60] = 90.0  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    ("ms", "index"),
    [
        # Ten buckets a pixel: the peak is found within four pixels on both sides, not beyond.
        (600, 60),
        (560, 60),
        (639, 60),
        (641, 64),
        (500, 50),
        (-500, 0),
    ],
)
def test_the_pointer_means_a_peak_that_is_a_pixel_wide(ms: int, index: int) -> None:
    scales = [{"key": "avg", "worth": 1}, {"key": "max", "worth": 1}]
    expression = "m.pointedBucket(given[0], given[1], given[2], given[3])"
    assert run("chart/peak.js", expression, PEAKS, ms, 10, scales) == index
    # Where a bucket is wider than a pixel, or nothing stands out, it is the nearest one.
    assert run("chart/peak.js", expression, PEAKS, 592, 1, scales) == 59
    assert run("chart/peak.js", expression, PEAKS, 590, 10, [{"key": "max", "worth": 6}]) == 59


READ = """(() => {
  const view = { ...given[0], data: globalThis.prepared(given[0].body) };
  const { time, values } = m.reading(view, given[1], 1);
  return [time, values.avg, m.summary(view, 1)];
})()"""


@pytest.mark.parametrize(
    ("zoom", "ms", "expected"),
    [
        (None, 0, ["00:09:00", "9.0", "window: 10 from 00:00:00 to 00:09:00, 0.0 9.0 9.0"]),
        (
            [110_000, 310_000],
            0,
            ["00:05:00", "5.0", "part of window: 4 from 00:02:00 to 00:05:00, 2.0 5.0 5.0"],
        ),
        (
            [110_000, 310_000],
            180_000,
            ["00:03:00", "3.0", "part of window: 4 from 00:02:00 to 00:05:00, 2.0 5.0 5.0"],
        ),
        ([70_000, 80_000], 0, ["", "–", ""]),
    ],
)
def test_figures_and_words_of_a_zoomed_chart_describe_the_visible_part(
    zoom: list[int] | None, ms: int, expected: list[str]
) -> None:
    words = {
        "chart_part": "part of {caption}",
        "chart_summary": "{caption}: {n} from {from} to {to}, {low} {high} {last}",
    }
    view = drawn([float(n) for n in range(10)]) | {"zoom": zoom, "t": words, "caption": "window"}
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[2]))).prepared, "
    texts = run("chart/reading.js", f"{prepare}{READ})", view, ms, CLIENT.as_uri() + "/")
    assert [text.replace("1970-01-01 ", "").replace("+00:00", "") for text in texts] == expected


def test_the_grid_stands_over_the_band_of_the_range_and_under_the_series() -> None:
    view = drawn([50.0, 61.0], min_val=0, max_val=100)
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared, "
    depths = """(() => {
      const { yAxis: [axis], series } = m.option({ ...given[0], data: prepared(given[0].body) });
      const limits = series.at(-1);
      return [limits.markArea.z, axis.z, limits.markLine.z, series[0].z];
    })())"""
    found = run("chart/option.js", prepare + depths, view, CLIENT.as_uri() + "/")
    assert found == sorted(set(found))


def test_a_month_at_the_end_of_the_axis_has_room_on_a_phone() -> None:
    year = ms("2025-11-02", "UTC"), ms("2026-11-01", "UTC")
    view = drawn([1.0, 2.0]) | {"compact": True, "width": 360, "from": year[0], "to": year[1]}
    view["body"] = {"bucket_s": 86_400, "columns": {"bucket": list(year), "avg": [1, 2]}}
    prepare = "(globalThis.prepared = (await import(new URL('chart/gaps.js', given[1]))).prepared, "
    grid = "m.option({ ...given[0], data: prepared(given[0].body) }).grid[0])"
    found = run("chart/option.js", prepare + grid, view, CLIENT.as_uri() + "/")
    assert found["right"] >= 7 * 6.8 / 2


def test_a_picture_says_of_what_and_of_which_time_and_zone_it_is() -> None:
    view = {
        **{"name": "D101", "unit": "°C", "title": "Oil temperature", "zone": "Asia/Seoul"},
        **{"caption": "60 minutes, 1 min buckets", "zoom": None},
        "from": ms("2025-08-15T12:00", "Asia/Seoul"),
        "to": ms("2025-08-15T13:00", "Asia/Seoul"),
        "t": {
            "chart_seen": "{from} – {to}, {zone} · {caption}",
            "chart_seen_part": "{from} – {to}, {zone} · part of {caption}",
        },
    }
    assert run("chart/picture.js", "m.headlines(given[0])", view) == {
        "tag": "D101 [°C]",
        "title": "Oil temperature",
        "seen": "2025-08-15 12:00:00+09:00 – 2025-08-15 13:00:00+09:00, Asia/Seoul"
        " · 60 minutes, 1 min buckets",
    }
    part = view | {"unit": "", "zoom": [view["from"], ms("2025-08-15T12:30", "Asia/Seoul")]}
    headlines = run("chart/picture.js", "m.headlines(given[0])", part)
    assert headlines["tag"] == "D101"
    assert "– 2025-08-15 12:30:00+09:00, Asia/Seoul · part of 60 minutes" in headlines["seen"]
    odd = part | {"name": "A/B 1"}
    assert run("chart/picture.js", "m.filename(given[0])", odd) == (
        "A_B_1_2025-08-15T1200_2025-08-15T1230.png"
    )


def test_a_legend_takes_another_row_where_the_names_do_not_fit() -> None:
    names = [{"name": "x" * 20} for _ in range(5)]
    rows = run(
        "chart/picturelayout.js", "m.legend(given[0], 500, (name) => name.length * 7)", names
    )
    assert [place["row"] for place in rows] == [0, 0, 1, 1, 2]
    assert rows[0]["x"] == rows[2]["x"] == rows[4]["x"]


def test_a_picker_looks_into_titles_too() -> None:
    found = "m.matches(given[0], given[1], given[2])"
    titles = {"D101": "Oil temperature", "D102": "Oil pump current"}
    assert run("lib/picks.js", found, ["D101", "D102", "D103"], "PUMP d10", titles) == ["D102"]
    assert run("lib/picks.js", found, ["D101", "D103"], "pump", titles) == []


@pytest.mark.parametrize(
    ("name", "head", "tail"),
    [
        ("D100", "", "D100"),
        ("AREA1.FT_101", "", "AREA1.FT_101"),
        ("AREA1.UNIT_01.FT_101", "AREA1.UNIT", "_01.FT_101"),
        ("😀" * 15, "😀" * 5, "😀" * 10),
    ],
)
def test_the_end_of_a_long_name_stays(name: str, head: str, tail: str) -> None:
    assert run("lib/name.js", "m.halves(given[0])", name) == [head, tail]


def test_the_alarms_of_a_window_are_its_events() -> None:
    def event(begin: int, end: int | None, *, ongoing: bool = False) -> Any:
        at = [second and f"1970-01-01T00:00:{second:02d}Z" for second in (begin, end)]
        text = {"key": "alarms.what_HH", "values": {"condition": "HIGH"}}
        one = {"from": at[0], "to": at[1], "ongoing": ongoing, "level": "HH", "priority": 2}
        return one | {"kind": "alarm", "count": 1, "text": text}

    events = [event(5, 25), event(30, None, ongoing=True), event(40, None)]
    expression = """m.alarmSpansOf(given[0])
      .map((one) => [one.condition, one.from / 1000, one.to && one.to / 1000])"""
    assert run("chart/alarmspans.js", expression, {"events": events}) == [
        ["HIGH", 5, 25],
        ["HIGH", 30, None],
        ["HIGH", 40, 40],
    ]


# Clicks at times, with a double click after the last one or without; the times that were picked.
CLICKS = """await (async ([zoomed, times, doubled]) => {
  const { mock } = await import("node:test");
  mock.timers.enable({ apis: ["setTimeout"] });
  const picked = [];
  let now = 0;
  const pick = new m.Pick((ms) => picked.push([ms, now]));
  const wait = (until) => { while (now < until) { now += 1; mock.timers.tick(1); } };
  for (const time of times) { wait(time); pick.at(1000 + time, zoomed); }
  if (doubled) pick.cancel();
  wait(5000);
  return picked;
})(given)"""


@pytest.mark.parametrize(
    ("zoomed", "times", "doubled", "picked"),
    [
        (False, [10], False, [[1010, 11]]),
        (True, [10], False, [[1010, 510]]),
        # A double click is no pick. The page does not scroll between its clicks.
        (True, [10, 490], True, []),
        (True, [10, 1000], False, [[1010, 510], [2000, 1500]]),
        # Beside the buckets, the time is 0.
        (False, [-1000], False, []),
    ],
)
def test_on_a_zoomed_chart_a_pick_waits_until_it_is_no_double_click(
    zoomed: bool, times: list[int], doubled: bool, picked: list[list[int]]
) -> None:
    assert run("chart/pick.js", CLICKS, zoomed, times, doubled) == picked
