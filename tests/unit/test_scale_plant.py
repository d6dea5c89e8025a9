"""The plant of any size: its tags and rules, the order of its history, and its disk space."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from ksys_app.commands.progress import remaining
from ksys_app.errors import ConfigError
from ksys_app.ops.demo.scale import sizing
from ksys_app.ops.demo.scale.parts import NEWEST_S, Span, blocks, newest_first, parts
from ksys_app.ops.demo.scale.sizing import MOST_EMBEDDED_TAGS, SPANS_S, Size
from ksys_app.ops.demo.scale.tags import (
    MOST_TAGS,
    UNIT_TAGS,
    expected_per_min,
    rule_rows,
    scale_tags,
)

TAGS = scale_tags(MOST_TAGS)
EDGES = st.lists(st.integers(0, 40_000), max_size=12, unique=True).map(sorted)


def seconds(spans: list[Span]) -> list[int]:
    return [t for start, end in spans for t in range(start, end)]


def test_every_tag_has_a_name_of_its_own_and_a_group_of_a_hundred() -> None:
    assert len({tag.tag_name for tag in TAGS}) == MOST_TAGS
    assert TAGS[400].tag_name == "U05.TT0401"
    groups = [row["meta"]["group"] for row in rule_rows(TAGS, 1)]
    assert groups.count("Unit 05") == UNIT_TAGS == groups.count("Unit 100")


def test_a_smaller_plant_is_the_beginning_of_a_larger_one() -> None:
    assert scale_tags(25) == TAGS[:25]


def test_a_plant_of_25_tags_has_each_kind_of_fault_but_one() -> None:
    few = TAGS[:25]
    assert {tag.reach for tag in few} == {0.0, 1.35, 1.6}
    assert any(tag.silent for tag in few)
    assert any(tag.unchanged for tag in TAGS[:40])
    assert sum(tag.reach == 0 and not tag.silent for tag in TAGS) > 0.9 * MOST_TAGS


def test_the_limits_of_every_rule_are_in_order() -> None:
    names = ("min_val", "crit_min", "warn_min", "warn_max", "crit_max", "max_val")
    for row in rule_rows(TAGS, 1):
        limits = [row[name] for name in names]
        assert limits == sorted(set(limits)), row["tag_name"]


@pytest.mark.parametrize(("every", "a_minute", "gap_s"), [(1, 60, 60), (7, 8, 60), (60, 1, 180)])
def test_rules_and_expectations_follow_the_interval(every: int, a_minute: int, gap_s: int) -> None:
    assert expected_per_min(every) == a_minute
    assert {row["max_gap_seconds"] for row in rule_rows(TAGS[:9], every)} == {gap_s}


def test_a_longer_interval_takes_fewer_samples_and_less_disk() -> None:
    seconds, fives = Size(9, 365, False), Size(9, 365, False, 5)
    assert (seconds.rows, fives.rows) == (283_824_000, 56_764_800)
    assert fives.disk_bytes(sizing.DAY_S) < seconds.disk_bytes(sizing.DAY_S)
    assert fives.samples(fives.seconds_of(500_000)) <= 500_000
    sizing.require_engine(Size(2_000, 7, True, 7))


@given(EDGES, st.sampled_from((60, 900, 3600)))
def test_parts_are_what_is_missing_newest_first(edges: list[int], width: int) -> None:
    missing = [Span(*pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    found = list(parts(missing, width))
    assert seconds(found[::-1]) == seconds(missing)
    assert found == sorted(found, reverse=True)
    for part in found:
        assert part.start // width == (part.end - 1) // width, "no part reaches over a chunk"
        assert [*blocks(part, 7)][-1].end == part.end
        assert seconds(list(blocks(part, 7))) == seconds([part])


@given(EDGES, st.integers(0, 40_000))
def test_the_newest_quarter_of_an_hour_comes_before_the_rest(edges: list[int], now: int) -> None:
    missing = [Span(*pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    soon, later = newest_first(missing, now)
    assert sorted(seconds(soon) + seconds(later)) == seconds(missing)
    assert all(t >= now - NEWEST_S for t in seconds(soon))
    assert all(t < now - NEWEST_S for t in seconds(later))


@pytest.mark.parametrize("tags", [1, 9, 25, 200, 2_000, 10_000])
@pytest.mark.parametrize("embedded", [True, False])
def test_a_part_has_few_rows_or_is_the_shortest(tags: int, embedded: bool) -> None:
    size = Size(tags, 1, embedded)
    most = sizing.EMBEDDED_PART if embedded else sizing.SERVER_PART
    assert tags * size.part_s <= most or size.part_s == SPANS_S[-1]
    assert all(longer % shorter == 0 for longer, shorter in pairwise(SPANS_S))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (Size(MOST_EMBEDDED_TAGS + 1, 1, True), "at most 2,000 tags for a day, not 2,001"),
        (Size(2_000, 7, True), "at most 285 tags for 7 days, not 2,000"),
    ],
)
def test_what_the_embedded_database_cannot_hold_is_refused_with_the_most(
    size: Size, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        sizing.require_engine(size)


@pytest.mark.parametrize("size", [Size(2_000, 1, True), Size(5, 365, True), Size(10_000, 9, False)])
def test_what_fits_is_not_refused(size: Size) -> None:
    sizing.require_engine(size)
    needed = size.disk_bytes(size.part_s)
    sizing.require_disk(size, needed, 2 * needed, 3 * needed)


def test_a_disk_without_room_is_refused_with_the_number_of_tags_that_fit() -> None:
    size = Size(2_000, 1, True)
    needed = size.disk_bytes(size.part_s)
    with pytest.raises(ConfigError) as refused:
        sizing.require_disk(size, needed, needed // 2, needed // 2)
    fit = int(refused.value.message.split("at most ")[1].split(" ")[0].replace(",", ""))
    smaller = Size(fit, 1, True)
    assert 0 < fit < 2_000
    assert smaller.disk_bytes(size.part_s) <= 0.475 * needed


@pytest.mark.parametrize(
    ("elapsed", "done", "left", "words"),
    [(60, 100, 200, ", 2 min left"), (60, 0, 200, ""), (60, 100, 10, ""), (60, 1, 0, "")],
)
def test_the_time_that_is_left_follows_from_the_rate(
    elapsed: float, done: int, left: int, words: str
) -> None:
    assert remaining(elapsed, done, left) == words
