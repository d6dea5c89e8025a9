"""Calculated tags: which tags are calculated, their rules, and their values (PRD §33.9)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ksys_app.domain.alarms.badge import TagAlarms
from ksys_app.domain.expressions.calculated import calculated_tags, is_pointwise, own_rule
from ksys_app.domain.expressions.moments import Member, at_samples
from ksys_app.domain.expressions.newest import (
    calculated_row,
    newest_of_buckets,
    newest_of_members,
    pointwise_line,
)
from ksys_app.domain.expressions.parse import names, parse
from ksys_app.domain.kpi import decimals
from ksys_app.domain.tiles import badges, tile
from ksys_app.models.expressions import SavedExpression
from ksys_app.models.rows import QcRule, Spark, TileRow
from tests.unit.expressions.reference import Reference, Tree, random_tree, written

SAVED_AT = datetime(2026, 3, 1, tzinfo=UTC)
HOLDS = {"A": 60.0, "B": 200.0, "C": 1000.0}


def saved(name: str, text: str, unit: str = "", places: int | None = None) -> SavedExpression:
    return SavedExpression(name, text, unit, places, 1, "ann", SAVED_AT)


def samples(chance: random.Random, tag: str) -> pd.Series:
    """Random times, some of them shared by all tags, a hole, and values that cannot be used."""
    every = {"A": 10, "B": 45, "C": 300}[tag]
    times, at = [], float(chance.randint(-every, every))
    while at < 4_000:
        times.append(at)
        hole = 700 if chance.random() < 0.02 else 0
        at += hole + chance.choice([every, every, chance.randint(1, every)])
    values = [chance.choice([np.nan, np.inf, *[chance.uniform(-9, 9)] * 40]) for _ in times]
    return pd.Series(values, index=times)


def by_pandas(tree: Tree, series: dict[str, pd.Series], start: float) -> pd.DataFrame:
    """The expected values at the times of all tags, from the newest fresh sample of each tag."""
    at = sorted({time for one in series.values() for time in one.index if time >= start})
    frame = pd.DataFrame({"at": np.array(at, dtype=float)})
    for tag, one in series.items():
        right = pd.DataFrame({"at": one.index.astype(float), tag: one.to_numpy()})
        frame = pd.merge_asof(frame, right, on="at", direction="backward", tolerance=HOLDS[tag])
    frame = frame.replace([np.inf, -np.inf], np.nan)
    index = pd.to_datetime(frame["at"], unit="s", utc=True)
    columns = {tag: pd.Series(frame[tag].to_numpy(), index=index) for tag in series}
    frame["value"] = Reference(columns, index, [], 0, "UTC").of(tree).to_numpy()
    return frame


@pytest.mark.parametrize("seed", range(30))
def test_a_value_at_each_sample_equals_what_pandas_merges(seed: int) -> None:
    chance = random.Random(seed)
    node, tree = parse("1"), None
    while not names(node) or not is_pointwise(node):
        tree = random_tree(chance, list(HOLDS), 3)
        node = parse(written(tree, chance))
    series = {tag: samples(chance, tag) for tag in names(node)}
    members = {
        tag: Member(one.index.to_numpy(dtype=float), one.to_numpy(), HOLDS[tag])
        for tag, one in series.items()
    }
    wanted = by_pandas(tree, series, 100.0)
    result = at_samples(node, members, 100.0)
    assert result.at.tolist() == wanted["at"].tolist()
    np.testing.assert_array_equal(result.value, wanted["value"].to_numpy())


def test_a_value_holds_until_the_first_tag_is_too_old() -> None:
    one = Member(np.array([0.0, 50.0]), np.array([1.0, 2.0]), 30.0)
    other = Member(np.array([-5.0]), np.array([4.0]), 70.0)
    result = at_samples(parse("A + B"), {"A": one, "B": other}, 0.0)
    assert (result.at.tolist(), result.value.tolist()) == ([0.0, 50.0], [5.0, 6.0])
    assert result.until.tolist() == [30.0, 65.0]


def test_a_tag_without_samples_leaves_no_value() -> None:
    nothing = np.array([])
    members = {
        "A": Member(np.array([1.0]), np.array([1.0]), 9.0),
        "B": Member(nothing, nothing, 9.0),
    }
    result = at_samples(parse("A + B"), members, 0.0)
    assert (result.at.tolist(), np.isnan(result.value).tolist()) == ([1.0], [True])
    assert at_samples(parse("1 + 1"), {}, 0.0).at.tolist() == []


def test_what_an_expression_uses_is_found_through_others() -> None:
    found = calculated_tags(
        [saved("head", "(P2 - P1) * 10"), saved("power", "head * F / rate(P1)")]
    )
    assert found["power"].tags == ("P2", "P1", "F")
    assert (found["head"].pointwise, found["power"].pointwise) == (True, False)


def test_what_cannot_be_read_is_no_calculated_tag() -> None:
    rows = [saved("bad", "1 +"), saved("loop", "pool"), saved("pool", "loop"), saved("good", "A")]
    assert list(calculated_tags(rows)) == ["good"]


@pytest.mark.parametrize(
    "text", ["avg_1h(A)", "1 + shift_1d(A)", "rate(A)", "if(delta(A) > 0, 1, 2)"]
)
def test_what_looks_at_other_times_is_not_pointwise(text: str) -> None:
    assert not is_pointwise(parse(text))


def test_the_rule_of_a_calculated_tag_has_its_unit_title_and_decimals() -> None:
    rules = {
        "A": QcRule("A", meta={"unit": "bar"}),
        "named": QcRule("named", warn_max=5.0, meta={"title": "Head", "unit": "m"}),
    }
    found = calculated_tags([saved("named", "A * 2", "kPa", 2), saved("plain", "A  + 1")])
    named, plain = (own_rule(found[name], rules) for name in ("named", "plain"))
    assert (named.unit, named.title, named.warn_max, named.expression) == (
        "m",
        "Head · ƒ A * 2",
        5.0,
        "A * 2",
    )
    assert decimals(named, 0.0, 1000.0) == 2
    assert (plain.unit, plain.title, plain.warn_max, plain.decimals) == (
        "bar",
        "ƒ A + 1",
        None,
        None,
    )
    assert own_rule(found["named"], {"A": rules["A"]}).unit == "kPa"


NOW = datetime(2026, 3, 2, tzinfo=UTC)


def tile_row(tag: str, value: float | None, age_s: float = 5, per_minute: int = 1) -> TileRow:
    ts = None if value is None else NOW - timedelta(seconds=age_s)
    figures = {"last": value, "prev_last": None if value is None else value - 1}
    nothing = dict.fromkeys(("min", "max", "first", "prev_value", "prev_ts"))
    more = dict.fromkeys(("recent_mean", "recent_std"))
    return TileRow(
        tag, NOW, value, ts, count=9, exp_per_min=per_minute, **figures, **nothing, **more
    )


def newest(text: str, *members: TileRow, rules: dict[str, QcRule] | None = None) -> TileRow:
    one = calculated_tags([saved("K", text)])["K"]
    rows = {row.tag_name: row for row in members}
    return calculated_row(
        tile_row("K", None), one, newest_of_members(one, rows), rows, rules or {}, Spark("K")
    )


def test_a_tile_has_the_newest_value_and_the_change_of_the_last_buckets() -> None:
    result = newest("A * B", tile_row("A", 3.0), tile_row("B", 5.0))
    assert (result.value, result.last, result.prev_last) == (15.0, 15.0, 8.0)
    shown = tile(result, None, ZoneInfo("UTC"), badges(result, None, frozenset()))
    assert (shown.count, shown.min, shown.max, shown.comm) == (None, None, None, "ok")
    assert newest("A / B", tile_row("A", 3.0), tile_row("B", 0.0)).value is None


@pytest.mark.parametrize(
    ("ages", "value", "age", "comm"),
    [
        ((5, 100), 8.0, 100, "ok"),
        ((300, 100), None, 300, "late"),
        ((5, 1300), None, 1300, "lost"),
        # B may be silent for an hour, so the younger A decides.
        ((130, 3000), None, 130, "late"),
    ],
)
def test_the_tag_that_is_the_oldest_for_its_rule_decides(
    ages: tuple[int, int], value: float | None, age: int, comm: str
) -> None:
    rules = {"B": QcRule("B", max_gap_seconds=3600)} if ages[1] == 3000 else {}
    result = newest("A + B", tile_row("A", 3.0, ages[0]), tile_row("B", 5.0, ages[1]), rules=rules)
    assert (result.value, result.ts) == (value, NOW - timedelta(seconds=age))
    assert badges(result, None, frozenset()).comm == comm


def test_without_a_sample_of_every_tag_there_was_never_a_value() -> None:
    for members in ([tile_row("A", 3.0)], [tile_row("A", 3.0), tile_row("B", None)]):
        result = newest("A + B", *members)
        assert (result.value, result.ts, badges(result, None, frozenset()).comm) == (
            None,
            None,
            "never",
        )


def test_a_line_has_the_points_that_all_tags_have() -> None:
    one = calculated_tags([saved("K", "A - B")])["K"]
    lines = {
        "A": Spark("A", [0.1, 0.2, 0.3], [5.0, 6.0, 7.0]),
        "B": Spark("B", [0.2, 0.3], [1.0, 9]),
    }
    assert pointwise_line(one, lines) == Spark("K", [0.2, 0.3], [5.0, -2.0])
    assert pointwise_line(one, {"A": lines["A"]}) == Spark("K")


def test_an_expression_over_time_has_the_value_of_its_newest_bucket() -> None:
    found = newest_of_buckets([1000, 2000, 3000], [1.0, 2.0, float("nan")], 1500)
    assert (found.value, found.last, found.prev_last) == (2.0, 2.0, 1.0)
    assert newest_of_buckets([1000], [1.0], 1500).value is None
    assert newest_of_buckets([], [], 0).last is None


def test_a_worker_judges_the_tile_unless_the_expression_looks_at_other_times() -> None:
    rule, members = QcRule("K", warn_max=7.0), (tile_row("A", 3.0), tile_row("B", 5.0))
    none_yet = TagAlarms({}, since=NOW)
    result = newest("A + B", *members, rules={"K": rule})
    found = badges(result, rule, frozenset(), alarms=none_yet)
    assert (found.violations, found.unjudged_since) == ((), NOW), "the worker waits for the delay"
    assert badges(result, rule, frozenset()).violations[0].reason == "H", "there is no worker"
    moving = replace(newest("A + delta(B)", *members, rules={"K": rule}), value=8.0)
    found = badges(moving, rule, frozenset(), alarms=none_yet)
    assert [(one.level, one.reason) for one in found.violations] == [("warn", "H")]
    assert found.unjudged_since is None
