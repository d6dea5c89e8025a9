"""The chart of several tags, run by Node: merged buckets, axes by unit, panels, the legend."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.node import CLIENT, run

MERGE = "explore/chart/merge.js"
AXES = "explore/chart/axes.js"
MINUTE = 60_000

# Points as rows: at, mean, low, high, whether a gap is before it.
ROWS = """(() => {
  const line = m.lineOf(given[0], given[1]);
  const points = m.mergeLine(line, given[2], given[3], given[4]);
  const rows = Array.from({ length: points.count }, (_, i) =>
    [points.at[i], points.mean[i], points.low[i], points.high[i], points.afterGap[i]]);
  return { rows, visible: points.visible, dense: points.dense, span: m.extremes(points) };
})()"""


def points(
    series: dict[str, Any], bucket_s: int, start: float, end: float, pixels: int
) -> dict[str, Any]:
    found: dict[str, Any] = run(MERGE, ROWS, series, bucket_s, start, end, pixels)
    return found


def minutes(values: list[float | None], **more: list[float | None]) -> dict[str, Any]:
    return {"at": [MINUTE * n for n in range(len(values))], "columns": {"avg": values, **more}}


def test_buckets_with_room_are_points_as_they_are_and_one_more_at_each_end() -> None:
    drawn = points(minutes([1, 2, 3, 4, 5, 6]), 60, 2 * MINUTE, 3 * MINUTE, 100)
    assert [row[:4] for row in drawn["rows"]] == [
        [MINUTE * n, n + 1, n + 1, n + 1] for n in range(1, 5)
    ]
    assert (drawn["visible"], drawn["dense"], drawn["span"]) == ([1, 3], False, [3, 4])


def test_of_buckets_in_one_pixel_the_smallest_and_largest_values_stay() -> None:
    series = minutes([1, 2, 3, 4], min=[0, -9, 3, 3], max=[2, 2, 30, 4])
    drawn = points(series, 60, 0, 4 * MINUTE, 2)
    assert drawn["rows"] == [
        [MINUTE / 2, 1.5, -9, 2, 1],
        [MINUTE * 2.5, 3.5, 3, 30, 0],
    ]
    assert (drawn["dense"], drawn["span"]) == (True, [-9, 30])


def test_a_missing_bucket_is_a_hole_and_so_is_one_without_a_value() -> None:
    drawn = points(minutes([1, None, 3, 4]), 60, 0, 3 * MINUTE, 100)
    assert [row[4] for row in drawn["rows"]] == [1, 1, 0]
    days = {"at": [0, 25 * 60 * MINUTE], "columns": {"avg": [1, 2]}}
    assert [row[4] for row in points(days, 86_400, 0, 25 * 60 * MINUTE, 9)["rows"]] == [1, 0]


def test_samples_have_a_hole_where_they_are_silent_for_twice_as_long_as_they_mostly_are() -> None:
    at = [0, 50_000, 100_000, 150_000, 249_000, 350_000]
    drawn = points({"at": at, "columns": {"avg": [1] * 6}}, 0, 0, 350_000, 1000)
    assert [row[4] for row in drawn["rows"]] == [1, 0, 0, 0, 0, 1]
    often = [0, 1000, 2000, 61_000, 122_000]
    drawn = points({"at": often, "columns": {"avg": [1] * 5}}, 0, 0, 122_000, 1000)
    assert [row[4] for row in drawn["rows"]] == [1, 0, 0, 0, 1]


def case(rng: random.Random) -> tuple[dict[str, Any], float, float, int]:
    """Minutes with holes, a part of their time, and the pixels for it."""
    at = list(
        itertools.accumulate(rng.choice([1, 1, 1, 4]) * MINUTE for _ in range(rng.randint(1, 200)))
    )
    mean = [rng.uniform(-50, 50) for _ in at]
    columns = {
        "avg": mean,
        "min": [one - rng.uniform(0, 9) for one in mean],
        "max": [one + rng.uniform(0, 9) for one in mean],
    }
    start, end = sorted(rng.uniform(at[0] - MINUTE, at[-1] + MINUTE) for _ in range(2))
    return {"at": at, "columns": columns}, start, max(end, start + 1), rng.randint(1, 60)


def test_no_extreme_of_any_bucket_is_lost() -> None:
    rng = random.Random(16)
    cases = [case(rng) for _ in range(200)]
    script = ROWS.replace("given[0], given[1]", "one[0], 60")
    for at in (2, 3, 4):
        script = script.replace(f"given[{at}]", f"one[{at - 1}]")
    for (series, start, end, pixels), drawn in zip(
        cases, run(MERGE, f"given[0].map((one) => {script})", cases), strict=True
    ):
        at, columns = series["at"], series["columns"]
        visible = [i for i, ms in enumerate(at) if start <= ms <= end]
        wide = (end - start) / pixels
        for i in visible:
            (row,) = [row for row in drawn["rows"] if row[0] // wide == at[i] // wide]
            assert row[2] <= columns["min"][i]
            assert row[3] >= columns["max"][i]
        if visible:
            assert drawn["span"][0] <= min(columns["min"][i] for i in visible)
            assert drawn["span"][1] >= max(columns["max"][i] for i in visible)
        else:
            assert drawn["span"] is None
        assert len(drawn["rows"]) <= pixels + 3


def test_a_difference_has_the_times_that_both_lines_have() -> None:
    expression = """(() => {
      const [own, other] = given.map((one) => m.lineOf(one, 60));
      const { at, mean } = m.differenceOf(own, other);
      return [[...at], [...mean]];
    })()"""
    assert run(MERGE, expression, minutes([5, 6, None, 8]), minutes([1, None, 3, 10])) == [
        [0, 3 * MINUTE],
        [4, -2],
    ]


def axes(units: list[str], most: int = 4) -> list[tuple[str, str, int, int]]:
    found = run(AXES, "m.axesOf(given[0], given[1])", [{"unit": unit} for unit in units], most)
    return [(one["unit"], one["side"], one["rank"], len(one["members"])) for one in found["axes"]]


def test_each_unit_has_an_axis_on_sides_in_turn_and_five_units_have_one_of_percent() -> None:
    assert axes(["bar", "°C", "bar", "A", "V"]) == [
        ("bar", "left", 0, 2),
        ("°C", "right", 0, 1),
        ("A", "left", 1, 1),
        ("V", "right", 1, 1),
    ]
    assert axes(["bar", "°C", "A", "V", ""]) == [("%", "left", 0, 5)]
    assert axes(["bar", "°C", "A"], 2) == [("%", "left", 0, 3)]


def test_panels_are_one_a_unit_and_the_difference_comes_below() -> None:
    series = [{"unit": "bar"}, {"unit": "A"}, {"unit": "bar", "difference": True}]
    expression = (
        "m.panelsOf(given[0], given[1]).map((one) => [one.kind, one.axes.map((a) => a.unit)])"
    )
    assert run(AXES, expression, series, {"layout": "panels", "difference": True}) == [
        ["own", ["bar"]],
        ["own", ["A"]],
        ["difference", ["bar"]],
    ]
    assert run(AXES, expression, series, {"layout": "", "difference": False}) == [
        ["own", ["bar", "A"]]
    ]
    assert run(AXES, expression, [], {"layout": "panels", "difference": False}) == [["own", []]]


SCENE = """(() => {
  const entries = given[0].map(({ series, ...one }) => ({ ...one, line: lineOf(series, 60) }));
  const size = { width: 1000, height: 400, from: 0, to: 3 * 60000, zoom: null };
  const made = m.sceneOf({ entries, ...size, ...given[1] });
  const heights = ({ points: { mean, count }, projection }) =>
    [...mean].slice(0, count)
      .map((value) => projection.bottom - (value - projection.low) * projection.pxPerUnit);
  return {
    grid: made.grid,
    panels: made.panels.map(({ axes, lines, ...panel }) => ({
      ...panel, axes: axes.map(({ min, max, offset }) => [min, max, offset]), y: lines.map(heights),
    })),
  };
})()"""


def scene(entries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    prepare = (
        f"(globalThis.lineOf = (await import(new URL('./merge.js', given[2]))).lineOf, {SCENE})"
    )
    place = (CLIENT / "explore/chart/scene.js").as_uri()
    found: dict[str, Any] = run("explore/chart/scene.js", prepare, entries, more, place)
    return found


def entry(unit: str, values: list[float | None], **more: Any) -> dict[str, Any]:
    return {"tag": unit, "unit": unit, "series": minutes(values), **more}


def test_axes_of_one_side_stand_beside_each_other_and_hidden_tags_have_none() -> None:
    units = [entry(unit, [1, 2, 3, 4]) for unit in ("a", "b", "c")]
    drawn = scene(units)
    assert [axis[2] for axis in drawn["panels"][0]["axes"]] == [0, 0, 40]
    assert (drawn["grid"]["left"], drawn["grid"]["right"]) == (80, 40)
    drawn = scene([*units[:2], units[2] | {"hidden": True}])
    assert (drawn["grid"]["left"], drawn["grid"]["right"]) == (40, 40)


def test_in_percent_each_line_has_the_range_of_its_rule_or_of_its_visible_values() -> None:
    units = [
        entry("a", [10, 20, 10, 20], range=[0, 40]),
        *[entry(unit, [3, 4, 5, 4]) for unit in "bcde"],
    ]
    (panel,) = scene(units)["panels"]
    assert panel["percent"]
    ((low, high, _),) = panel["axes"]
    assert (low, high) == (-10, 110)

    def percent(y: float) -> float:
        share: float = low + (panel["top"] + panel["height"] - y) / panel["height"] * (high - low)
        return share

    assert [percent(y) for y in panel["y"][0]] == pytest.approx([25, 50, 25, 50])
    assert [percent(y) for y in panel["y"][1]] == pytest.approx([0, 50, 100, 50])


def test_a_difference_in_percent_is_of_the_length_of_the_range_and_nothing_is_zero() -> None:
    gap = "differenceLine: lineOf({ at: series.at, columns: { avg: [0, 2, -1, 0] } }, 60)"
    own = "line: lineOf(series, 60)"
    expression = SCENE.replace(own, f"{own}, {gap}")
    merge = "(await import(new URL('./merge.js', given[2])))"
    prepare = f"(globalThis.lineOf = {merge}.lineOf, {expression})"
    units = [entry("a", [10, 20, 10, 20], range=[0, 40]), *[entry(u, [3, 4, 5, 4]) for u in "bcde"]]
    place = (CLIENT / "explore/chart/scene.js").as_uri()
    drawn = run("explore/chart/scene.js", prepare, units, {"difference": True}, place)
    panel = drawn["panels"][-1]
    ((low, high, _),) = panel["axes"]

    def percent(y: float) -> float:
        share: float = low + (panel["top"] + panel["height"] - y) / panel["height"] * (high - low)
        return share

    assert [percent(y) for y in panel["y"][0]] == pytest.approx([0, 5, -2.5, 0], abs=1e-6)
    assert [percent(y) for y in panel["y"][1]] == pytest.approx([0, 100, -50, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("seconds", "chosen", "found"),
    [
        (600, "", ["", "raw", "1m", "10m"]),
        (7200, "", ["", "raw", "1m", "10m", "1h"]),
        (86_400, "", ["", "1m", "10m", "1h", "1d"]),
        (365 * 86_400, "1m", ["", "1h", "1d", "1m"]),
        (None, "10m", ["", "10m"]),
    ],
)
def test_only_widths_that_the_time_can_have_are_offered(
    seconds: int | None, chosen: str, found: list[str]
) -> None:
    data = None if seconds is None else {"from": 0, "to": seconds * 1000}
    assert run("explore/data.js", "m.bucketsFor(given[0], given[1])", data, chosen) == found


ENTRIES = "explore/chart/entries.js"
AT = "m.entriesOf({ data: given[0], hidden: [], colour: () => 1 })"


def answer(bucket_s: int, *series: dict[str, Any]) -> dict[str, Any]:
    named = [{"tag": f"T{n}", "unit": "", "compare": None} | one for n, one in enumerate(series)]
    return {"bucketS": bucket_s, "series": named}


def test_a_bucket_holds_up_to_the_next_one_and_a_sample_as_long_as_it_is_no_hole() -> None:
    series = {"at": [0, MINUTE, 5 * MINUTE], "columns": {"avg": [1, 2, 5]}}
    expression = f"given[1].map((ms) => m.valuesAt({AT}[0], ms, given[0].bucketS).value)"
    times = [0, MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE]
    assert run(ENTRIES, expression, answer(60, series), times) == [1, 1, 2, 2, None, None, 5]
    assert run(ENTRIES, expression, answer(0, series), times) == [1, 1, 2, 2, 2, None, 5]


def test_the_legend_has_the_figures_of_the_visible_part_and_the_compared_value_at_the_cursor() -> (
    None
):
    series = minutes([1, 2, 4, 9], min=[0, 1, 3, 8], max=[2, 3, 5, 10])
    other = minutes([2, None, 1, 1])
    expression = f"""(() => {{
      const [one] = {AT};
      return [m.figuresOf(one.line, given[1]),
        m.valuesAt(one, {MINUTE * 2}, 60), m.valuesAt(one, {MINUTE}, 60),
        m.figuresOf(one.line, [{MINUTE * 9}, {MINUTE * 10}]), one.decimals];
    }})()"""
    found = run(ENTRIES, expression, answer(60, series | {"compare": other}), [MINUTE, 2 * MINUTE])
    assert found == [
        {"last": 4, "min": 1, "max": 5, "mean": 3, "rows": 2},
        {"value": 4, "compared": 1, "difference": 3},
        {"value": 2, "compared": None, "difference": None},
        *(None, 2),
    ]


def test_two_tags_with_one_colour_have_different_lines() -> None:
    expression = f"{AT}.map((one) => one.repeated)"
    assert run(ENTRIES, expression, answer(60, minutes([1]), minutes([2]))) == [False, True]


@pytest.mark.parametrize(
    ("hidden", "solo", "after"),
    [
        ([], False, ["B"]),
        (["B"], False, []),
        ([], True, ["A", "C"]),
        (["B"], True, ["A", "C"]),
        (["A", "C"], True, []),
    ],
)
def test_a_click_hides_or_shows_and_one_shown_alone_shows_all_again(
    hidden: list[str], solo: bool, after: list[str]
) -> None:
    expression = "m.hiddenAfter(['A', 'B', 'C'], given[0], 'B', given[1])"
    assert run(ENTRIES, expression, hidden, solo) == after


def test_a_tag_moves_to_a_place_and_not_beyond_the_ends() -> None:
    expression = "given[0].map((to) => m.moveTag(['A', 'B', 'C'], 'A', to).join(''))"
    assert run(ENTRIES, expression, [-1, 0, 1, 2, 9]) == ["ABC", "ABC", "BAC", "BCA", "BCA"]


LOADED = """await (async () => {
  const start = (body) => {
    body.enqueue(new TextEncoder().encode(given[0]));
    body.error(new Error("cut"));
  };
  globalThis.fetch = async () =>
    given[1] ? new Response(given[0], given[1]) : new Response(new ReadableStream({ start }));
  try { return (await m.load('/api/v1/x')).data; } catch (error) { return error.message; }
})()"""


def test_the_dashed_lines_are_named_by_the_compared_time_of_the_visible_part() -> None:
    """The other time is a day before, and has a row for each minute of two hours."""
    rows = {"at": [MINUTE * n for n in range(120)]}
    rows |= {"other": [MINUTE * (n - 1440) for n in range(120)]}
    view = {"zoom": None, "from": 0, "to": MINUTE * 120, "look": {"zone": "Asia/Seoul"}}
    view |= {"x": {"plot_dashed": "{from} to {to}"}}
    script = """(await import(new URL('explore/stats/model.js', given[2]))).comparedEnds"""
    comparison = "comparedTimes: (ends) => endsOf(given[1], ends)"
    script = f"((endsOf) => m.dashedText({{...given[0], {comparison}}}))({script})"
    here = CLIENT.as_uri() + "/"

    def dashed(**more: Any) -> Any:
        return run("explore/chart/reading.js", script, view | more, rows, here)

    assert dashed() == "1969-12-31 09:00 to 1969-12-31 11:00"
    part = [MINUTE * 30, MINUTE * 90 + 5000]
    assert dashed(zoom=part) == "1969-12-31 09:30 to 1969-12-31 10:30:05"
    alone = view | {"comparedTimes": None}
    assert run("explore/chart/reading.js", "m.dashedText(given[0])", alone) == ""


@pytest.mark.parametrize(
    ("text", "status", "found"),
    [
        ('{"a": 1}', 200, {"a": 1}),
        ('{"a": 1}', 0, "cut"),
        ('{"error": {"code": "TIMEOUT"}}', 503, "TIMEOUT"),
        ("<html>", 502, "HTTP 502"),
    ],
)
def test_an_incomplete_answer_is_an_error_and_not_an_empty_answer(
    text: str, status: int, found: object
) -> None:
    assert run("lib/load.js", LOADED, text, {"status": status} if status else None) == found


def test_an_error_says_what_the_server_says_in_the_language_of_the_reader() -> None:
    errors: list[Any] = [
        {"code": "PAYLOAD_BLOAT", "key": "errors.kpi_long", "values": {"days": 92}},
        {"code": "DB_CONN"},
        None,
        # Texts about the form of a request come with other pages.
        {"code": "BAD_PARAMETER", "key": "forms.to_from", "message": "to needs from"},
    ]
    sentences = run(
        "lib/load.js", "given[0].map((error) => new m.Refused(error, 502).said)", errors
    )
    assert sentences == [
        {"key": "errors.kpi_long", "values": {"days": 92}},
        {"key": "errors.code_DB_CONN", "values": {}},
        {"key": "errors.http", "values": {"status": 502}},
        {"key": "errors.plain", "values": {"text": "to needs from"}},
    ]


def test_a_line_of_means_alone_is_drawn_and_has_no_smallest_and_largest_value() -> None:
    series = minutes([1, 2, None, 4], min=[None] * 4, max=[None] * 4)
    drawn = points(series, 60, 0, 3 * MINUTE, 100)
    assert [row[1:4] for row in drawn["rows"]] == [[1, 1, 1], [2, 2, 2], [4, 4, 4]]
    assert drawn["span"] == [1, 4]
    lines = {"series": [series | {"tag": "K", "title": "", "unit": ""}], "bucketS": 60}
    figures = (
        "(() => { const [one] = m.entriesOf({ data: given[0], hidden: [], colour: () => 1 });"
        " return [m.figuresOf(one.line, [0, 1e9]), one.decimals]; })()"
    )
    found, places = run("explore/chart/entries.js", figures, lines)
    assert (found["min"], found["max"], found["last"], places) == (None, None, 4, 3)


SILENT = "explore/chart/silent.js"
WORDS = "{ plot_silent: 'Last value {value}, {time}.', plot_never: 'Never.' }"


def test_tags_without_a_value_in_the_shown_time_are_silent() -> None:
    columns = {"A": [], "B": [None, 2], "C": [None, None]}
    data = {"series": [{"tag": tag, "columns": {"avg": avg}} for tag, avg in columns.items()]}
    assert run(SILENT, "m.silentTags(given[0])", data) == ["A", "C"]


@pytest.mark.parametrize(
    ("rows", "calculated", "text"),
    [
        (
            [{"tag_name": "A", "value": 21.5, "ts": "2026-11-28T12:00:05+09:00"}],
            False,
            "Last value 21.5 K, 2026-11-28 12:00:05.",
        ),
        ([], False, "Never."),
        ([], True, ""),
        (None, False, ""),
    ],
)
def test_a_silent_tag_says_when_its_last_value_came(
    rows: list[dict[str, Any]] | None, calculated: bool, text: str
) -> None:
    newest = "given[0] === null ? undefined : m.newestOf(given[0])"
    about = f"{{ newest: {newest}, unit: 'K', calculated: given[1] }}"
    said = run(SILENT, f"m.silentText({about}, {WORDS}, 'Asia/Seoul')", rows, calculated)
    assert said == text


@pytest.mark.parametrize(
    ("minutes_shown", "ends"),
    [
        (1, ["2026-01-05T11:45:00", "2026-01-05T12:15:00"]),
        (24 * 60, ["2026-01-05T00:00:00", "2026-01-06T00:00:00"]),
    ],
)
def test_the_range_of_the_last_value_is_as_long_as_the_shown_time(
    minutes_shown: int, ends: list[str]
) -> None:
    """It has 15 minutes on both sides at least: a range has the buckets that begin in it."""
    at = 1_767_582_000_000  # 2026-01-05 12:00:00 in Seoul
    shown = {"from": 0, "to": minutes_shown * MINUTE}
    assert run(SILENT, "m.rangeAt(given[0], given[1], 'Asia/Seoul')", at, shown) == ends
